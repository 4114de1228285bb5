"""The selection stage of one experiment, as a config object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwnas.errors import UserError
from hwnas.selection._pareto import Float
from hwnas.selection._select import Selection, select


@dataclass(frozen=True)
class Selector:
    """Select the predicted Pareto front of a candidate set.

    Parameters
    ----------
    n_candidates : int, optional
        Size of the candidate set, drawn at random; default every architecture of the table.

    Examples
    --------
    >>> accuracy, cost = np.array([90.0, 80.0, 70.0]), np.array([3.0, 2.0, 1.0])
    >>> Selector(n_candidates=2).run(accuracy, cost, cost, np.random.default_rng(0)).n_selected
    2
    """

    n_candidates: int | None = None

    def __post_init__(self) -> None:
        if self.n_candidates is not None and self.n_candidates < 1:
            raise UserError(
                f"selection.n_candidates={self.n_candidates}: at least 1 candidate",
                mend="selection.n_candidates=null takes every architecture",
            )

    def run(
        self,
        accuracy: Float,
        true_cost: Float,
        predicted_cost: Float,
        rng: np.random.Generator,
    ) -> Selection:
        """Select among a candidate set of the table and score what was selected.

        Parameters
        ----------
        accuracy : array, shape (n,)
            Percent.
        true_cost, predicted_cost : array, shape (n,) or (n, n_metrics)
            Costs to minimise, in the metric's unit.
        rng : numpy.random.Generator
            Draws the candidate set.

        Raises
        ------
        UserError
            If the table has fewer architectures than `n_candidates`.
        """
        n = len(accuracy)
        if self.n_candidates is None:
            return select(accuracy, true_cost, predicted_cost)
        if self.n_candidates > n:
            raise UserError(
                f"selection.n_candidates={self.n_candidates}: the table has {n} architectures",
                mend="selection.n_candidates=null",
            )
        candidates = np.sort(rng.choice(n, self.n_candidates, replace=False))
        return select(accuracy, true_cost, predicted_cost, candidates)
