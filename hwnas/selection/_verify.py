"""Verification: measure the selected, correct the predictions by what was learnt, select again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwnas.selection._pareto import Float, nondominated, objectives
from hwnas.selection._selection import Rows

#: Takes rows of the table and returns their measured costs, shape (n,) or (n, n_metrics).
Measure = Callable[[Rows], Float]
#: Takes the rows measured so far and their costs, and returns predicted costs of the whole table.
Relearn = Callable[[Rows, Float], Float]


@dataclass(frozen=True)
class Verification:
    """What was measured in each round, and what stayed non-dominated by then.

    Parameters
    ----------
    measured : tuple of arrays of int64
        New rows of each round; the first is the selected set. A round in which the predicted
        front holds nothing new is not made: there are fewer rounds than asked for.
    kept : tuple of arrays of int64
        After each round: the measured rows that no other measured row dominates.
    costs : array, shape (n_measured, n_metrics)
        Measured costs, in the order of the concatenated `measured`.
    """

    measured: tuple[Rows, ...]
    kept: tuple[Rows, ...]
    costs: Float


def verify(
    accuracy: Float,
    predicted: Float,
    measure: Measure,
    rounds: int = 1,
    relearn: Relearn | None = None,
    candidates: Rows | None = None,
) -> Verification:
    """Measure the predicted front, for up to `rounds` rounds.

    Each round measures what is new on the predicted Pareto front. Measured values replace the
    predictions, so that architectures which a favourable deviation had put in front give way to
    those behind them; `relearn` also corrects the predictions of what was not measured.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent.
    predicted : array, shape (n,) or (n, n_metrics)
        Costs to minimise.
    measure : callable
        Measures rows: on the device, or by looking them up.
    rounds : int
        At least 1; 1 is the study's verification.
    relearn : callable, optional
        Fits the predictor again, with the verification's measurements added.
    candidates : array of int64, optional
        Rows to select from; default all.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or `rounds` is below 1.

    Examples
    --------
    >>> true = np.array([9.0, 2.0, 3.0])
    >>> done = verify([90.0, 80.0, 80.0], [1.0, 4.0, 3.0], lambda rows: true[rows], rounds=3)
    >>> [rows.tolist() for rows in done.measured], [rows.tolist() for rows in done.kept]
    ([[0], [2]], [[0], [0, 2]])
    """
    if rounds < 1:
        raise ValueError(f"{rounds} rounds of verification: at least 1")
    belief = objectives(accuracy, predicted)
    rows = np.arange(len(belief)) if candidates is None else np.asarray(candidates, dtype=np.int64)
    known: Rows = np.empty(0, dtype=np.int64)
    costs = np.empty((0, belief.shape[1] - 1))
    measured: list[Rows] = []
    kept: list[Rows] = []
    for left in reversed(range(rounds)):
        front = rows[nondominated(belief[rows])]
        fresh = np.setdiff1d(front, known)
        if len(fresh) == 0:
            break
        answer = objectives(-belief[fresh, 0], measure(fresh))[:, 1:]
        known, costs = np.concatenate([known, fresh]), np.concatenate([costs, answer])
        if relearn is not None and left > 0:
            belief = objectives(accuracy, relearn(known, costs))
        belief[known, 1:] = costs
        measured.append(fresh)
        kept.append(known[nondominated(belief[known])])
    return Verification(tuple(measured), tuple(kept), costs)
