"""HELP: latencies of many devices for NAS-Bench-201 and FBNet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwnas.dataset import _cache
from hwnas.dataset._accuracy import accuracy_of
from hwnas.dataset._benchmark_index import benchmark_index
from hwnas.dataset._check import check_metric, check_space
from hwnas.dataset._files import HELP_FBNET, help_latency
from hwnas.dataset._readers._help import read_block_lists, read_latencies
from hwnas.dataset._readers._nats import ACCURACY
from hwnas.dataset._source import identify
from hwnas.dataset._table import Table
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace


@dataclass(frozen=True)
class HELP:
    """A device of HELP (Lee et al., NeurIPS 2021).

    Each architecture was measured on its own. Phones report whole milliseconds.

    Parameters
    ----------
    device : str
        Name of a file, e.g. ``titan_rtx_1``.
    metric : Metric
        Latency, the only one there is.
    space : SearchSpace
        NAS-Bench-201, or FBNet (the 5,000 architectures that were sampled).
    paths : Paths
    accuracy : str
        Image set whose accuracies are joined; another than CIFAR-10 is another dataset in results.
    """

    device: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    accuracy: str = "cifar10"

    def load(self) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If a file is not here or damaged, or the device or the image set unknown.
        """
        check_space("help", self.space, NASBench201(), FBNet())
        check_metric("HELP", self.metric, {"latency": "ms"})
        check_choice("dataset.accuracy", self.accuracy, ACCURACY)
        file = help_latency(self.space.name, self.device)
        here = devices_here(self.paths, self.space.name)
        if here:
            check_choice("dataset.device", self.device, here, self.paths.data / "help")
        path = file.require(self.paths)
        source = identify(path, file, self.paths)
        kind = f"help-{self.space.name}"
        values = _cache.load(source, kind, read_latencies, self.paths).floats("latency")
        architectures = self._architectures()
        if len(values) != len(architectures):
            raise UserError(f"{path}: {len(values)} values for {len(architectures)} architectures")
        accuracy, of_accuracy = accuracy_of(self.space, architectures, self.accuracy, self.paths)
        return Table(
            dataset="help" if self.accuracy == HELP.accuracy else f"help-{self.accuracy}",
            space=self.space,
            device=self.device,
            metric=self.metric,
            architectures=architectures,
            values=np.where(self.metric.missing(values), np.nan, values),
            representative=self.space.rank(architectures),
            provenance=source.provenance(),
            accuracy=accuracy,
            accuracy_provenance=of_accuracy,
        )

    def _architectures(self) -> Architectures:
        if self.space == NASBench201():
            return benchmark_index(self.paths)
        path = HELP_FBNET.require(self.paths)
        source = identify(path, HELP_FBNET, self.paths)
        kind = "help-fbnet-architectures"
        return _cache.load(source, kind, read_block_lists, self.paths).architectures()


def devices_here(paths: Paths, space: str) -> list[str]:
    """Return the devices of HELP whose file is here."""
    patterns = help_latency(space, "*").names
    return sorted({path.stem for pattern in patterns for path in paths.match_data(pattern)})
