"""The energy of a network, from a counter that changes from time to time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np
import pytest

from hwnas.backend import Prepared, Runs
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.measure import _energy
from hwnas.measure._energy import Wattmeter, use_of, wattmeter_of
from hwnas.measure._pass import measure_pass
from hwnas.network import Network, build
from hwnas.space import NASBench201

IDLE, BUSY = 70.0, 200.0


class Board:
    """A device of 70 W, and of 200 W while it runs, whose clock and counter are its own.

    The counter changes every `update` seconds. `offset` is the time of its first change.
    """

    name = "board"

    def __init__(self, update: float = 0.1, offset: float = 0.0, idle: float = IDLE) -> None:
        self.time, self.update, self.offset, self.idle = 0.0, update, offset, idle
        self.history = deque([(0.0, 0.0)], maxlen=300)
        self.readings = 0
        self.reset_at = math.inf

    def spend(self, seconds: float, watts: float) -> None:
        joules = self.history[-1][1] + seconds * watts
        self.time += seconds
        self.history.append((self.time, joules))

    def runs_of(self, milliseconds: float) -> Callable[[int], int]:
        """Return a network that runs as often as requested."""

        def run(n: int) -> int:
            self.spend(n * milliseconds / 1e3, BUSY)
            return n

        return run

    def sleep(self, seconds: float) -> None:
        self.spend(seconds, self.idle)

    def now(self) -> float:
        return self.time

    def read(self) -> float:
        self.readings += 1
        last = math.floor((self.time - self.offset) / self.update) * self.update + self.offset
        times, joules = np.array(self.history).T
        if last < self.history[0][0]:
            return 0.0
        value = float(np.interp(max(last, 0.0), times, joules))
        return (
            value
            if self.time < self.reset_at
            else value - float(np.interp(self.reset_at, times, joules))
        )

    def facts(self) -> dict[str, str]:
        return {}


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    return attached(Board(), monkeypatch)


def attached(board: Board, monkeypatch: pytest.MonkeyPatch) -> Board:
    monkeypatch.setattr(_energy, "perf_counter", board.now)
    monkeypatch.setattr(_energy, "sleep", board.sleep)
    return board


@pytest.mark.parametrize("update", [0.001, 0.02, 0.1])
@pytest.mark.parametrize("milliseconds", [0.05, 0.47, 12.0, 90.0])
def test_wattmeter_energy_is_that_of_a_run(
    update: float, milliseconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = []
    for offset in np.linspace(0, update, 7, endpoint=False):
        board = attached(Board(update, offset), monkeypatch)
        wattmeter = Wattmeter(board, seconds=0.5)
        values = wattmeter.values_of(board.runs_of(milliseconds), milliseconds)
        errors.append(values["energy"] / (BUSY * milliseconds) - 1)
        assert values["idle_power"] == pytest.approx(IDLE, rel=0.03)
        above = (BUSY - values["idle_power"]) * milliseconds
        assert values["energy_above_idle"] == pytest.approx(above, rel=0.2)
    # The counter is late by up to the time of a run, or of a change if that is shorter.
    late = min(milliseconds / 1e3, update) / 0.5
    assert np.abs(errors).max() < 0.03 + late


def test_wattmeter_readings_are_not_of_one_change(board: Board) -> None:
    """Differences of plain readings would be wrong by up to a fifth with changes every 100 ms."""
    energies = [
        Wattmeter(board, 0.5).values_of(board.runs_of(1.3), 1.3)["energy"] for _ in range(12)
    ]
    assert np.std(energies) / np.mean(energies) < 0.01


def test_wattmeter_measures_idle_power_before_and_each_minute(board: Board) -> None:
    wattmeter = Wattmeter(board, seconds=0.5)

    def idle_power() -> float:
        return wattmeter.values_of(board.runs_of(1.0), 1.0)["idle_power"]

    watts = [idle_power()]
    board.idle = 40.0
    while board.time < 70:
        watts.append(idle_power())
    assert watts[0] == watts[50] == pytest.approx(IDLE, rel=0.03)
    assert watts[-1] == pytest.approx(40.0, rel=0.03)
    # A network takes half a second and waits up to 0.1 s at either end for the counter to change.
    assert 60 / 0.75 < sum(each == watts[0] for each in watts) < 60 / 0.5


def test_use_of_counter_that_starts_again_measures_after_it(board: Board) -> None:
    board.reset_at = 0.33
    use = use_of(partial(board.runs_of(10.0), 1), board, 0.5)
    assert use.joules / use.runs == pytest.approx(BUSY * 0.01, rel=0.03)


def test_use_of_counter_that_does_not_change_raises(board: Board) -> None:
    board.update = 1e9
    with pytest.raises(UserError, match=r"counter of board does not change.*metric=latency"):
        use_of(partial(board.runs_of(10.0), 1), board, 0.5)
    assert 5 < board.time < 6


def test_wattmeter_of_backend_without_meter_is_none() -> None:
    assert wattmeter_of(object(), 0.5) is None


class Rig:
    """A backend that may measure the energy of its runs itself."""

    name = "rig"
    unit_facts: ClassVar[tuple[str, ...]] = ()

    def __init__(self, millijoules: float | None) -> None:
        self.millijoules = millijoules

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        del network, batch_size, threads, seed
        return lambda repeats: Runs(np.full(repeats, 2.0), self.millijoules)

    def facts(self) -> dict[str, str]:
        return {}


SETTINGS = {"batch_size": 1, "threads": 1, "seed": 0, "warm_up": 1, "repeats": 3}
NETWORK = build(NASBench201(), (1,) * 6, ImageSet("tiny", resolution=8, classes=7))


def test_measure_pass_energy_of_the_backend_is_recorded() -> None:
    values = measure_pass(NETWORK, Rig(30.0), SETTINGS, wanted="energy")
    assert values == {"median": 2.0, "mad": 0.0, "minimum": 2.0, "energy": 30.0}


def test_measure_pass_backend_without_energy_raises() -> None:
    assert "energy" not in measure_pass(NETWORK, Rig(None), SETTINGS)
    with pytest.raises(UserError, match=r"backend=rig measures no energy.*Try: metric=latency"):
        measure_pass(NETWORK, Rig(None), SETTINGS, wanted="energy")


@pytest.mark.parametrize("energy", [-1.0, math.nan, math.inf])
def test_measure_pass_energy_that_is_no_positive_number_raises(energy: float) -> None:
    with pytest.raises(UserError, match="returns millijoules="):
        measure_pass(NETWORK, Rig(energy), SETTINGS)
