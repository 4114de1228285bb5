"""The base class of datasets that others publish."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns
from hwnas.dataset._described import Column, Described
from hwnas.dataset._official import OfficialFile
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import UNKNOWN, Accuracy, Provenance, Table
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, SearchSpace


class Benchmark(Described, ABC):
    """A dataset in official files.

    A subclass is a dataclass with the fields `metric`, `space`, `paths` and those of its own. It
    declares `tables` and `spaces`, and makes a `Table` of the content of one of its official
    tables.
    """

    #: The official tables, those that depend on a field left out.
    tables: ClassVar[tuple[OfficialTable, ...]] = ()
    #: The search spaces whose architectures were measured.
    spaces: ClassVar[tuple[SearchSpace, ...]]

    metric: Metric
    space: SearchSpace
    paths: Paths

    def load(self) -> Table:
        """Return the table; it is read, converted and cached on first use.

        Raises
        ------
        UserError
            If the file is not here or damaged, or does not hold what the fields ask for.
        """
        self.check()
        return self.table(self.official().load(self.paths, self.wanted()))

    def check(self) -> None:
        """Refuse fields that cannot be right whatever the file holds.

        Raises
        ------
        UserError
            Naming the field.
        """
        if self.space not in self.spaces:
            names = " or ".join(each.name for each in self.spaces)
            raise UserError(
                f"{type(self).__name__} has the space {names}, not {self.space.name}",
                remedy=f"space={self.spaces[0].name}",
            )

    def official(self) -> OfficialTable:
        """Return the official table that holds the values."""
        return self.tables[0]

    def wanted(self) -> Sequence[str] | None:
        """Return the columns that `table` needs; None for all."""
        return None

    @abstractmethod
    def table(self, content: Content) -> Table:
        """Make the table of what the official table holds.

        Raises
        ------
        UserError
            If it does not hold what the fields ask for.
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
        """Return a table of the metric, in which impossible values are missing.

        Parameters
        ----------
        dataset, device, architectures, values, provenance
            As in `Table`.
        representative : array of int64, shape (n,), optional
            As in `Table`; by default every architecture was measured on its own.
        accuracy : pair
            The accuracies and their provenance.
        """
        own = self.space.rank(architectures)
        return Table(
            dataset=dataset,
            space=self.space,
            device=device,
            metric=self.metric,
            architectures=architectures,
            values=np.where(self.metric.missing(values), np.nan, values),
            representative=own if representative is None else representative,
            provenance=provenance,
            accuracy=accuracy[0],
            accuracy_provenance=accuracy[1],
        )

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the files of `tables`."""
        return tuple(dict.fromkeys(table.file for table in cls.tables))

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield every column of `tables` that has a unit.

        A column ``accuracy``, or ``<prefix>/accuracy``, is the accuracy of the other columns with
        the same prefix, and not yielded itself.
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
