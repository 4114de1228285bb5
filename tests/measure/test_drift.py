"""`hwnas measure` on a device whose clock drifts while it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.backend import Prepared
from hwnas.image_set import ImageSet
from hwnas.measure._latency import Protocol, measure_latency
from hwnas.measure._noise import Noise, combine
from hwnas.measure._store import Store
from hwnas.measure._table import values_by_architecture, write_table
from hwnas.network import Network, build
from hwnas.scores import kendall_tau
from hwnas.space import NASBench201

Matrix = NDArray[np.float64]

SPACE, IMAGE_SET = NASBench201(), ImageSet("tiny", 8, 7)
N, PASSES = 40, 5


def milliseconds(network: Network) -> float:
    """Return the time of a network while the clock is at its mean."""
    return 0.2 + 1e-6 * network.macs + 1e-3 * sum(network.layer_counts.values())


@dataclass
class Drifting:
    """A device whose runs take as long as its clock says.

    Parameters
    ----------
    clock : callable
        Takes the number of networks that were measured before, and returns a factor of the time.
    """

    clock: Callable[[int], float]
    name: str = "drifting"
    unit_facts: ClassVar[tuple[str, ...]] = ()
    measured: int = 0

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        del batch_size, threads, seed
        took = milliseconds(network) * self.clock(self.measured)
        self.measured += 1
        return lambda repeats: np.full(repeats, took)

    def facts(self) -> dict[str, Any]:
        return {}


def passes(folder: Path, clock: Callable[[int], float]) -> tuple[Matrix, Matrix, Noise]:
    """Measure, and return the medians of all passes, the true times, and the stated noise.

    Returns
    -------
    array of float64, shape (n_passes, n)
    array of float64, shape (n,)
    Noise
    """
    sizes = {"channels": 4, "cells_per_stage": 1}
    protocol = Protocol(batch_size=1, threads=1, warm_up=0, repeats=3, seed=0, sizes=sizes)
    assert measure_latency(folder, SPACE, IMAGE_SET, Drifting(clock), protocol, PASSES, N) == 0
    store = Store(folder)
    noise = write_table(store, SPACE, "mine", folder / "table.parquet")["drifting_latency_median"]
    values = values_by_architecture(store, "drifting", "median")
    networks = [
        build(SPACE, SPACE.parse(each), IMAGE_SET, dead_edges=False, **sizes) for each in values
    ]
    true = np.array([milliseconds(network) for network in networks])
    return np.array(list(values.values())).T, true, noise


def test_measure_clock_that_falls_in_each_pass_medians_rank_better_than_passes(
    tmp_path: Path,
) -> None:
    values, true, noise = passes(tmp_path, lambda n: 1.0 + 0.2 * (n % N) / N)
    of_passes = [kendall_tau(true, one) for one in values]
    of_table = kendall_tau(true, combine(values))
    assert of_table > max(of_passes)
    # Both halves have the drift, so they agree less with each other than the table with the truth.
    assert noise.tau < of_table
    assert noise.noisy


def test_measure_pass_with_a_slower_clock_is_stated_and_ranks_stay(tmp_path: Path) -> None:
    values, true, noise = passes(tmp_path, lambda n: 1.3 if n < N + 8 else 1.0)
    assert kendall_tau(true, combine(values)) == pytest.approx(1.0)
    assert noise.drift == pytest.approx(0.3)
    assert noise.noisy
