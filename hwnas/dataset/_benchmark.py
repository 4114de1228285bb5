"""The base class of datasets that others publish."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns
from hwnas.dataset._described import Column, Described
from hwnas.dataset._official import OfficialFile
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._repeated import group_repeated
from hwnas.dataset._table import UNKNOWN, Accuracy, Provenance, Table
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, SearchSpace


class Benchmark(Described, ABC):
    """A dataset in official files.

    A subclass is a dataclass with the fields `metric`, `space` and `paths`. It may have further
    fields. It declares `tables` and `spaces`, and its method `table` turns the content of one
    official table into a `Table`.
    """

    #: The official tables that are known without an instance. Where the table depends on a field,
    #: the subclass overrides `official`.
    tables: ClassVar[tuple[OfficialTable, ...]] = ()
    #: The search spaces that the dataset has values of.
    spaces: ClassVar[tuple[SearchSpace, ...]]

    metric: Metric
    space: SearchSpace
    paths: Paths

    def load(self) -> Table:
        """Return the table. The first call converts the official file and caches the result.

        Raises
        ------
        UserError
            If the official file is missing or damaged, or lacks the columns that the fields name.
        """
        self.check()
        return self.table(self.official().load(self.paths, self.wanted()))

    def check(self) -> None:
        """Check the fields without reading a file.

        Raises
        ------
        UserError
            If a field has a value that no official file of this dataset can satisfy.
        """
        if self.space not in self.spaces:
            names = " or ".join(each.name for each in self.spaces)
            raise UserError(
                f"{type(self).__name__} covers the space {names}, not {self.space.name}",
                remedy=f"space={self.spaces[0].name}",
            )

    def official(self) -> OfficialTable:
        """Return the official table that holds the values."""
        return self.tables[0]

    def wanted(self) -> Sequence[str] | None:
        """Return the names of the columns that `table` needs, or None for all columns."""
        return None

    @abstractmethod
    def table(self, content: Content) -> Table:
        """Turn the content of the official table into a `Table`.

        Raises
        ------
        UserError
            If the content lacks a column that the fields name.
        """

    def made(
        self,
        *,
        dataset: str,
        device: str,
        architectures: Architectures,
        values: NDArray[np.float64],
        provenance: Provenance,
        representative: NDArray[np.int64] | None = None,
        accuracy: Accuracy = UNKNOWN,
    ) -> Table:
        """Return a table of the metric. Values outside the metric's bounds become NaN.

        Several rows of one architecture are several measurements. Their row has the median, and
        the provenance says how many there were.

        Parameters
        ----------
        dataset, device, architectures, values, provenance
            As in `Table`.
        representative : array of int64, shape (n,), optional
            As in `Table`. By default every architecture is its own representative.
        accuracy : pair
            The accuracies and their provenance.
        """
        repeated = group_repeated(map(tuple, architectures.tolist()))
        first = repeated.rows
        if representative is None:
            representative = self.space.rank(architectures)
        known, of_accuracy = accuracy
        return Table(
            dataset=dataset,
            space=self.space,
            device=device,
            metric=self.metric,
            architectures=architectures[first],
            values=repeated.median(np.where(self.metric.missing(values), np.nan, values)),
            representative=representative[first],
            provenance=replace(provenance, details=provenance.details | repeated.details()),
            accuracy=None if known is None else repeated.median(known),
            accuracy_provenance=of_accuracy,
        )

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the files of `tables`."""
        return tuple(dict.fromkeys(table.file for table in cls.tables))

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield every column of `tables` that has a unit, except the accuracies.

        The accuracies in a column ``accuracy`` or ``<prefix>/accuracy`` are attached to the other
        columns with the same prefix.
        """
        for table in cls.tables:
            content = table.find(paths)
            if content is None:
                continue
            columns = content.columns
            architectures = None
            if table.space is not None and columns.units:
                architectures = cls.architectures(columns, paths)
            for name, unit in columns.units.items():
                accuracy = "".join(name.rpartition("/")[:2]) + "accuracy"
                if name != accuracy:
                    yield Column(
                        table.kind,
                        name,
                        unit,
                        columns.floats(name),
                        table.space,
                        architectures,
                        columns.floats(accuracy) if accuracy in columns.arrays else None,
                    )

    @classmethod
    def architectures(cls, columns: Columns, paths: Paths) -> Architectures:
        """Return the architecture of every row of an official table, shape (n, n_positions)."""
        del paths
        return columns.architectures()
