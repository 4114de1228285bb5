"""The measurement of one network in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend import Backend, Prepared, Runs, runs_of
from hwnas.errors import UserError
from hwnas.measure._energy import Wattmeter
from hwnas.network import Network

#: Most calls of `precise`, which bound the time of a network whose times never settle, and fewest
#: runs that say how much the times vary.
_MOST_CALLS, _FEWEST_RUNS = 20, 10


def measure_pass(
    network: Network,
    backend: Backend,
    settings: Mapping[str, Any],
    wattmeter: Wattmeter | None = None,
    wanted: str | None = None,
) -> dict[str, Any]:
    """Build a network, run it, and return the values for its record.

    Parameters
    ----------
    network : Network
    backend : Backend
    settings : mapping
        ``batch_size``, ``threads``, ``seed``, ``warm_up`` and ``repeats`` of the measurement, and
        ``warm_up_seconds`` and ``precision`` if they are set.
    wattmeter : Wattmeter, optional
        Measures the energy. Without it the energy is the one that the backend returns, if any.
    wanted : str, optional
        A value that the record must have, such as ``"energy"``.

    Returns
    -------
    dict of str to float or str
        ``median``, ``mad`` and ``minimum`` of the times in milliseconds. Where they were measured,
        also ``energy`` (mJ), ``peak_memory`` (bytes) and the values of `Wattmeter.values_of`.
        ``fallback`` is the reason if the network did not run as the backend's facts say.

    Raises
    ------
    UserError
        If nothing measures the wanted value.
    """
    prepared = backend.prepare(
        network, settings["batch_size"], settings["threads"], settings["seed"]
    )
    _warm_up(prepared, settings["warm_up"], settings.get("warm_up_seconds"))
    run = partial(runs_of, backend, prepared, settings["repeats"])
    values = values_of(precise(run, settings.get("precision")))
    if wattmeter is not None:
        values |= wattmeter.values_of(prepared, values["median"])
    if wanted is not None and wanted not in values:
        raise UserError(
            f"backend={backend.name} measures no {wanted} on this unit", remedy="metric=latency"
        )
    return values


def _warm_up(prepared: Prepared, runs: int, seconds: float | None) -> None:
    """Run a network untimed, for at least some runs and some seconds.

    The clock of a unit falls while the host builds the next network. Some seconds raise it again.
    """
    start = perf_counter()
    while runs:
        prepared(runs)
        if seconds is None or perf_counter() - start >= seconds:
            return


def precise(run: Callable[[], Runs], precision: float | None) -> Runs:
    """Run a network until the median of its times is precise enough, or after 20 calls.

    The standard error of the median is that of normally distributed times, estimated from the
    median absolute deviation: a few slow runs do not count.

    Parameters
    ----------
    run : callable
        Runs the network several times.
    precision : float or None
        Wanted standard error as a share of the median. None: one call is enough.

    Returns
    -------
    Runs
        Of all calls: the times of all runs, the mean energy, the largest peak of memory.
    """
    runs = run()
    if precision is None:
        return runs
    for _ in range(_MOST_CALLS - 1):
        times = runs.milliseconds
        if len(times) >= _FEWEST_RUNS and _standard_error(times) <= precision:
            break
        more = run()
        n, m = len(runs.milliseconds), len(more.milliseconds)
        energies = runs.millijoules, more.millijoules
        peaks = [each for each in (runs.peak_bytes, more.peak_bytes) if each is not None]
        energy = None
        if energies[0] is not None and energies[1] is not None:
            energy = (n * energies[0] + m * energies[1]) / (n + m)
        runs = Runs(
            np.concatenate([runs.milliseconds, more.milliseconds]),
            energy,
            max(peaks, default=None),
            runs.fallback or more.fallback,
        )
    return runs


def _standard_error(milliseconds: NDArray[np.float64]) -> float:
    """Return the standard error of the median, as a share of it."""
    values = summary(milliseconds)
    # 1.4826 turns the deviation into that of a normal distribution, and sqrt(pi / 2) the standard
    # error of its mean into that of its median.
    error = math.sqrt(math.pi / 2) * 1.4826 * values["mad"] / math.sqrt(len(milliseconds))
    return error / max(values["median"], 1e-300)


def reason_to_leave_out(record: Mapping[str, Any]) -> str | None:
    """Return why a table must leave out a record, or None if the table may have it.

    A record is left out if its network failed, or if it did not run as the backend's facts say.
    """
    reason: str | None = record.get("failed") or record.get("fallback")
    return reason


def values_of(runs: Runs) -> dict[str, Any]:
    """Return the values that the record of a pass has: the time's, and what else was measured.

    Examples
    --------
    >>> values_of(Runs(np.array([2.0, 1.0, 4.0]), millijoules=30.0))
    {'median': 2.0, 'mad': 1.0, 'minimum': 1.0, 'energy': 30.0}
    """
    more = {
        "energy": runs.millijoules,
        "peak_memory": runs.peak_bytes,
        "fallback": runs.fallback,
    }
    known = {name: value for name, value in more.items() if value is not None}
    return summary(runs.milliseconds) | known


def summary(milliseconds: NDArray[np.float64]) -> dict[str, float]:
    """Return median, median absolute deviation and minimum of the runs in one pass.

    Examples
    --------
    >>> summary(np.array([2.0, 1.0, 4.0]))
    {'median': 2.0, 'mad': 1.0, 'minimum': 1.0}
    """
    median = float(np.median(milliseconds))
    return {
        "median": median,
        "mad": float(np.median(np.abs(milliseconds - median))),
        "minimum": float(milliseconds.min()),
    }
