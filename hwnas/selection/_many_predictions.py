"""Two objectives, many noise levels at once: fronts by a running minimum, lookups by a search.

The public `select_front` does one selection with moocore. This is the same for one candidate set
sorted by accuracy and many rows of predictions, and is tested against it.
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
        Descending within a row.
    cost : array, shape (k, n)
        To minimise; +inf takes an architecture out of its row.

    Returns
    -------
    rows, columns : array of int, shape (m,)
        The members, row by row, best accuracy first; all copies of a member are members.

    Examples
    --------
    >>> accuracy = np.array([[3.0, 2.0, 2.0, 1.0]])
    >>> fronts(accuracy, np.array([[5.0, 6.0, 4.0, 4.0]]))[1].tolist()
    [0, 2]
    """
    # A member costs no more than any architecture before it: only those are looked at again.
    rows, columns = np.nonzero((cost == np.minimum.accumulate(cost, axis=1)) & (cost < np.inf))
    value, quality = cost[rows, columns], accuracy[rows, columns]
    # Groups of equal accuracy within a row. Costs descend along a row, so a group's last member
    # is its cheapest, and the one just before the group the cheapest of a better accuracy.
    first_of_row = np.concatenate([[True], rows[1:] != rows[:-1]])
    opens = first_of_row | np.concatenate([[True], quality[1:] != quality[:-1]])
    starts = np.flatnonzero(opens)
    group = np.cumsum(opens) - 1
    cheapest = value[np.concatenate([starts[1:], [len(value)]]) - 1]
    better = np.where(first_of_row[starts], np.inf, value[starts - 1])
    member = (value == cheapest[group]) & (value < better[group])
    return rows[member], columns[member]


def score_many(
    accuracy: Float, true: Float, predicted: Float, reference: float, rounds: int = 1
) -> dict[str, Float]:
    """Score the selected set of each row of predictions.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, descending.
    true : array, shape (n,)
        Costs, standardised over the whole table.
    predicted : array, shape (k, n)
        Predicted costs, on the same scale.
    reference : float
        Cost of the hypervolume's reference point.
    rounds : int
        Rounds of verification, see `hwnas.selection.verify`.

    Returns
    -------
    dict of arrays, shape (k,)
        One for each of `SELECTION_SCORES`; those along the hardware axis in standard deviations.
    """
    k = len(predicted)
    quality = np.broadcast_to(accuracy, predicted.shape)
    _, front = fronts(accuracy[np.newaxis], true[np.newaxis])
    front_accuracy, front_cost = accuracy[front], true[front]
    selected = fronts(quality, predicted)
    # What is not measured yet cannot be kept: it costs infinitely much.
    measured = np.full(predicted.shape, np.inf)
    measured[selected] = true[selected[1]]
    for _ in range(rounds - 1):
        again = fronts(quality, np.where(measured < np.inf, measured, predicted))
        measured[again] = true[again[1]]
    verified = fronts(quality, measured)

    def losses(members: tuple[Index, Index]) -> SetLosses:
        # Along the front the cost falls with the accuracy: the best member that is at least as
        # good is the last one within the own cost, or the first one within the own accuracy.
        of_set, columns = members
        within_cost = np.searchsorted(front_cost[::-1], true[columns], side="right") - 1
        within_accuracy = np.searchsorted(front_accuracy[::-1], accuracy[columns], side="left")
        return SetLosses(
            k,
            of_set,
            front_accuracy[::-1][within_cost] - accuracy[columns],
            (true[columns] - front_cost[::-1][within_accuracy])[:, np.newaxis],
        )

    best = _hypervolumes(np.zeros_like(front), front_accuracy, front_cost, reference, 1)[0]
    found = selection_scores(
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
    # One hardware metric: one number.
    return {name: values.reshape(k) for name, values in found.items()}


def _hypervolumes(rows: Index, accuracy: Float, cost: Float, reference: float, k: int) -> Float:
    """Return the hypervolume of each row's front, whose costs descend along the row."""
    # Beyond the reference nothing is added: the strip there gets no width.
    right = np.minimum(cost, reference)
    previous = np.concatenate([[reference], right[:-1]])
    previous[np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))] = reference
    strips = accuracy / 100.0 * (previous - right)
    return np.asarray(np.bincount(rows, strips, k), dtype=np.float64)
