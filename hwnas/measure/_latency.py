"""Measurement of latency, in several passes over all architectures in random order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from hwnas.backend import Backend, NetworkFailed, facts_of
from hwnas.errors import UserError, check_choice, check_number
from hwnas.image_set import ImageSet
from hwnas.measure._announce import announce, warn_of_missing, warn_of_threads
from hwnas.measure._energy import wattmeter_of
from hwnas.measure._machine import load, machine_facts
from hwnas.measure._order import measuring_order
from hwnas.measure._pass import measure_pass, reason_to_leave_out
from hwnas.measure._store import Record, Store, Unit, units_of
from hwnas.measure._work import measure_units
from hwnas.network import build, skeleton
from hwnas.seeding import generator
from hwnas.space import SearchSpace

#: Number of architectures that a process claims at a time. Smaller units would need more locks.
#: Larger units would block more architectures while one process measures.
_UNIT_SIZE = 32
#: Longest time for which a network may run while its energy is measured, in seconds.
_LONGEST = 60.0


@dataclass(frozen=True)
class Protocol:
    """The settings of the timing.

    Parameters
    ----------
    batch_size, threads : int
    warm_up : int
        Number of untimed runs before the timed runs of a pass.
    repeats : int
        Number of timed runs of an architecture in a pass.
    seed : int
        Seed of the order, the weights and the image.
    sizes : dict of str to int
        New values of fields of the network's skeleton.
    energy_seconds : float, optional
        Time for which a network runs in a pass while its energy is measured. None measures no
        energy.
    warm_up_seconds : float, optional
        The network runs untimed for at least this time, too.
    precision : float, optional
        Wanted standard error of the median of a pass, as a share of it. The network runs up to 20
        times `repeats` times for it. None: it runs `repeats` times.

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
    energy_seconds: float | None = None
    warm_up_seconds: float | None = None
    precision: float | None = None

    def __post_init__(self) -> None:
        for key in ("batch_size", "threads", "repeats"):
            check_number(key, getattr(self, key), 1)
        for key in ("warm_up", "seed"):
            check_number(key, getattr(self, key), 0)
        _check_share("energy_seconds", self.energy_seconds, _LONGEST, 0.5)
        _check_share("warm_up_seconds", self.warm_up_seconds, _LONGEST, 0.05)
        _check_share("precision", self.precision, 1.0, 0.01)
        if self.warm_up_seconds is not None:
            # A warm-up of some seconds consists of calls of so many runs.
            check_number("warm_up", self.warm_up, 1)


def _check_share(key: str, value: float | None, highest: float, example: float) -> None:
    if value is not None and not 0 < value <= highest:
        raise UserError(
            f"{key}={value:g}: more than 0 and at most {highest:g} is needed",
            remedy=f"{key}={example:g}",
        )


def measure_latency(
    folder: Path,
    space: SearchSpace,
    image_set: ImageSet,
    backend: Backend,
    protocol: Protocol,
    passes: int,
    n_architectures: int | None,
) -> int:
    """Time architectures until each has `passes` passes. A second call continues the first.

    Each pass has its own random order, so that a slow minute of the machine affects different
    architectures in every pass. Each pass builds the networks anew, because the place of a network
    in memory influences its latency and must differ between passes.

    Parameters
    ----------
    folder : Path
        Folder of the :class:`hwnas.measure._store.Store` that the latencies are written to.
    space : SearchSpace
    image_set : ImageSet
        Decides the resolution of the image and the number of classes.
    backend : Backend
    protocol : Protocol
    passes : int
        Number of passes.
    n_architectures : int, optional
        Number of architectures. By default one architecture of every network is timed. A later
        call with a larger number keeps the existing measurements and adds to them.

    Returns
    -------
    int
        Number of measurements that other processes have claimed and not finished.

    Raises
    ------
    UserError
        If a number is out of its bounds, if this machine lacks the backend's unit or its energy
        counter, or if the folder has measurements with other settings.
    """
    check_number("passes", passes, 1)
    architectures = measuring_order(space, n_architectures, protocol.seed)
    _check_sizes(space, protocol.sizes)
    # A setting that is None is left out, as it was before it existed.
    stated = {key: value for key, value in asdict(protocol).items() if value is not None}
    settings = stated | {"image_set": asdict(image_set)} | facts_of(backend)
    machine, wattmeter, wanted = machine_facts(), None, None
    if protocol.energy_seconds is not None:
        wanted, wattmeter = "energy", wattmeter_of(backend, protocol.energy_seconds)
        settings["energy"] = backend.name if wattmeter is None else wattmeter.meter.name
        machine |= {} if wattmeter is None else wattmeter.meter.facts()

    left_out: list[str] = []

    def measure(architecture: str) -> dict[str, Any]:
        cells = space.parse(architecture)
        network = build(space, cells, image_set, dead_edges=False, **protocol.sizes)
        try:
            values = measure_pass(network, backend, settings, wattmeter, wanted)
        except NetworkFailed as error:
            values = {"failed": str(error)}
        reason = reason_to_leave_out(values)
        if reason is not None and not left_out:
            warn_of_missing(architecture, reason)
            left_out.append(architecture)
        return values

    store = Store(folder)
    store.start(backend.name, settings, machine)
    units: list[Unit] = []
    for number in range(passes):
        order = generator(protocol.seed, "pass", number).permutation(len(architectures))
        shuffled = [architectures[i] for i in order]
        units += units_of(backend.name, number, shuffled, _UNIT_SIZE)
    warn_of_threads(protocol.threads)
    announce(
        # The folder is <name>/<space>.
        folder.parent.name,
        sum(len(store.missing(unit)) for unit in units),
        measure,
        architectures,
    )
    return measure_units(
        store,
        units,
        lambda unit, missing: _records(unit, missing, measure, store),
        lambda unit: f"{backend.name}, pass {unit.round + 1} of {passes}",
    )


def _check_sizes(space: SearchSpace, sizes: Mapping[str, int]) -> None:
    known = [field.name for field in fields(skeleton(space))]
    for name, size in sizes.items():
        check_choice("sizes", name, known)
        check_number(f"sizes.{name}", size, 1)


def _records(
    unit: Unit,
    architectures: Sequence[str],
    measure: Callable[[str], Mapping[str, Any]],
    store: Store,
) -> Iterator[Record]:
    """Measure architectures, and yield their records.

    The record of a network that failed waits until another network works. If the rig has failed,
    and not the network, the network must be measured again.

    Raises
    ------
    UserError
        If the last networks failed, and so does one that has worked before.
    """
    failed = []
    for architecture in architectures:
        record = _record(unit, architecture, measure(architecture))
        if "failed" in record:
            failed.append(record)
            continue
        yield from failed
        failed.clear()
        yield record
    worked = _last_that_worked(store, unit.series) if failed else None
    reason = None if worked is None else measure(worked).get("failed")
    if reason is not None:
        raise UserError(
            f"{unit.series}: {reason}, also for {worked}, which has worked before",
            remedy="the same command, when the device works again",
        )
    yield from failed


def _last_that_worked(store: Store, series: str) -> str | None:
    """Return the architecture of the last record without a failure, or None."""
    records = [each for each in store.records.values() if each["series"] == series]
    return next((r["architecture"] for r in reversed(records) if "failed" not in r), None)


def _record(unit: Unit, architecture: str, values: Mapping[str, Any]) -> Record:
    return {
        "series": unit.series,
        "round": unit.round,
        "architecture": architecture,
        **values,
        "load": round(load(), 2),
    }
