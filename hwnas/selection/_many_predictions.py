"""Selection with one hardware metric for many rows of predictions at once.

`hwnas.selection.select_front` makes one selection with moocore. The functions here make many at
once with NumPy, and expect candidates sorted by accuracy. A front is then a running minimum of the
costs, and the losses are a binary search in the true front. Tests compare both ways.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.selection._losses import Losses, SetLosses, selection_scores
from hwnas.selection._pareto import Float

Index = NDArray[np.intp]


def fronts(accuracy: Float, cost: Float) -> tuple[Index, Index]:
    """Return the Pareto front of each row of costs.

    Parameters
    ----------
    accuracy : array, shape (k, n)
        Accuracies in descending order within each row.
    cost : array, shape (k, n)
        Lower is better. An architecture with cost +inf is not in the front of its row.

    Returns
    -------
    rows, columns : array of int, shape (m,)
        Positions of the front's members in `cost`, row by row, in descending order of accuracy.
        If several points are equal, either all of them are members or none.

    Examples
    --------
    >>> accuracy = np.array([[3.0, 2.0, 2.0, 1.0]])
    >>> fronts(accuracy, np.array([[5.0, 6.0, 4.0, 4.0]]))[1].tolist()
    [0, 2]
    """
    # A member costs no more than any architecture before it. The rest is dropped here.
    rows, columns = np.nonzero((cost == np.minimum.accumulate(cost, axis=1)) & (cost < np.inf))
    kept_cost, kept_accuracy = cost[rows, columns], accuracy[rows, columns]
    # Within groups of equal accuracy, only the cheapest architectures are members, and only if
    # every more accurate architecture costs more. The kept costs descend along a row. So the last
    # one of a group is the group's lowest cost, and the one before the group is the lowest cost
    # at a higher accuracy.
    first_of_row = np.concatenate([[True], rows[1:] != rows[:-1]])
    starts_group = first_of_row | np.concatenate([[True], kept_accuracy[1:] != kept_accuracy[:-1]])
    starts = np.flatnonzero(starts_group)
    group = np.cumsum(starts_group) - 1
    lowest_cost = kept_cost[np.concatenate([starts[1:], [len(kept_cost)]]) - 1]
    cost_before = np.where(first_of_row[starts], np.inf, kept_cost[starts - 1])
    member = (kept_cost == lowest_cost[group]) & (kept_cost < cost_before[group])
    return rows[member], columns[member]


def score_many(
    accuracy: Float, true: Float, predicted: Float, reference: float, rounds: int = 1
) -> dict[str, Float]:
    """Score the selected set of each row of predictions.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Accuracies in percent, in descending order.
    true : array, shape (n,)
        True costs, standardised over the whole table.
    predicted : array, shape (k, n)
        Predicted costs, standardised in the same way.
    reference : float
        Cost of the hypervolume's reference point.
    rounds : int
        Rounds of verification, see `hwnas.selection.verify`.

    Returns
    -------
    dict of arrays, shape (k,)
        Each of `SELECTION_SCORES` by its name. ``mra_all_hardware`` and ``mra_pareto_hardware``
        are in standard deviations of the metric.
    """
    k = len(predicted)
    accuracies = np.broadcast_to(accuracy, predicted.shape)
    _, front = fronts(accuracy[np.newaxis], true[np.newaxis])
    front_accuracy, front_cost = accuracy[front], true[front]
    selected = fronts(accuracies, predicted)
    # Verification keeps only measured architectures: all others get the cost +inf.
    measured = np.full(predicted.shape, np.inf)
    measured[selected] = true[selected[1]]
    for _ in range(rounds - 1):
        next_front = fronts(accuracies, np.where(measured < np.inf, measured, predicted))
        measured[next_front] = true[next_front[1]]
    verified = fronts(accuracies, measured)

    def losses(members: tuple[Index, Index]) -> SetLosses:
        # On the true front, reversed here, accuracy rises with cost. The most accurate member
        # that costs no more than an architecture is the last one with at most its cost. The
        # cheapest member that is no less accurate is the first one with at least its accuracy.
        set_index, columns = members
        most_accurate = np.searchsorted(front_cost[::-1], true[columns], side="right") - 1
        cheapest = np.searchsorted(front_accuracy[::-1], accuracy[columns], side="left")
        return SetLosses(
            k,
            set_index,
            front_accuracy[::-1][most_accurate] - accuracy[columns],
            (true[columns] - front_cost[::-1][cheapest])[:, np.newaxis],
        )

    best = _hypervolumes(np.zeros_like(front), front_accuracy, front_cost, reference, 1)[0]
    scores = selection_scores(
        Losses(
            selected=losses(selected),
            verified=losses(verified),
            hypervolume=_hypervolumes(
                verified[0], accuracy[verified[1]], true[verified[1]], reference, k
            ),
            best_hypervolume=np.full(k, best),
            n_measured=np.count_nonzero(measured < np.inf, axis=1).astype(np.float64),
        )
    )
    # Scores with one value for each hardware metric have one column here.
    return {name: values.reshape(k) for name, values in scores.items()}


def _hypervolumes(rows: Index, accuracy: Float, cost: Float, reference: float, k: int) -> Float:
    """Return the hypervolumes of k fronts, shape (k,).

    Parameters
    ----------
    rows : array of int, shape (m,)
        Index of the front that each point is on, in ascending order.
    accuracy, cost : array, shape (m,)
        Points of the fronts. Within a front, costs are in descending order.
    reference : float
        Cost of the reference point.
    k : int
        Number of fronts.
    """
    # Each point adds a strip: its accuracy times the distance to the next higher cost. A point
    # beyond the reference cost adds a strip of width 0.
    bounded = np.minimum(cost, reference)
    next_higher = np.concatenate([[reference], bounded[:-1]])
    next_higher[np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))] = reference
    strips = accuracy / 100.0 * (next_higher - bounded)
    return np.asarray(np.bincount(rows, strips, k), dtype=np.float64)
