"""HW-NAS-Bench-360: NAS-Bench-201 on newer devices, frameworks and tasks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwnas.dataset import _cache
from hwnas.dataset._benchmark_index import benchmark_index
from hwnas.dataset._check import check_metric, check_space
from hwnas.dataset._files import HWNAS360_PARQUET
from hwnas.dataset._readers._hwnas360 import read_hwnas360
from hwnas.dataset._source import identify
from hwnas.dataset._table import Table
from hwnas.errors import check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import NASBench201, SearchSpace


@dataclass(frozen=True)
class HWNAS360:
    """NAS-Bench-201 on a device of HW-NAS-Bench-360.

    One architecture of each isomorphism class was measured and its values copied to the others,
    so the representative is the file's.

    Parameters
    ----------
    device, framework, task : str
        As in the file, e.g. ``pi5``, ``onnx``, ``cifar100``.
    metric : Metric
        Latency, or energy where it was measured.
    space : SearchSpace
        NAS-Bench-201.
    paths : Paths
    """

    device: str
    framework: str
    task: str
    metric: Metric
    space: SearchSpace
    paths: Paths

    def load(self) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If a file is not here or damaged, or nothing of that kind was measured.
        """
        check_space("hwnas360", self.space, NASBench201())
        path = HWNAS360_PARQUET.require(self.paths)
        source = identify(path, HWNAS360_PARQUET, self.paths)
        combination = f"{self.device}/{self.framework}/{self.task}"
        name, accuracy = f"{combination}/{self.metric.name}", f"{combination}/accuracy"
        wanted = ["representative", name, accuracy]
        columns = _cache.load(source, "hwnas360", read_hwnas360, self.paths, wanted)
        here = sorted({column.rpartition("/")[0] for column in columns.units})
        check_choice("dataset.device/framework/task", combination, here, path)
        check_metric(combination, self.metric, self._metrics(columns, combination))
        values = columns.floats(name)
        scored = accuracy in columns.arrays
        architectures = benchmark_index(self.paths)
        # The file names an architecture by its place in the benchmark.
        measured = architectures[columns.arrays["representative"].astype(np.int64)]
        return Table(
            dataset=f"hwnas360-{self.framework}-{self.task}",
            space=self.space,
            device=self.device,
            metric=self.metric,
            architectures=architectures,
            values=np.where(self.metric.missing(values), np.nan, values),
            representative=self.space.rank(measured),
            provenance=source.provenance(column=name),
            accuracy=columns.floats(accuracy) if scored else None,
            accuracy_provenance=source.provenance(column=accuracy) if scored else None,
        )

    @staticmethod
    def _metrics(columns: _cache.Columns, combination: str) -> dict[str, str]:
        """Return the unit of each metric of a combination."""
        split = ((*name.rpartition("/"), unit) for name, unit in columns.units.items())
        return {
            metric: unit
            for prefix, _, metric, unit in split
            if prefix == combination and metric != "accuracy"
        }
