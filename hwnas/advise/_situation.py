"""What is known when advice is asked for: candidates, their accuracy, measurements so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.seeding import generator
from hwnas.space import Architectures, SearchSpace

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

#: A learning curve needs a few points.
FEWEST = 15
#: Where a whole table is measured, this many of it stand for the measurements so far.
SAMPLE = 124


@dataclass(frozen=True)
class Situation:
    """Candidates sorted by accuracy, best first, and the measurements so far.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
        The candidate set: every architecture of known accuracy.
    accuracy : array, shape (n,)
        Percent, descending.
    measured : array of int64, shape (m,)
        Rows measured so far, one a distinct measurement, in random order.
    cost : array, shape (m,)
        Their values as costs, in the order of `measured`.
    least : float
        Bound below which no cost is physically possible.
    truth : array, shape (n,), or None
        All costs, where the table is whole: never used for advice, only to follow a plan.
    """

    space: SearchSpace
    architectures: Architectures
    accuracy: Float
    measured: Rows
    cost: Float
    least: float
    truth: Float | None

    @classmethod
    def of(cls, table: Table, n_measured: int | None, seed: int) -> Situation:
        """Read the situation off a table.

        Rows without a value are candidates that are not measured yet. Where there are none, a
        random sample of the table stands for the measurements so far.

        Raises
        ------
        UserError
            If there are no accuracies, or too few measurements for a learning curve.
        """
        if table.accuracy is None:
            raise UserError(f"{table.dataset} has no accuracy: there is nothing to select by")
        rows = np.flatnonzero(~np.isnan(table.accuracy))
        cost = table.metric.cost(table.values)
        rows = rows[
            np.lexsort((table.space.rank(table.architectures[rows]), -table.accuracy[rows]))
        ]
        cost = cost[rows]
        known = np.flatnonzero(~np.isnan(cost))
        whole = len(known) == len(rows)
        # Copies of one measurement tell nothing new: one row of each, in the seed's order.
        order = generator(seed, "advice", "measured").permutation(known)
        _, first = np.unique(table.representative[rows[order]], return_index=True)
        distinct = order[np.sort(first)]
        if n_measured is None:
            n_measured = min(SAMPLE, len(distinct) // 4) if whole else len(distinct)
        if not FEWEST <= n_measured <= len(distinct):
            raise UserError(
                f"{n_measured} measurements so far, of {len(distinct)} in {table.dataset}: advice "
                f"needs {FEWEST} at least",
                mend=f"measured={min(SAMPLE, len(distinct))}, or measure more first",
            )
        measured = distinct[:n_measured]
        if np.ptp(cost[measured]) == 0:
            raise UserError(f"all {n_measured} measurements so far of {table.dataset} are equal")
        bounds = (table.metric.lower, table.metric.upper)
        return cls(
            space=table.space,
            architectures=table.architectures[rows],
            accuracy=table.accuracy[rows],
            measured=measured,
            cost=cost[measured],
            least=min(float(table.metric.cost(np.array([bound]))[0]) for bound in bounds),
            truth=cost if whole else None,
        )

    def __len__(self) -> int:
        return len(self.accuracy)
