"""Every table that is under ``paths.data``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import _cache
from hwnas.dataset._accuracy import accuracy_of
from hwnas.dataset._benchmark_index import benchmark_index
from hwnas.dataset._files import (
    HELP_FBNET,
    HWNAS360_PARQUET,
    HWNAS_PICKLE,
    NATS_CSV,
    TRANSNAS_PTH,
    help_latency,
)
from hwnas.dataset._help import devices_here
from hwnas.dataset._local_table import BUNDLED, METADATA
from hwnas.dataset._readers._help import read_block_lists, read_latencies
from hwnas.dataset._readers._hwnas import read_fbnet, read_nasbench201
from hwnas.dataset._readers._hwnas360 import read_hwnas360
from hwnas.dataset._readers._nats import ACCURACY, read_accuracies
from hwnas.dataset._readers._transnas import read_transnas
from hwnas.dataset._source import identify
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro

_SPACES: dict[str, SearchSpace] = {
    space.name: space for space in (NASBench201(), TransNASMacro(), TransNASMicro(), FBNet())
}
#: Ends of the columns of a local table that are no counts, seeds or spreads.
_MEASURED = ("_minimum", "_median", "accuracy")


@dataclass(frozen=True)
class Entry:
    """One column of a table.

    Parameters
    ----------
    table, column, unit : str
    values : array of float64, shape (n,)
        NaN = missing.
    space : SearchSpace, optional
    architectures : array of int8, shape (n, n_positions), optional
        Absent where a row is no architecture.
    accuracy : array of float64, shape (n,), optional
    """

    table: str
    column: str
    unit: str
    values: NDArray[np.float64]
    space: SearchSpace | None = None
    architectures: Architectures | None = None
    accuracy: NDArray[np.float64] | None = None


def hwnas_tables(paths: Paths) -> Iterator[Entry]:
    """Yield the columns of HW-NAS-Bench."""
    path = HWNAS_PICKLE.find(paths)
    if path is None:
        return
    source = identify(path, HWNAS_PICKLE, paths)
    space = NASBench201()
    columns = _cache.load(source, "hwnas", read_nasbench201, paths)
    for name, unit in columns.units.items():
        architectures = columns.architectures()
        accuracy, _ = accuracy_of(space, architectures, name.partition("/")[0], paths)
        values = columns.floats(name)
        yield Entry("hwnas", name, unit, values, space, architectures, accuracy)
    blocks = _cache.load(source, "hwnas-fbnet", read_fbnet, paths)
    for name, unit in blocks.units.items():
        yield Entry("hwnas_fbnet (blocks)", name, unit, blocks.floats(name))


def accuracy_tables(paths: Paths) -> Iterator[Entry]:
    """Yield the accuracies of NAS-Bench-201."""
    path = NATS_CSV.find(paths)
    if path is None:
        return
    columns = _cache.load(identify(path, NATS_CSV, paths), "accuracy", read_accuracies, paths)
    for name in ACCURACY:
        architectures = columns.architectures()
        values = columns.floats(name)
        yield Entry("nasbench201", f"{name}/accuracy", "%", values, NASBench201(), architectures)


def transnas_tables(paths: Paths) -> Iterator[Entry]:
    """Yield the latencies of TransNAS-Bench-101."""
    path = TRANSNAS_PTH.find(paths)
    if path is None:
        return
    source = identify(path, TRANSNAS_PTH, paths)
    for space in (TransNASMacro(), TransNASMicro()):
        columns = _cache.load(source, space.name, partial(read_transnas, space=space), paths)
        for name in columns.units:
            task, _, metric = name.partition("/")
            if metric == "latency":
                scored = f"{task}/accuracy" in columns.arrays
                yield Entry(
                    space.name,
                    name,
                    "ms",
                    columns.floats(name),
                    space,
                    columns.architectures(),
                    columns.floats(f"{task}/accuracy") if scored else None,
                )


def hwnas360_tables(paths: Paths) -> Iterator[Entry]:
    """Yield the columns of HW-NAS-Bench-360."""
    path = HWNAS360_PARQUET.find(paths)
    if path is None:
        return
    source = identify(path, HWNAS360_PARQUET, paths)
    columns = _cache.load(source, "hwnas360", read_hwnas360, paths)
    architectures = benchmark_index(paths)
    for name, unit in columns.units.items():
        combination, _, metric = name.rpartition("/")
        if metric != "accuracy":
            scored = f"{combination}/accuracy" in columns.arrays
            yield Entry(
                "hwnas360",
                name,
                unit,
                columns.floats(name),
                NASBench201(),
                architectures,
                columns.floats(f"{combination}/accuracy") if scored else None,
            )


def help_tables(paths: Paths) -> Iterator[Entry]:
    """Yield the devices of HELP."""
    for space in (NASBench201(), FBNet()):
        devices = devices_here(paths, space.name)
        if not devices:
            continue
        architectures = benchmark_index(paths) if space == NASBench201() else _block_lists(paths)
        accuracy, _ = accuracy_of(space, architectures, "cifar10", paths)
        for device in devices:
            file = help_latency(space.name, device)
            source = identify(file.require(paths), file, paths)
            columns = _cache.load(source, f"help-{space.name}", read_latencies, paths)
            values = columns.floats("latency")
            table = f"help/{space.name}"
            yield Entry(table, f"{device}/latency", "ms", values, space, architectures, accuracy)


def _block_lists(paths: Paths) -> Architectures:
    source = identify(HELP_FBNET.require(paths), HELP_FBNET, paths)
    return _cache.load(source, "help-fbnet-architectures", read_block_lists, paths).architectures()


def local_tables(paths: Paths) -> Iterator[Entry]:
    """Yield what was measured with ``python -m hwnas.measure``, the bundled table first."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = [*sorted(BUNDLED.glob("*.parquet")), *paths.match_data("local/*/*.parquet")]
    for path in found:
        try:
            table = pq.read_table(path)
            facts = json.loads(table.schema.metadata[METADATA.encode()])
            space = _SPACES[facts["space"]]
            architectures = space.from_strings(table.column("architecture").to_pylist())
            units = {n: unit for n, unit in facts["units"].items() if n.endswith(_MEASURED)}
            columns = {n: table.column(n).to_numpy().astype(np.float64) for n in units}
        except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise UserError(f"{path}: not a table of hwnas.measure ({error!r})") from error
        accuracy = columns.get("accuracy")
        for name, unit in units.items():
            of = None if name == "accuracy" else accuracy
            label = f"local/{facts['name']}"
            yield Entry(label, name, unit, columns[name], space, architectures, of)


FAMILIES = (
    hwnas_tables,
    accuracy_tables,
    transnas_tables,
    hwnas360_tables,
    help_tables,
    local_tables,
)
