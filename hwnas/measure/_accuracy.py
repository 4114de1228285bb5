"""Accuracy: one cell of every network, trained on digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from hwnas.errors import check_number
from hwnas.measure._digits import Training, train
from hwnas.measure._machine import machine_facts
from hwnas.measure._order import measuring_order
from hwnas.measure._settings import ACCURACY
from hwnas.measure._store import Record, Store, Unit, units_of
from hwnas.measure._work import work_off
from hwnas.space import CellSpace


def measure_accuracy(
    folder: Path,
    space: CellSpace,
    training: Training,
    n_seeds: int,
    n_architectures: int | None,
    seed: int,
    at_once: int,
) -> int:
    """Train every architecture with every seed; a second call takes up where the first stopped.

    Parameters
    ----------
    folder : Path
        Folder of the :class:`hwnas.measure._store.Store` that the accuracies are written to.
    space : CellSpace
    training : Training
    n_seeds : int
        Number of trainings of each architecture. Their seeds are 0, 1, ...
    n_architectures : int, optional
        Number of architectures; by default one of every network of the space. A later call with a
        larger number keeps the accuracies there are and adds to them.
    seed : int
        Seed of the order in which architectures are trained.
    at_once : int
        Number of architectures trained together. It changes the speed and not the accuracies.

    Returns
    -------
    int
        Number of trainings that other processes have begun and not finished.

    Raises
    ------
    UserError
        If a number is out of its bounds, or the folder holds accuracies of another training.
    """
    import torch

    check_number("n_seeds", n_seeds, 1)
    check_number("seed", seed, 0)
    check_number("at_once", at_once, 1)
    order = measuring_order(space, n_architectures, seed)

    def measure(unit: Unit, architectures: Sequence[str]) -> Iterator[Record]:
        rows = space.from_strings(architectures)
        accuracies = train(space, rows, training, unit.round)
        for architecture, accuracy in zip(architectures, accuracies.tolist(), strict=True):
            yield {
                "series": ACCURACY,
                "round": unit.round,
                "architecture": architecture,
                "accuracy": accuracy,
            }

    torch.set_num_threads(1)
    store = Store(folder)
    store.start(ACCURACY, asdict(training), machine_facts())
    rounds = [units_of(ACCURACY, each, order, at_once) for each in range(n_seeds)]
    # All seeds of some architectures before the next: stopped early, what is there is whole.
    units = [unit for of_all_seeds in zip(*rounds, strict=True) for unit in of_all_seeds]
    return work_off(store, units, measure, lambda unit: f"{ACCURACY}, seed {unit.round}")
