"""Latency: interleaved passes in random order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.backend import Backend
from hwnas.image_set import ImageSet
from hwnas.measure._machine import load, machine_facts
from hwnas.measure._order import measuring_order
from hwnas.measure._store import Record, Store, Unit, units_of
from hwnas.measure._work import work_off
from hwnas.network import build
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
    """

    batch_size: int
    threads: int
    warm_up: int
    repeats: int
    seed: int
    sizes: dict[str, int]


def measure_latency(
    folder: Path,
    space: SearchSpace,
    image_set: ImageSet,
    backend: Backend,
    protocol: Protocol,
    passes: int,
    n_architectures: int | None,
) -> None:
    """Time architectures until each has its passes; a second call continues.

    A pass takes all architectures in a fresh random order, so that a slow minute of the machine
    hits different ones in every pass. Each network is built anew in each pass: where its memory
    happens to lie is part of the noise, and has to differ between passes too.

    Parameters
    ----------
    folder : Path
        Of the `Store`.
    n_architectures : int, optional
        How many; all classes of the space by default. A larger number later adds to the same.
    """
    architectures = measuring_order(space, n_architectures, protocol.seed)
    settings = asdict(protocol) | {"image_set": asdict(image_set)} | backend.facts()
    with Store(folder) as store:
        store.start(backend.name, settings, machine_facts())
        for number in range(passes):
            order = generator(protocol.seed, "pass", number).permutation(len(architectures))
            work_off(
                store,
                units_of(backend.name, number, [architectures[i] for i in order], _UNIT_SIZE),
                lambda unit, missing: _time(unit, missing, space, image_set, backend, protocol),
                f"{backend.name}, pass {number + 1} of {passes}",
            )


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
