"""Measurement of the energy of a network, and of the power of an idle device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, sleep

from hwnas.errors import UserError
from hwnas.meter import Meter

#: The counter is read about so often while a network runs. Each of the two changes is therefore
#: known to within 2 % of the time between them.
_READINGS_WANTED = 50
#: The idle power is measured for at least so long.
_IDLE_SECONDS = 0.5
#: A network whose run takes long is read at least so often, because the counter may lag a reading.
_READINGS = 10
#: A counter that has not changed after so many seconds is broken.
_PATIENCE = 5.0
#: The idle power is measured again after so many seconds with networks.
_IDLE_EVERY = 60.0
#: After the last run, a device takes a moment until it is idle.
_SETTLING = 1.0


@dataclass(frozen=True)
class Use:
    """What a device used between two changes of its counter.

    Parameters
    ----------
    joules, seconds : float
    runs : int
        Number of runs of the network in this time.
    """

    joules: float
    seconds: float
    runs: int


def use_of(run: Callable[[], int], meter: Meter, seconds: float) -> Use:
    """Run something until a meter's counter has counted it for some seconds.

    A counter changes only from time to time, so a reading is the energy up to the last change. The
    result is therefore the difference between two changes, and not between two readings: the first
    change after the start, and the first one that is at least `seconds` later.

    Parameters
    ----------
    run : callable
        Runs for a small share of `seconds`, and returns the number of runs.
    meter : Meter
    seconds : float

    Raises
    ------
    UserError
        If the counter does not change.
    """
    start = perf_counter()
    before, runs, readings = meter.read(), 0, 0
    first: tuple[float, float, int] | None = None
    while True:
        runs += run()
        readings += 1
        now, joules = perf_counter(), meter.read()
        if joules < before:
            # The counter starts again when its driver is loaded again.
            first, start = None, now
        elif joules > before and first is None:
            first, start, readings = (joules, now, runs), now, 0
        elif joules > before and first is not None:
            start = now
            if now - first[1] >= seconds and readings >= _READINGS:
                return Use(joules - first[0], now - first[1], runs - first[2])
        elif now - start > _PATIENCE:
            raise UserError(
                f"metric=energy: the counter of {meter.name} does not change while the device runs",
                remedy="metric=latency",
            )
        before = joules


class Wattmeter:
    """Measures the energy of networks and, before and between them, the idle power of the device.

    Parameters
    ----------
    meter : Meter
    seconds : float
        Time for which a network runs.
    """

    def __init__(self, meter: Meter, seconds: float) -> None:
        self.meter = meter
        self._seconds = seconds
        self._idle_watts = 0.0
        self._idle_since: float | None = None

    def values_of(self, run: Callable[[int], object], milliseconds: float) -> dict[str, float]:
        """Return the values of a network for the record of a pass.

        Parameters
        ----------
        run : callable
            Runs the network as often as requested.
        milliseconds : float
            About the time of a run.

        Returns
        -------
        dict of str to float
            ``energy`` of a run and ``energy_above_idle``, which is the energy without that of an
            idle device in the same time, in millijoules, and ``idle_power`` in watts.
        """
        watts = self._idle_power()
        share = self._seconds / _READINGS_WANTED * 1e3
        at_once = max(1, round(share / max(milliseconds, 1e-3)))

        def some_runs() -> int:
            run(at_once)
            return at_once

        use = use_of(some_runs, self.meter, self._seconds)
        above = use.joules - watts * use.seconds
        return {
            "energy": use.joules / use.runs * 1e3,
            "energy_above_idle": above / use.runs * 1e3,
            "idle_power": watts,
        }

    def _idle_power(self) -> float:
        """Return the watts of the idle device, measured at most a minute ago."""
        if self._idle_since is None or perf_counter() - self._idle_since > _IDLE_EVERY:
            sleep(_SETTLING)
            use = use_of(_wait, self.meter, _IDLE_SECONDS)
            self._idle_watts = use.joules / use.seconds
            self._idle_since = perf_counter()
        return self._idle_watts


def _wait() -> int:
    sleep(_IDLE_SECONDS / _READINGS_WANTED)
    return 0


def wattmeter_of(backend: object, seconds: float) -> Wattmeter | None:
    """Return the wattmeter of a backend's unit, which lets a network run for `seconds`.

    It is None if the backend has no method ``meter``, or if that method knows no meter. Such a
    backend may still return the energy of its runs itself.

    Raises
    ------
    UserError
        If this machine lacks the meter.
    """
    meter = backend.meter() if hasattr(backend, "meter") else None
    return None if meter is None else Wattmeter(meter, seconds)
