"""Latency: interleaved passes in random order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.backend import Backend
from hwnas.errors import check_choice, check_number
from hwnas.image_set import ImageSet
from hwnas.measure._machine import load, machine_facts
from hwnas.measure._order import measuring_order
from hwnas.measure._store import Record, Store, Unit, units_of
from hwnas.measure._work import work_off
from hwnas.network import build, skeleton
from hwnas.seeding import generator
from hwnas.space import SearchSpace

#: Small enough that a killed process leaves little to others, large enough to keep locks few.
_UNIT_SIZE = 32


@dataclass(frozen=True)
class Protocol:
    """How each architecture is timed.

    Parameters
    ----------
    batch_size, threads : int
    warm_up : int
        Runs before the timed ones, in every pass.
    repeats : int
        Timed runs in every pass.
    seed : int
        Of the order, the weights and the image.
    sizes : dict of str to int
        Fields of the network's skeleton that differ from the published ones.

    Raises
    ------
    UserError
        If a number is out of its bounds.
    """

    batch_size: int
    threads: int
    warm_up: int
    repeats: int
    seed: int
    sizes: dict[str, int]

    def __post_init__(self) -> None:
        for key in ("batch_size", "threads", "repeats"):
            check_number(key, getattr(self, key), 1)
        for key in ("warm_up", "seed"):
            check_number(key, getattr(self, key), 0)


def measure_latency(
    folder: Path,
    space: SearchSpace,
    image_set: ImageSet,
    backend: Backend,
    protocol: Protocol,
    passes: int,
    n_architectures: int | None,
) -> int:
    """Time architectures until each has its passes; a second call continues.

    A pass takes all architectures in a fresh random order, so that a slow minute of the machine
    hits different ones in every pass. Each network is built anew in each pass: where its memory
    happens to lie is part of the noise, and has to differ between passes too.

    Parameters
    ----------
    folder : Path
        Of the `Store`.
    n_architectures : int, optional
        How many; one of every network of the space by default. A larger number later adds to the
        same.

    Returns
    -------
    int
        How many measurements are missing, because other processes have them in hand.

    Raises
    ------
    UserError
        If a number is out of its bounds, the backend lacks its unit, or the folder holds
        measurements that do not compare.
    """
    check_number("passes", passes, 1)
    architectures = measuring_order(space, n_architectures, protocol.seed)
    _check_sizes(space, protocol.sizes)
    settings = asdict(protocol) | {"image_set": asdict(image_set)} | backend.facts()
    store = Store(folder)
    store.start(backend.name, settings, machine_facts())
    units: list[Unit] = []
    for number in range(passes):
        order = generator(protocol.seed, "pass", number).permutation(len(architectures))
        shuffled = [architectures[i] for i in order]
        units += units_of(backend.name, number, shuffled, _UNIT_SIZE)
    return work_off(
        store,
        units,
        lambda unit, missing: _time(unit, missing, space, image_set, backend, protocol),
        lambda unit: f"{backend.name}, pass {unit.round + 1} of {passes}",
    )


def _check_sizes(space: SearchSpace, sizes: Mapping[str, int]) -> None:
    known = [field.name for field in fields(skeleton(space))]
    for name, size in sizes.items():
        check_choice("sizes", name, known)
        check_number(f"sizes.{name}", size, 1)


def _time(
    unit: Unit,
    architectures: Sequence[str],
    space: SearchSpace,
    image_set: ImageSet,
    backend: Backend,
    protocol: Protocol,
) -> Iterator[Record]:
    for architecture in architectures:
        network = build(
            space, space.parse(architecture), image_set, dead_edges=False, **protocol.sizes
        )
        prepared = backend.prepare(network, protocol.batch_size, protocol.threads, protocol.seed)
        prepared(protocol.warm_up)
        yield _record(unit, architecture, summary(prepared(protocol.repeats)))


def _record(unit: Unit, architecture: str, values: Mapping[str, Any]) -> Record:
    return {
        "series": unit.series,
        "round": unit.round,
        "architecture": architecture,
        **values,
        "load": round(load(), 2),
    }


def summary(milliseconds: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    """Return median, median absolute deviation and minimum of one pass's runs.

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
