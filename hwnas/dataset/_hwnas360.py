"""HW-NAS-Bench-360: NAS-Bench-201 on several devices, frameworks and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns
from hwnas.dataset._check import check_metric
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._nasbench201 import NASBench201Accuracies, benchmark_index
from hwnas.dataset._official import MB, RAW, OfficialFile
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._repeated import group_repeated, repeated_details
from hwnas.dataset._table import UNKNOWN, Table
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, NASBench201, SearchSpace

FILE = OfficialFile(
    family="hwnas360",
    name="hwnas360.parquet",
    url=f"{RAW}/roldebijvank/HW-NAS-Bench-360/a9b243e07fb8f0671ee56587696e7b8ef1ca702d/"
    "results/dataset.parquet",
    limit=500 * MB,
    blob="07dcadab32c0b43fa8ea5041175013a7e22fc092",
    variants=(
        "hwnas360/dataset.parquet",
        "results/dataset.parquet",
        "HW-NAS-Bench-360/results/dataset.parquet",
    ),
)
_KEYS = ("device", "framework", "task")
_METRICS = {"lat_ms_median": ("latency", "ms"), "energy_mj": ("energy", "mJ")}
_NUMBERS = (*_METRICS, "accuracy")
#: Number of classes of the tasks whose column ``accuracy`` is a share of correct answers. For the
#: task darcy it is an error.
_CLASSES = {"cifar100": 100, "ninapro": 18}


def read_hwnas360(path: Path) -> Columns:
    """Read the values of every device, framework and task.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        One row for each benchmark index. The columns are ``representative`` and, for each measured
        combination, ``<device>/<framework>/<task>/latency``, ``…/energy`` and ``…/accuracy``.
        Latency and energy are NaN where the status is not "ok". Several rows of one architecture
        and combination are several measurements: the columns have the median, and
        ``…/latency_rows`` and ``…/energy_rows`` have the number of rows.

    Raises
    ------
    UserError
        If the file is damaged, lacks a column, or names two representatives of one architecture.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["arch_idx", "rep_arch_idx", *_KEYS, *_NUMBERS, "status"]
    try:
        with pq.ParquetFile(path) as file:
            missing = [name for name in names if name not in file.schema_arrow.names]
            if missing:
                raise UserError(f"{path}: the column is missing: {', '.join(missing)}")
            table = file.read(columns=names)
        rows = table.column("arch_idx").to_numpy().astype(np.int64)
        representatives = table.column("rep_arch_idx").to_numpy().astype(np.int64)
        numbers = {n: missing_as_nan(table.column(n).to_numpy()) for n in _NUMBERS}
        keys = {n: _codes(table.column(n)) for n in _KEYS}
        ok = np.array(table.column("status").to_pylist(), dtype=object) == "ok"
    except (OSError, pa.ArrowException, TypeError, OverflowError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read as a Parquet file ({line})") from error
    size = NASBench201().size
    representative = _representative_of(path, rows, representatives, size)
    arrays: dict[str, NDArray[np.generic]] = {"representative": representative}
    units: dict[str, str] = {}
    for device, framework, task in product(*(keys[n][0] for n in _KEYS)):
        chosen = np.ones(len(rows), dtype=bool)
        for key, value in zip(_KEYS, (device, framework, task), strict=True):
            known, codes = keys[key]
            chosen &= codes == known.index(value)
        if not chosen.any():
            continue
        prefix = f"{device}/{framework}/{task}"
        for column, (metric, unit) in _METRICS.items():
            good = chosen & ok & ~np.isnan(numbers[column])
            if good.any():
                medians, counts = _medians(rows[good], numbers[column][good], size)
                arrays[f"{prefix}/{metric}"] = medians
                arrays[f"{prefix}/{metric}_rows"] = counts
                units[f"{prefix}/{metric}"] = unit
        if task in _CLASSES:
            arrays[f"{prefix}/accuracy"], _ = _medians(
                rows[chosen], numbers["accuracy"][chosen], size
            )
            units[f"{prefix}/accuracy"] = "percent"
    return Columns(arrays, units)


def _representative_of(
    path: Path, rows: NDArray[np.int64], representatives: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Return the representative of each architecture 0..n-1, by default the architecture itself."""
    both = np.concatenate([rows, representatives])
    if both.size and not 0 <= both.min() <= both.max() < n:
        raise UserError(f"{path}: a benchmark index lies outside 0..{n - 1}")
    representative = np.arange(n)
    representative[rows] = representatives
    contradicted = rows[representative[rows] != representatives]
    if contradicted.size:
        raise UserError(
            f"{path}: the rows of arch_idx {contradicted[0]} have different values of rep_arch_idx"
        )
    return representative


def _medians(
    rows: NDArray[np.int64], values: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the median of the values of each row 0..n-1, NaN without a value, and their number."""
    repeated = group_repeated(rows.tolist())
    medians, counts = np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    medians[rows[repeated.rows]] = repeated.median(values)
    counts[rows[repeated.rows]] = repeated.counts
    return medians, counts


def _codes(column: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct strings, and the index of each row's string; -1 marks a null."""
    values = column.combine_chunks().dictionary_encode()
    codes = values.indices.fill_null(-1).to_numpy().astype(np.int64)
    return values.dictionary.to_pylist(), codes


TABLE = OfficialTable(FILE, "hwnas360", read_hwnas360, NASBench201())


@dataclass(frozen=True)
class HWNAS360(Benchmark):
    """NAS-Bench-201 on a device of HW-NAS-Bench-360.

    The authors measured one architecture of each isomorphism class and copied its values to the
    others. The file says which one was measured.

    Parameters
    ----------
    device, framework, task : str
        Values of the columns of the published file with these names, e.g. ``pi5``, ``onnx``,
        ``cifar100``.
    metric : Metric
        Latency, or energy if the file has it for the device, framework and task.
    space : SearchSpace
        NAS-Bench-201.
    paths : Paths
    """

    tables = (TABLE,)
    spaces = (NASBench201(),)
    joins = (NASBench201Accuracies,)

    device: str
    framework: str
    task: str
    metric: Metric
    space: SearchSpace
    paths: Paths

    @property
    def _combination(self) -> str:
        return f"{self.device}/{self.framework}/{self.task}"

    def wanted(self) -> Sequence[str]:
        """Return the names of the columns of the device, framework and task."""
        names = (self.metric.name, "accuracy", f"{self.metric.name}_rows")
        return ["representative", *(f"{self._combination}/{name}" for name in names)]

    def table(self, content: Content) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file lacks the combination or the metric, or if no file with the benchmark index
            has been downloaded.
        """
        columns, source = content.columns, content.source
        known = sorted({column.rpartition("/")[0] for column in columns.units})
        check_choice("dataset.device/framework/task", self._combination, known, source.path)
        check_metric(self._combination, self.metric, self._metrics(columns))
        _, name, accuracy, counts = self.wanted()
        architectures = self.architectures(columns, self.paths)
        # The file identifies an architecture by its benchmark index.
        measured = architectures[columns.arrays["representative"].astype(np.int64)]
        scored = UNKNOWN
        if accuracy in columns.arrays:
            details = {"column": accuracy, "classes": _CLASSES[self.task]}
            scored = columns.floats(accuracy), source.provenance(**details)
        return self.made(
            dataset=f"hwnas360-{self.framework}-{self.task}",
            device=self.device,
            architectures=architectures,
            values=columns.floats(name),
            provenance=source.provenance(
                column=name, **repeated_details(columns.arrays[counts].astype(np.int64))
            ),
            representative=self.space.rank(measured),
            accuracy=scored,
        )

    def _metrics(self, columns: Columns) -> dict[str, str]:
        """Return the unit of each metric of the device, framework and task."""
        split = ((*name.rpartition("/"), unit) for name, unit in columns.units.items())
        return {
            metric: unit
            for prefix, _, metric, unit in split
            if prefix == self._combination and metric != "accuracy"
        }

    @classmethod
    def architectures(cls, columns: Columns, paths: Paths) -> Architectures:
        """Return the architectures in benchmark order, from a file that lists them.

        The file of HW-NAS-Bench-360 has benchmark indices and no architecture strings.
        """
        del columns
        return benchmark_index(paths)
