"""What is known when advice is asked for: candidates, their accuracy, measurements so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.seeding import generator
from hwnas.selection import CandidateSet
from hwnas.space import Architectures, SearchSpace

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

#: A learning curve needs a few points.
FEWEST = 15
#: Where a whole table is measured, this many of it stand for the measurements so far.
SAMPLE = 124


@dataclass(frozen=True)
class Problem:
    """Candidates sorted by accuracy, best first, and the measurements so far.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
        The candidate set: the networks of known accuracy, each once, by the architecture that is
        measured for all that share it (`Table.measured_on`).
    accuracy : array, shape (n,)
        Percent, descending.
    measured : array of int64, shape (m,)
        Rows measured so far, in random order.
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
    def of(cls, table: Table, n_measured: int | None, seed: int) -> Problem:
        """Read the problem off a table.

        Rows without a value are candidates that are not measured yet. Where there are none, a
        random sample of the table stands for the measurements so far.

        Raises
        ------
        UserError
            If there are no accuracies, too few measurements for a learning curve, or not as many
            as asked for.
        """
        candidates = CandidateSet.of(table).by_accuracy()
        cost = candidates.cost
        known = np.flatnonzero(~np.isnan(cost))
        whole = len(known) == len(candidates)
        order = generator(seed, "advice", "measured").permutation(known)
        if n_measured is None:
            n_measured = min(SAMPLE, len(order) // 4) if whole else len(order)
        _check_measured(n_measured, len(order), table.dataset)
        measured = order[:n_measured]
        if np.ptp(cost[measured]) == 0:
            raise UserError(f"all {n_measured} measurements so far of {table.dataset} are equal")
        bounds = (table.metric.lower, table.metric.upper)
        return cls(
            space=table.space,
            architectures=candidates.architectures,
            accuracy=candidates.accuracy,
            measured=measured,
            cost=cost[measured],
            least=min(float(table.metric.cost(np.array([bound]))[0]) for bound in bounds),
            truth=cost if whole else None,
        )

    def __len__(self) -> int:
        return len(self.accuracy)


def _check_measured(n_measured: int, n_known: int, dataset: str) -> None:
    enough = f"measured={min(SAMPLE, n_known)}"
    if n_measured > n_known >= FEWEST:
        raise UserError(
            f"measured={n_measured}: {dataset} has no more than {n_known:,} measurements",
            remedy=enough,
        )
    if n_measured < FEWEST or n_known < FEWEST:
        more = "measure more first"
        raise UserError(
            f"{min(n_measured, n_known)} measurements so far, of {n_known:,} in {dataset}: advice "
            f"needs {FEWEST} at least",
            remedy=f"{enough}, or {more}" if n_known >= FEWEST else more,
        )
