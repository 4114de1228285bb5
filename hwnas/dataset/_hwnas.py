"""HW-NAS-Bench: NAS-Bench-201's architectures on six devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._check import check_metric
from hwnas.dataset._described import Column
from hwnas.dataset._estimate import estimate, estimated_notice, warn_estimated
from hwnas.dataset._hwnas_file import CELLS, FILE, UNITS
from hwnas.dataset._nasbench201 import NASBench201Accuracies, accuracy_of
from hwnas.dataset._official_table import Content
from hwnas.dataset._table import Provenance, Table
from hwnas.device import Device
from hwnas.errors import UserError, check_choice
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, NASBench201, SearchSpace

SOURCES = ("auto", "measured", "estimated")
IMAGE_SETS = ("cifar10", "cifar100", "ImageNet16-120")


@dataclass(frozen=True)
class HWNASBench(Benchmark):
    """NAS-Bench-201 on a device of HW-NAS-Bench (Li et al., ICLR 2021).

    Each architecture was measured on its own, so every row is its own representative.

    Parameters
    ----------
    device : Device
    metric : Metric
    image_set : ImageSet
    space : SearchSpace
        NAS-Bench-201.
    paths : Paths
    source : {"auto", "measured", "estimated"}
        ``measured`` asks for the published table, ``estimated`` for the device's model, ``auto``
        takes the table where it is here, else the model with a warning.
    """

    tables = (CELLS,)
    spaces = (NASBench201(),)
    joins = (NASBench201Accuracies,)

    device: Device
    metric: Metric
    image_set: ImageSet
    space: SearchSpace
    paths: Paths
    source: str = "auto"

    def load(self) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the device lacks the metric, the file is damaged, or is not here and
            ``source=measured``.
        """
        self.check()
        content = None
        if self.source != "estimated":
            content = CELLS.find(self.paths, [self._name])
            if content is not None and self._name in content.columns.arrays:
                return self.table(content)
        return self._estimated(self._missing(content))

    def check(self) -> None:
        """Refuse a source, an image set, a space or a metric that there is not."""
        check_choice("dataset.source", self.source, SOURCES)
        check_choice("image_set", self.image_set.name, IMAGE_SETS)
        super().check()
        units = {name: UNITS.get(name, self.metric.unit) for name in self.device.metrics}
        check_metric(f"device {self.device.name}", self.metric, units)

    @property
    def _name(self) -> str:
        return f"{self.image_set.name}/{self.device.name}_{self.metric.name}"

    def _missing(self, content: Content | None) -> str:
        """Say why the values are estimated."""
        if self.source == "estimated":
            return "dataset.source=estimated asks for it"
        if content is None:
            return f"{FILE.name} is not in {self.paths.data}"
        image_set, _, column = self._name.partition("/")
        return f"{image_set} {column} is not in {content.source.path}"

    def table(self, content: Content) -> Table:
        """Return the published table."""
        columns = content.columns
        architectures, values = columns.architectures(), columns.floats(self._name)
        return self._joined(architectures, values, content.source.provenance(column=self._name))

    def _estimated(self, missing: str) -> Table:
        fetch = FILE.fetch_command
        if self.source == "measured":
            raise UserError(missing, remedy=f"{fetch}, or dataset.source=estimated")
        warn_estimated(estimated_notice(self.device.name, self.metric.name, missing, fetch))
        architectures = self.space.enumerate()
        values, provenance = estimate(
            self.device, self.metric, self.space, self.image_set, architectures
        )
        return self._joined(architectures, values, provenance)

    def _joined(
        self, architectures: Architectures, values: NDArray[np.float64], provenance: Provenance
    ) -> Table:
        image_set = self.image_set.name
        return self.made(
            dataset=f"hwnas-{image_set}",
            device=self.device.name,
            architectures=architectures,
            values=values,
            provenance=provenance,
            accuracy=accuracy_of(self.space, architectures, image_set, self.paths),
        )

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the columns of every device, with the accuracies on their image set."""
        for column in super().columns(paths):
            assert column.space is not None
            assert column.architectures is not None
            image_set = column.name.partition("/")[0]
            accuracy, _ = accuracy_of(column.space, column.architectures, image_set, paths)
            yield replace(column, accuracy=accuracy)
