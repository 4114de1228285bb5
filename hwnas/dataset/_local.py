"""The dataset of tables that ``hwnas measure`` writes, including the bundled table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._check import check_metric
from hwnas.dataset._described import Column, Described
from hwnas.dataset._local_table import (
    ONE_VALUE,
    bundled_tables,
    is_bundled,
    measured_column,
    read_local_table,
    table_path,
)
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._nasbench201 import NASBench201Accuracies, accuracy_of
from hwnas.dataset._source import hash_file
from hwnas.dataset._table import Accuracy, Provenance, Table
from hwnas.errors import UserError, check_choice, command
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import LISTABLE, Architectures, SearchSpace, spaces

Statistic = Literal["minimum", "median"]

#: `hwnas doctor` describes the columns with these endings. It leaves out counts, single seeds and
#: spreads.
_DESCRIBED = ("_minimum", "_median", "_mean", "accuracy")


@dataclass(frozen=True)
class Local(Described):
    """A device measured with ``hwnas measure``.

    Parameters
    ----------
    name : str
        The ``name=`` that ``hwnas measure`` was given. ``cpu`` is bundled with the package.
    metric : Metric
        Latency, energy or peak memory if they were measured, or a metric that is counted from the
        network: flops, parameters, memory.
    space : SearchSpace
    paths : Paths
    backend : str
        Name of the backend that ran the networks, such as ``onnxruntime`` or ``torch``.
    statistic : {"median", "minimum"}
        Statistic of the timed runs in a pass. The minimum agrees better between passes where no
        other program runs on the device, otherwise the median does.
    subtract_idle : bool, optional
        Whether an energy is that above the energy of the idle device in the same time. None means
        no.
    """

    joins = (NASBench201Accuracies,)

    name: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    backend: str = "onnxruntime"
    statistic: Statistic = "median"
    subtract_idle: bool | None = None

    def load(self) -> Table:
        """Return the table.

        Its accuracies are those that ``hwnas accuracy`` measured on digits, if the table has them.
        Otherwise they are those that `accuracy_of` returns for the networks' image set.

        Raises
        ------
        UserError
            If there is no table of the device and space, or if it lacks the backend or the metric.
        """
        check_choice("dataset.statistic", self.statistic, ["median", "minimum"])
        path = self._path()
        if not path.exists():
            raise UserError(
                f"{path} does not exist: {self.name} has no measurements of {self.space.name}",
                remedy=self._measuring,
            )
        columns, facts = read_local_table(path)
        counted = self._counted(facts)
        architectures = self.space.from_strings(columns["architecture"])
        accuracy, of_accuracy = self._accuracy(columns, facts, architectures)
        if counted:
            of_values = {"counted": "from the network's layers", "network": facts["networks"]}
            dataset, column = "local", self.metric.name
        else:
            of_values = facts["latency"][self.backend]
            column = measured_column(self.backend, self.quantity, self._value)
            if column not in columns:
                raise UserError(
                    f"dataset.subtract_idle=true: {path} has energies without the idle power",
                    remedy="dataset.subtract_idle=null",
                )
            dataset = f"local-{self.backend}{self._suffix}"
        return Table(
            dataset=dataset,
            space=self.space,
            device=self.name,
            metric=self.metric,
            architectures=architectures,
            values=missing_as_nan(columns[column]),
            representative=columns["representative"].astype(np.int64),
            provenance=_provenance(path, of_values),
            accuracy=accuracy,
            accuracy_provenance=of_accuracy,
            copy_of=columns["measured_on"].astype(np.int64),
        )

    def how_measured(self) -> dict[str, Any]:
        """Return the settings of the measurement and the facts about the machines.

        Raises
        ------
        UserError
            If the metric is counted from the network, or the table lacks the backend or the metric.
        """
        _, facts = read_local_table(self._path())
        if self._counted(facts):
            raise UserError(
                f"metric={self.metric.name} is counted from the network: there is nothing to "
                "measure on the device",
                remedy="selection.verify=table",
            )
        found: dict[str, Any] = facts["latency"][self.backend]
        return found

    @property
    def quantity(self) -> str:
        """The measured quantity: the metric, or ``"energy_above_idle"`` if idle is subtracted."""
        above_idle = self.metric.name == "energy" and self.subtract_idle
        return "energy_above_idle" if above_idle else self.metric.name

    @property
    def _value(self) -> str:
        """The value of a pass that the table has: `statistic`, or the mean of an energy."""
        return "mean" if self.quantity in ONE_VALUE else self.statistic

    @property
    def _suffix(self) -> str:
        """Ending of the dataset's name, which distinguishes the results of different columns."""
        if self.quantity == "energy_above_idle":
            return "-above-idle"
        return "-minimum" if self._value == "minimum" else ""

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the measured columns of the bundled tables and of the user's tables."""
        known = spaces()
        for path in [*bundled_tables(), *paths.match_data("local/*/*.parquet")]:
            arrays, facts = read_local_table(path)
            try:
                space = known[facts["space"]]
                architectures = space.from_strings(arrays["architecture"])
                units = {n: unit for n, unit in facts["units"].items() if n.endswith(_DESCRIBED)}
                columns = {name: missing_as_nan(arrays[name]) for name in units}
            except (KeyError, TypeError, OverflowError, ValueError) as error:
                raise UserError(
                    f"{path}: not a table of hwnas measure ({error!r})",
                    remedy="move it away, then measure again",
                ) from error
            for name, unit in units.items():
                accuracy = None if name == "accuracy" else columns.get("accuracy")
                table = f"local/{facts['name']}"
                yield Column(table, name, unit, columns[name], space, architectures, accuracy)

    @property
    def _measuring(self) -> str:
        """The shell command that measures the missing table."""
        own = not is_bundled(self.name)
        name = self.name if own else "my_laptop"
        sample = " n_architectures=500" if self.space.size > LISTABLE else ""
        then = "" if own else f", then dataset=local/{name}"
        return command(f"measure name={name} space={self.space.name}{sample}{then}")

    def _path(self) -> Path:
        return table_path(self.name, self.space, self.paths)

    def _counted(self, facts: dict[str, Any]) -> bool:
        """Return whether the metric is counted; raise `UserError` if the table lacks it."""
        backends = tuple(f"{backend}_" for backend in facts["latency"])
        if not backends:
            # Without a latency the table does not say how large the networks are, so it has no
            # counts either.
            raise UserError(
                f"{self._path()} has accuracies but no {self.metric.name}", remedy=self._measuring
            )
        # Every metric with a column is offered, so that a new metric needs no code here.
        counted = {
            name: unit
            for name, unit in facts["units"].items()
            if not name.startswith((*backends, "accuracy"))
        }
        if self.metric.name not in counted:
            check_choice("dataset.backend", self.backend, facts["latency"])
        measured: dict[str, str] = {}
        for value in (self.statistic, "mean"):
            start, end = measured_column(self.backend, "/", value).split("/")
            measured |= {
                name.removeprefix(start).removesuffix(end): unit
                for name, unit in facts["units"].items()
                if name.startswith(start) and name.endswith(end)
            }
        # It is not a metric of its own: dataset.subtract_idle chooses it.
        measured.pop("energy_above_idle", None)
        check_metric(f"dataset=local/{self.name}", self.metric, measured | counted)
        return self.metric.name in counted

    def _accuracy(
        self, columns: dict[str, NDArray[Any]], facts: dict[str, Any], architectures: Architectures
    ) -> Accuracy:
        if "accuracy" not in columns:
            return accuracy_of(self.space, architectures, facts["networks"]["name"], self.paths)
        return missing_as_nan(columns["accuracy"]), _provenance(self._path(), facts["accuracy"])


def _provenance(path: Path, details: dict[str, Any]) -> Provenance:
    return Provenance(
        kind="measured", source=path.name, sha256=hash_file(path).sha256, details=details
    )
