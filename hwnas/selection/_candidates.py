"""The candidate set of a table: every network that can be selected, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError, command
from hwnas.selection._pareto import Float

if TYPE_CHECKING:
    from hwnas.dataset import Table
    from hwnas.space import Architectures, Identities


@dataclass(frozen=True)
class CandidateSet:
    """The architectures of a table that were measured themselves and have a known accuracy.

    Several architectures can have the same network. A table that measured the network only once
    has one row of it in the set, because a random sample would otherwise contain networks with
    many copies more often. A table that measured each of these architectures has all of them.

    Parameters
    ----------
    table : hwnas.dataset.Table
        A table with accuracies.
    rows : array of int64, shape (n,)
        Rows of the table. `CandidateSet.of` finds them.

    Examples
    --------
    >>> from hwnas.dataset import Table
    >>> from hwnas.space import NASBench201
    >>> space = NASBench201()
    >>> table = Table.from_arrays(
    ...     space, space.enumerate()[:3], [1.0, 2.0, 3.0], accuracy=[10.0, 60.0, 30.0]
    ... )
    >>> CandidateSet.of(table).by_accuracy().cost
    array([2., 3., 1.])
    """

    table: Table
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, table: Table, min_accuracy: float | None = None) -> CandidateSet:
        """Return the candidate set of a table, in the order of its rows.

        A network is represented by the architecture that was measured, or by one of its copies
        if only a copy has a value.

        Parameters
        ----------
        table : hwnas.dataset.Table
        min_accuracy : float, optional
            Percent. The set has no architecture below it. Default: every accuracy is accepted.

        Raises
        ------
        UserError
            If the table has no accuracies, or all of them are below `min_accuracy`.
        """
        if table.accuracy is None:
            fetch, other = command("fetch nasbench201"), "dataset=local/cpu"
            raise UserError(
                f"{table.dataset} has no accuracies, so no architecture can be selected",
                remedy=fetch if table.space.name == "nasbench201" else other,
            )
        network = table.measured_on()
        # Rows with a value come first, because a table can lack the value of the architecture
        # that was measured and have that of a copy. The measured architectures come next.
        by_preference = np.lexsort((network != np.arange(len(table)), np.isnan(table.values)))
        _, first = np.unique(network[by_preference], return_index=True)
        rows = np.sort(by_preference[first])
        known = cls(table, rows[~np.isnan(table.accuracy[rows])])
        return known if min_accuracy is None else known._at_least(min_accuracy)

    def _at_least(self, min_accuracy: float) -> CandidateSet:
        accurate = replace(self, rows=self.rows[self.accuracy >= min_accuracy])
        if len(accurate) == 0:
            highest = float(self.accuracy.max(initial=0.0))
            raise UserError(
                f"selection.min_accuracy={min_accuracy:g}: no architecture of "
                f"{self.table.dataset} has this accuracy, the highest is {highest:.4g} %",
                remedy=f"selection.min_accuracy={int(highest / 2)}, or null for no bound",
            )
        return accurate

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def architectures(self) -> Architectures:
        """The candidates as operation indices, shape (n, n_positions)."""
        return self.table.architectures[self.rows]

    @property
    def accuracy(self) -> Float:
        """The candidates' accuracies in percent, shape (n,)."""
        assert self.table.accuracy is not None
        return self.table.accuracy[self.rows]

    @property
    def cost(self) -> Float:
        """The candidates' true values as costs, shape (n,); NaN where the value is missing."""
        return self.table.metric.cost(self.table.values[self.rows])

    @property
    def network(self) -> NDArray[np.int64]:
        """The candidates' networks, shape (n,): equal for candidates with the same network.

        A set has several candidates with one network if the table has a value of its own for each
        of them, as HW-NAS-Bench does.
        """
        keys = self.table.space.network_representative(self.architectures)
        return np.unique(keys, return_inverse=True)[1]

    def measured(self) -> CandidateSet:
        """Return the candidates that have a value."""
        return replace(self, rows=self.rows[~np.isnan(self.cost)])

    def by_rank(self) -> CandidateSet:
        """Return the candidates sorted by their rank in the search space.

        This order does not depend on the order of the rows in the data file.
        """
        return replace(self, rows=self.rows[np.argsort(self._rank)])

    def by_accuracy(self) -> CandidateSet:
        """Return the candidates sorted by descending accuracy, then by rank in the search space."""
        return replace(self, rows=self.rows[np.lexsort((self._rank, -self.accuracy))])

    @property
    def _rank(self) -> Identities:
        return self.table.space.identity(self.architectures)
