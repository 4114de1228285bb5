"""What advice starts from: the candidates, their accuracies and the measurements so far."""

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

#: Fewest measurements that a learning curve is fitted to.
FEWEST = 15
#: Number of measurements that advice uses of a table in which every candidate is measured.
SAMPLE = 124


@dataclass(frozen=True)
class Problem:
    """The candidate set, sorted by accuracy, best first, and the measurements so far.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
        The candidate set. It holds each network of known accuracy once, as the architecture that
        was measured for all architectures with that network (see `Table.measured_on`).
    accuracy : array, shape (n,)
        Percent, descending.
    measured : array of int64, shape (m,)
        Rows of the measured candidates, in random order.
    cost : array, shape (m,)
        Costs of the measured candidates, in the order of `measured`.
    least : float
        Lower bound of the cost, from the bounds of the metric.
    truth : array, shape (n,), or None
        All costs, or None if a candidate is not measured. Advice never reads it; `replay` does.
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
        """Return the problem that a table poses.

        Rows without a value are candidates that are not measured yet. If every row has a value,
        a random sample of the rows serves as the measurements so far.

        Parameters
        ----------
        table : Table
        n_measured : int or None
            Number of measurements that advice may use. None uses all of them, or `SAMPLE` of a
            table in which every candidate is measured, but at most a quarter of that table.
        seed : int
            Seed of the random order of the measurements.

        Raises
        ------
        UserError
            If the table has no accuracies, fewer than `n_measured` measurements or too few for a
            learning curve, or if all measured values are equal.
        """
        candidates = CandidateSet.of(table).by_accuracy()
        cost = candidates.cost
        known = np.flatnonzero(~np.isnan(cost))
        all_known = len(known) == len(candidates)
        order = generator(seed, "advice", "measured").permutation(known)
        if n_measured is None:
            n_measured = min(SAMPLE, len(order) // 4) if all_known else len(order)
        _check_measured(n_measured, len(order), table.dataset)
        measured = order[:n_measured]
        if np.ptp(cost[measured]) == 0:
            raise UserError(
                f"{table.dataset}: all {n_measured} measurements so far are equal, so there is "
                "nothing to predict",
                remedy="choose another dataset, or a larger number for measured=",
            )
        bounds = (table.metric.lower, table.metric.upper)
        return cls(
            space=table.space,
            architectures=candidates.architectures,
            accuracy=candidates.accuracy,
            measured=measured,
            cost=cost[measured],
            least=min(float(table.metric.cost(np.array([bound]))[0]) for bound in bounds),
            truth=cost if all_known else None,
        )

    def __len__(self) -> int:
        return len(self.accuracy)


def _check_measured(n_measured: int, n_known: int, dataset: str) -> None:
    """Raise `UserError` unless a table has `n_measured` measurements and they are enough."""
    if n_known < FEWEST:
        raise UserError(
            f"{dataset} has {n_known} measurements, but advice needs at least {FEWEST}",
            remedy=f"measure at least {FEWEST} architectures first",
        )
    possible = f"measured={min(SAMPLE, n_known)}"
    if n_measured > n_known:
        raise UserError(
            f"measured={n_measured}: {dataset} has only {n_known:,} measurements", remedy=possible
        )
    if n_measured < FEWEST:
        raise UserError(
            f"advice may use {n_measured} of the {n_known:,} measurements of {dataset}, but needs "
            f"at least {FEWEST}",
            remedy=possible,
        )
