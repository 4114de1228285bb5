"""Tables that were measured with ``python -m hwnas.measure``, the bundled one among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._accuracy import Accuracy, accuracy_of
from hwnas.dataset._check import check_metric
from hwnas.dataset._local_table import column, is_bundled, read_table, table_path
from hwnas.dataset._source import hash_file
from hwnas.dataset._table import Provenance, Table
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, SearchSpace

#: Counted from the network, so the same on every backend.
_COUNTED = {"flops": "FLOPs", "parameters": "parameters", "memory": "bytes"}
_UNITS = {"latency": "ms", **_COUNTED}

Statistic = Literal["minimum", "median"]


@dataclass(frozen=True)
class Local:
    """A device measured with ``python -m hwnas.measure``.

    Parameters
    ----------
    name : str
        The device's name there; ``cpu`` is bundled with the package.
    metric : Metric
        Latency, or one that is counted: flops, parameters, memory.
    space : SearchSpace
    paths : Paths
    backend : str
        What ran the networks: ``onnxruntime`` or ``torch``, or the name of a backend of one's own.
    statistic : {"median", "minimum"}
        Of the runs in a pass. Where nothing else runs on the device, the minimum agrees better
        between passes, elsewhere the median.
    """

    name: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    backend: str = "onnxruntime"
    statistic: Statistic = "median"

    def load(self) -> Table:
        """Return the table.

        Its accuracies are those on digits where they were measured, else those that are known of
        the networks' image set, as for every other dataset (see `accuracy_of`).

        Raises
        ------
        UserError
            If the device was not measured, or not with this space, backend or metric.
        """
        check_choice("dataset.statistic", self.statistic, ["median", "minimum"])
        path = self._path()
        if not path.exists():
            raise UserError(
                f"{path}: not here, {self.name} has no measurements of {self.space.name}",
                remedy=self._measuring,
            )
        columns, facts = read_table(path)
        self._check(facts)
        architectures = self.space.from_strings(columns["architecture"])
        accuracy, of_accuracy = self._accuracy(columns, facts, architectures)
        return Table(
            dataset=self._identity(),
            space=self.space,
            device=self.name,
            metric=self.metric,
            architectures=architectures,
            values=columns[self._column()].astype(np.float64),
            representative=columns["representative"].astype(np.int64),
            provenance=_provenance(path, self._facts(facts)),
            accuracy=accuracy,
            accuracy_provenance=of_accuracy,
            copy_of=columns["measured_on"].astype(np.int64),
        )

    def measure(self, architectures: Architectures) -> NDArray[np.float64]:
        """Measure architectures now, on this machine, as the table's were.

        Parameters
        ----------
        architectures : array of int8, shape (n, n_positions)

        Returns
        -------
        array of float64, shape (n,)
            Milliseconds.

        Raises
        ------
        UserError
            If the metric is counted, or this machine has not the unit that was measured.
        """
        # Imported here: a backend loads the library that runs the networks.
        from hwnas.measure._live import backend_of, measure_live

        if self.metric.name in _COUNTED:
            raise UserError(
                f"metric={self.metric.name}: counted from the network, there is nothing to measure",
                remedy="selection.verify=table",
            )
        _, facts = read_table(self._path())
        self._check(facts)
        of_backend = self._facts(facts)
        backend = backend_of(self.backend, of_backend["settings"])
        return measure_live(self.space, architectures, backend, of_backend, self.statistic)

    @property
    def _measuring(self) -> str:
        """The command that measures what is not here."""
        # Imported here: measuring imports this package.
        from hwnas.measure._order import LISTABLE

        own = not is_bundled(self.name)
        name = self.name if own else "my_laptop"
        sample = " n_architectures=500" if self.space.size > LISTABLE else ""
        then = "" if own else f", then dataset=local/{name}"
        return f"python -m hwnas.measure name={name} space={self.space.name}{sample}{then}"

    def _path(self) -> Path:
        return table_path(self.name, self.space, self.paths)

    def _identity(self) -> str:
        if self.metric.name in _COUNTED:
            return "local"
        suffix = "" if self.statistic == "median" else f"-{self.statistic}"
        return f"local-{self.backend}{suffix}"

    def _check(self, facts: dict[str, Any]) -> None:
        check_metric(f"dataset=local/{self.name}", self.metric, _UNITS)
        if not facts["latency"]:
            # Counts need networks too, and these are known with the first latency.
            raise UserError(
                f"{self._path()} holds accuracies and no {self.metric.name}", remedy=self._measuring
            )
        if self.metric.name not in _COUNTED:
            check_choice("dataset.backend", self.backend, facts["latency"])

    def _column(self) -> str:
        if self.metric.name in _COUNTED:
            return self.metric.name
        return column(self.backend, self.metric.name, self.statistic)

    def _facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        if self.metric.name in _COUNTED:
            return {"counted": "from the network's layers", "network": facts["networks"]}
        found: dict[str, Any] = facts["latency"][self.backend]
        return found

    def _accuracy(
        self, columns: dict[str, NDArray[Any]], facts: dict[str, Any], architectures: Architectures
    ) -> Accuracy:
        if "accuracy" not in columns:
            return accuracy_of(self.space, architectures, facts["networks"]["name"], self.paths)
        return columns["accuracy"].astype(np.float64), _provenance(self._path(), facts["accuracy"])


def _provenance(path: Path, details: dict[str, Any]) -> Provenance:
    return Provenance(
        kind="measured", source=path.name, sha256=hash_file(path).sha256, details=details
    )
