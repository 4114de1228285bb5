"""HAT (Wang et al., ACL 2020): latencies of transformers for translation, one CSV each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns
from hwnas.dataset._check import check_metric, dimension_rows
from hwnas.dataset._described import Column
from hwnas.dataset._official import MB, RAW, OfficialFile, layout_of
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import Table
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import ColumnSpace, SearchSpace

Part = Literal["encoder", "decoder", "both"]

_URL = (
    f"{RAW}/mit-han-lab/hardware-aware-transformers/35d12828fb9e8e7a184adaa4caa187bef3a94be2/"
    "latency_dataset"
)
#: The published tables: a translation task and a device.
NAMES = (
    "iwslt14deen_gpu_titanxp",
    "wmt14ende_cpu_raspberrypi",
    "wmt14ende_cpu_xeon",
    "wmt14ende_gpu_titanxp",
    "wmt14enfr_cpu_raspberrypi",
    "wmt14enfr_cpu_xeon",
    "wmt14enfr_gpu_titanxp",
    "wmt19ende_gpu_titanxp",
)
_PARTS: dict[str, tuple[str, ...]] = {
    "encoder": ("latency_mean_encoder",),
    "decoder": ("latency_mean_decoder",),
    "both": ("latency_mean_encoder", "latency_mean_decoder"),
}
#: Columns whose names begin so are no features of the architecture.
_MEASURED = "latency_"


def official_file(name: str) -> OfficialFile:
    """Return the official file of a task on a device."""
    return OfficialFile(
        family="hat",
        name=f"hat/{name}_all.csv",
        url=f"{_URL}/{name}_all.csv",
        limit=10 * MB,
        variants=(f"hardware-aware-transformers/latency_dataset/{name}_all.csv",),
    )


def read_csv(path: Path) -> Columns:
    """Read all columns of a file, which are numbers."""
    with layout_of("HAT's tables", path):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        arrays: dict[str, NDArray[np.generic]] = {
            name: np.array([float(row[name]) for row in rows]) for name in rows[0]
        }
        lacking = [name for name in _PARTS["both"] if name not in arrays]
        if lacking:
            raise ValueError(f"there is no column {lacking[0]}")
    return Columns(arrays, dict.fromkeys(_PARTS["both"], "ms"))


@dataclass(frozen=True)
class HAT(Benchmark):
    """A translation task on a device of HAT: 2,000 transformers, described by ten numbers.

    Some of the numbers are averages over layers, so a row does not determine its network. Rows with
    the same numbers are one architecture, whose value is the mean of theirs.

    Parameters
    ----------
    name : str
        A task and a device, such as ``wmt14ende_cpu_xeon``.
    metric : Metric
        Latency, the only metric of HAT.
    space : SearchSpace
        The space ``columns``. Its dimensions are the feature columns of the file.
    paths : Paths
    part : {"both", "encoder", "decoder"}
        Whose latency: of the encoder, of the decoder, or the sum.
    """

    name: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    part: Part = "both"

    def check(self) -> None:
        """Raise `UserError` for an unknown space, metric, table or part."""
        if not isinstance(self.space, ColumnSpace):
            raise UserError(
                f"HAT's tables are spaces of columns, not {self.space.name}", remedy="space=columns"
            )
        check_metric("HAT", self.metric, {"latency": "ms"})
        check_choice("dataset.name", self.name, NAMES)
        check_choice("dataset.part", self.part, _PARTS)

    def official(self) -> OfficialTable:
        """Return the official table of the task on the device."""
        return _official(self.name)

    def table(self, content: Content) -> Table:
        """Return the table. Its space has the dimensions that the file's columns show."""
        assert isinstance(self.space, ColumnSpace)
        columns, where = content.columns, content.source.path
        features = {
            name: values
            for name, values in columns.arrays.items()
            if not name.startswith(_MEASURED)
        }
        space = self.space.inferred(features)
        rows = dimension_rows(space, features, where)
        values = np.sum([columns.floats(name) for name in _PARTS[self.part]], axis=0)
        _, first, row = np.unique(space.identity(rows), return_index=True, return_inverse=True)
        means = np.bincount(row, values) / np.bincount(row)
        in_order = np.argsort(first)
        return HAT(self.name, self.metric, space, self.paths, self.part).made(
            dataset="hat" if self.part == HAT.part else f"hat-{self.part}",
            device=self.name,
            architectures=rows[first[in_order]],
            values=means[in_order],
            provenance=content.source.provenance(rows=len(rows), inferred=space.described),
        )

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the file of every table."""
        return tuple(official_file(name) for name in NAMES)

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the latencies of the encoder and the decoder in every file."""
        for name in NAMES:
            content = _official(name).find(paths)
            if content is not None:
                for column, unit in content.columns.units.items():
                    values = content.columns.floats(column)
                    yield Column("hat", f"{name}/{column}", unit, values)


def _official(name: str) -> OfficialTable:
    return OfficialTable(official_file(name), "hat", read_csv)
