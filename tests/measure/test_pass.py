"""How often a network runs in a pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from hwnas.backend import Prepared, Runs
from hwnas.image_set import ImageSet
from hwnas.measure import _pass
from hwnas.measure._pass import measure_pass, precise
from hwnas.network import Network, build
from hwnas.space import NASBench201

NETWORK = build(
    NASBench201(), (1,) * 6, ImageSet("tiny", 8, 7), dead_edges=False, channels=4, cells_per_stage=1
)


def noisy(noise: float) -> tuple[Callable[[], Runs], list[int]]:
    """Return a function that runs a network 15 times, and the number of runs of each call."""
    rng, calls = np.random.default_rng(0), list[int]()

    def run() -> Runs:
        calls.append(15)
        return Runs(10.0 + noise * rng.standard_normal(15), 30.0 * len(calls), 1e6 / len(calls))

    return run, calls


def test_precise_noise_decides_the_number_of_runs() -> None:
    counts = []
    for noise in (0.01, 1.0):
        run, calls = noisy(noise)
        runs = precise(run, 0.02)
        assert len(runs.milliseconds) == sum(calls)
        counts.append(len(calls))
    assert counts[0] == 1 < counts[1] < 20
    # The standard error of the median of n normal times is 1.2533 sigma / sqrt(n): n is about 39.
    assert 30 <= 15 * counts[1] <= 90


def test_precise_never_settled_ends_after_20_calls() -> None:
    run, calls = noisy(5.0)
    runs = precise(run, 0.001)
    assert len(calls) == 20
    assert runs.millijoules == pytest.approx(30.0 * np.mean(np.arange(1, 21)))
    assert runs.peak_bytes == 1e6


def test_precise_single_runs_are_repeated_until_their_spread_is_known() -> None:
    calls = list[int]()

    def run() -> Runs:
        calls.append(1)
        return Runs(np.array([10.0]))

    assert len(precise(run, 0.01).milliseconds) == len(calls) == 10


def test_precise_without_precision_runs_once() -> None:
    run, calls = noisy(5.0)
    precise(run, None)
    assert calls == [15]


@dataclass
class Clocked:
    """A device with a clock of its own that a run advances by 10 ms, and a building by 100 ms."""

    name: str = "clocked"
    unit_facts: ClassVar[tuple[str, ...]] = ()
    now: float = 0.0
    runs: list[int] = field(default_factory=list)

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        del network, batch_size, threads, seed
        self.now += 0.1

        def run(repeats: int) -> np.ndarray[Any, np.dtype[np.float64]]:
            self.runs.append(repeats)
            self.now += 0.01 * repeats
            return np.full(repeats, 10.0)

        return run

    def facts(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("settings", "runs"),
    [
        ({"warm_up": 5}, [5, 15]),
        ({"warm_up": 0}, [15]),
        ({"warm_up": 5, "warm_up_seconds": 0.12}, [5, 5, 5, 15]),
        ({"warm_up": 5, "precision": 0.01}, [5, 15]),
    ],
)
def test_measure_pass_warms_up_for_runs_and_seconds(
    settings: dict[str, Any], runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Clocked()
    monkeypatch.setattr(_pass, "perf_counter", lambda: device.now)
    given = {"batch_size": 1, "threads": 1, "seed": 0, "repeats": 15}
    measure_pass(NETWORK, device, given | settings)
    assert device.runs == runs
