"""Accuracy: every class of cells, trained on digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from hwnas.measure._digits import Training, train
from hwnas.measure._machine import machine_facts
from hwnas.measure._order import measuring_order
from hwnas.measure._store import Record, Store, Unit, units_of
from hwnas.measure._work import work_off
from hwnas.space import CellSpace

SERIES = "accuracy"


def measure_accuracy(
    folder: Path,
    space: CellSpace,
    training: Training,
    n_seeds: int,
    n_architectures: int | None,
    seed: int,
    at_once: int,
) -> None:
    """Train architectures until each has its seeds; a second call continues.

    Parameters
    ----------
    folder : Path
        Of the `Store`.
    n_seeds : int
        Trainings of each architecture, with the seeds 0, 1, ...
    n_architectures : int, optional
        How many; all classes of the space by default. A larger number later adds to the same.
    seed : int
        Of the order in which architectures are taken.
    at_once : int
        Architectures trained together; decides the speed and not the result.
    """
    import torch

    order = measuring_order(space, n_architectures, seed)

    def measure(unit: Unit, architectures: Sequence[str]) -> Iterator[Record]:
        rows = space.from_strings(architectures)
        accuracies = train(space, rows, training, unit.round)
        for architecture, accuracy in zip(architectures, accuracies.tolist(), strict=True):
            yield {
                "series": SERIES,
                "round": unit.round,
                "architecture": architecture,
                "accuracy": accuracy,
            }

    torch.set_num_threads(1)
    with Store(folder) as store:
        store.start(SERIES, asdict(training), machine_facts())
        rounds = [units_of(SERIES, each, order, at_once) for each in range(n_seeds)]
        # All seeds of some architectures before the next: stopped early, what is there is whole.
        units = [unit for of_all_seeds in zip(*rounds, strict=True) for unit in of_all_seeds]
        work_off(store, units, measure, f"{SERIES}, {n_seeds} seeds")
