"""Verification: measure the selected set and keep the front of the measured values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwnas.selection._pareto import Float, nondominated, objectives, one_per_network
from hwnas.selection._selection import Rows

#: A function that measures architectures and returns their costs, shape (n,) or (n, n_metrics). It
#: takes the rows that the architectures have in the arrays that `verify` received.
Measure = Callable[[Rows], Float]
#: A function that takes all measured rows and their costs, fits the predictor to them as well, and
#: returns predicted costs of all rows.
Relearn = Callable[[Rows, Float], Float]


@dataclass(frozen=True)
class Verification:
    """The rows that each round of verification measured and kept.

    There are fewer rounds than requested if a predicted front has no unmeasured rows.

    Parameters
    ----------
    measured : tuple of arrays of int64
        For each round, the rows that it measured. The first round measures the selected set.
    kept : tuple of arrays of int64
        For each round, all rows measured so far that no other measured row dominates.
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
    network: Rows | None = None,
) -> Verification:
    """Measure the predicted Pareto front in up to `rounds` rounds.

    Each round measures the architectures on the predicted front that are not measured yet. Their
    measured costs then replace their predicted costs. An architecture whose cost was
    underestimated can therefore leave the front, and other architectures can join it. `relearn`
    also corrects the predictions of architectures that were not measured.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent.
    predicted : array, shape (n,) or (n, n_metrics)
        Predicted costs.
    measure : callable
        Returns the costs of rows, by a measurement on the device or from a table.
    rounds : int
        At least 1. One round is the verification of the paper.
    relearn : callable, optional
        Fits the predictor again between rounds, see `Relearn`.
    candidates : array of int64, optional
        Rows of the candidate set. Default: all rows.
    network : array of int64, shape (n,), optional
        Equal for architectures with the same network. Of each network, only the predicted
        cheapest architecture on the front is measured. Default: all networks are different.

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
        raise ValueError(f"rounds={rounds}: verification needs at least 1 round")
    # Measured costs, and predicted costs where there is no measured one.
    points = objectives(accuracy, predicted)
    every = np.arange(len(points))
    rows = every if candidates is None else np.asarray(candidates, dtype=np.int64)
    network = every if network is None else network
    known: Rows = np.empty(0, dtype=np.int64)
    costs = np.empty((0, points.shape[1] - 1))
    measured: list[Rows] = []
    kept: list[Rows] = []
    for number in range(1, rounds + 1):
        front = rows[nondominated(points[rows])]
        new = front[~np.isin(network[front], network[known])]
        unmeasured = one_per_network(new, points[:, 1:], network)
        if len(unmeasured) == 0:
            break
        # `objectives` checks the measured costs.
        new_costs = objectives(-points[unmeasured, 0], measure(unmeasured))[:, 1:]
        known, costs = np.concatenate([known, unmeasured]), np.concatenate([costs, new_costs])
        # After the last round nothing is selected, so no new predictions are needed.
        if relearn is not None and number < rounds:
            points = objectives(accuracy, relearn(known, costs))
        points[known, 1:] = costs
        measured.append(unmeasured)
        kept.append(known[nondominated(points[known])])
    return Verification(tuple(measured), tuple(kept), costs)
