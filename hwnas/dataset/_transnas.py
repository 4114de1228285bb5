"""TransNAS-Bench-101: inference times of seven tasks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from hwnas.dataset import _cache
from hwnas.dataset._check import check_metric, check_space
from hwnas.dataset._files import TRANSNAS_PTH
from hwnas.dataset._readers._transnas import SCORES, read_transnas
from hwnas.dataset._source import identify
from hwnas.dataset._table import Table
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import SearchSpace, TransNASMacro, TransNASMicro


@dataclass(frozen=True)
class TransNAS:
    """A task of TransNAS-Bench-101 (Duan et al., CVPR 2021).

    The inference time is that of one 720 × 1080 image on the benchmark's GPU. Each network was
    measured on its own.

    Parameters
    ----------
    task : str
    metric : Metric
        Latency, the only one there is.
    space : SearchSpace
        ``transnas_macro`` or ``transnas_micro``.
    paths : Paths
    device : str
        The name in results.
    """

    task: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    device: str = "gpu"

    def load(self) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file is not here or damaged, or lacks the space or the task.
        """
        check_space("transnas", self.space, TransNASMacro(), TransNASMicro())
        check_metric("TransNAS-Bench-101", self.metric, {"latency": "ms"})
        check_choice("dataset.task", self.task, SCORES)
        path = TRANSNAS_PTH.require(self.paths)
        source = identify(path, TRANSNAS_PTH, self.paths)
        latency, accuracy = f"{self.task}/latency", f"{self.task}/accuracy"
        read = partial(read_transnas, space=self.space)
        columns = _cache.load(source, self.space.name, read, self.paths, [latency, accuracy])
        if latency not in columns.arrays:
            raise UserError(
                f"{path} holds no {self.task} of {self.space.name}: it is not the whole file",
                remedy=TRANSNAS_PTH.fetch_command,
            )
        values = columns.floats(latency)
        architectures = columns.architectures()
        score = SCORES[self.task]
        scored = score is not None and accuracy in columns.arrays
        return Table(
            dataset=f"transnas-{self.task}",
            space=self.space,
            device=self.device,
            metric=self.metric,
            architectures=architectures,
            values=np.where(self.metric.missing(values), np.nan, values),
            representative=self.space.rank(architectures),
            provenance=source.provenance(column=f"{self.space.name}/{latency}"),
            accuracy=columns.floats(accuracy) if scored else None,
            accuracy_provenance=source.provenance(score=f"test_{score[0]}")
            if score is not None and scored
            else None,
        )
