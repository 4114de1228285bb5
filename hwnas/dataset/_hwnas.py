"""HW-NAS-Bench: NAS-Bench-201's architectures on six devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import _cache
from hwnas.dataset._accuracy import accuracy_of
from hwnas.dataset._check import check_metric, check_space
from hwnas.dataset._estimate import estimate, estimated_notice, warn_estimated
from hwnas.dataset._files import HWNAS_PICKLE
from hwnas.dataset._readers._hwnas import UNITS, read_nasbench201
from hwnas.dataset._source import identify
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
class HWNASBench:
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
        self._check()
        if self.source != "estimated":
            table = self._measured()
            if table is not None:
                return table
        file = HWNAS_PICKLE.find(self.paths)
        missing = f"{HWNAS_PICKLE.name} is not in {self.paths.data}"
        if file is not None:
            missing = f"{self.image_set.name} {self._column} is not in {file}"
        fetch = HWNAS_PICKLE.fetch_command
        if self.source == "measured":
            raise UserError(missing, remedy=f"{fetch}, or dataset.source=estimated")
        if self.source == "estimated":
            missing = "dataset.source=estimated asks for it"
        warn_estimated(estimated_notice(self.device.name, self.metric.name, missing, fetch))
        return self._estimated()

    @property
    def _column(self) -> str:
        return f"{self.device.name}_{self.metric.name}"

    def _check(self) -> None:
        check_choice("dataset.source", self.source, SOURCES)
        check_choice("image_set", self.image_set.name, IMAGE_SETS)
        check_space("hwnas", self.space, NASBench201())
        units = {name: UNITS.get(name, self.metric.unit) for name in self.device.metrics}
        check_metric(f"device {self.device.name}", self.metric, units)

    def _measured(self) -> Table | None:
        """Return the published table, or None if it is not here."""
        path = HWNAS_PICKLE.find(self.paths)
        if path is None:
            return None
        source = identify(path, HWNAS_PICKLE, self.paths)
        name = f"{self.image_set.name}/{self._column}"
        columns = _cache.load(source, "hwnas", read_nasbench201, self.paths, [name])
        if name not in columns.arrays:
            return None
        values = columns.floats(name)
        return self._table(columns.architectures(), values, source.provenance(column=name))

    def _estimated(self) -> Table:
        architectures = self.space.enumerate()
        values, provenance = estimate(
            self.device, self.metric, self.space, self.image_set, architectures
        )
        return self._table(architectures, values, provenance)

    def _table(
        self, architectures: Architectures, values: NDArray[np.float64], provenance: Provenance
    ) -> Table:
        image_set = self.image_set.name
        accuracy, of_accuracy = accuracy_of(self.space, architectures, image_set, self.paths)
        return Table(
            dataset=f"hwnas-{image_set}",
            space=self.space,
            device=self.device.name,
            metric=self.metric,
            architectures=architectures,
            values=np.where(self.metric.missing(values), np.nan, values),
            representative=self.space.rank(architectures),
            provenance=provenance,
            accuracy=accuracy,
            accuracy_provenance=of_accuracy,
        )
