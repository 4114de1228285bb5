"""The candidate set of a table: the networks that can be selected, each of them once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError, command
from hwnas.selection._pareto import Float

if TYPE_CHECKING:
    from hwnas.dataset import Table
    from hwnas.space import Architectures


@dataclass(frozen=True)
class CandidateSet:
    """Networks of known accuracy, each by the architecture that was measured for its copies.

    Architectures that copy a measurement are one network: measuring a copy too tells nothing new,
    and a random candidate set would hold it as often as it has copies.

    Parameters
    ----------
    table : hwnas.dataset.Table
        With accuracies.
    rows : array of int64, shape (n,)
        Rows of the table.

    Raises
    ------
    UserError
        `of` raises it if the table has no accuracies.
    """

    table: Table
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, table: Table) -> CandidateSet:
        """Return the candidates of a table, in the order of its rows."""
        if table.accuracy is None:
            fetch, other = command("fetch nasbench201"), "dataset=local/cpu"
            raise UserError(
                f"{table.dataset} has no accuracy: there is nothing to select by",
                remedy=fetch if table.space.name == "nasbench201" else other,
            )
        network = table.measured_on()
        # Only a copy may have a value, where the architecture itself could not be measured.
        preferred = np.lexsort((network != np.arange(len(table)), np.isnan(table.values)))
        _, first = np.unique(network[preferred], return_index=True)
        rows = np.sort(preferred[first])
        return cls(table, rows[~np.isnan(table.accuracy[rows])])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def architectures(self) -> Architectures:
        """The candidates as operation indices, shape (n, n_positions)."""
        return self.table.architectures[self.rows]

    @property
    def accuracy(self) -> Float:
        """Accuracy in percent, shape (n,)."""
        assert self.table.accuracy is not None
        return self.table.accuracy[self.rows]

    @property
    def cost(self) -> Float:
        """True values as costs to minimise, shape (n,); NaN where nothing was measured."""
        return self.table.metric.cost(self.table.values[self.rows])

    def measured(self) -> CandidateSet:
        """Return the candidates whose value is known."""
        return replace(self, rows=self.rows[~np.isnan(self.cost)])

    def by_rank(self) -> CandidateSet:
        """Return the candidates in the order of the search space, whatever the file's order."""
        return replace(self, rows=self.rows[np.argsort(self._rank)])

    def by_accuracy(self) -> CandidateSet:
        """Return the candidates with the best accuracy first; ties in the order of the space."""
        return replace(self, rows=self.rows[np.lexsort((self._rank, -self.accuracy))])

    @property
    def _rank(self) -> NDArray[np.int64]:
        return self.table.space.rank(self.architectures)
