"""Pareto fronts and hypervolumes of accuracy and cost, computed by the moocore library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def objectives(accuracy: Float, cost: Float) -> Float:
    """Return points whose coordinates are all to be minimised: ``-accuracy``, then the costs.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent.
    cost : array, shape (n,) or (n, n_metrics)
        Costs of one or several hardware metrics, see `hwnas.metric.Metric.cost`.

    Returns
    -------
    array of float64, shape (n, 1 + n_metrics)

    Raises
    ------
    ValueError
        If there are no points, the lengths differ, or a value is NaN or infinite. NaN is refused
        because comparisons with NaN are false, which would silently give a wrong Pareto front.

    Examples
    --------
    >>> objectives([90.0, 80.0], [3.0, 1.0]).tolist()
    [[-90.0, 3.0], [-80.0, 1.0]]
    """
    percent = np.asarray(accuracy, dtype=np.float64)
    costs = np.asarray(cost, dtype=np.float64)
    costs = costs[:, np.newaxis] if costs.ndim == 1 else costs
    if percent.ndim != 1 or costs.ndim != 2 or len(percent) != len(costs):
        raise ValueError(
            f"accuracy has shape {np.shape(accuracy)} and cost has shape {np.shape(cost)}: "
            "each architecture needs one accuracy and one row of costs"
        )
    if len(percent) == 0:
        raise ValueError("there are no architectures to select from")
    points = np.column_stack([-percent, costs])
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{np.count_nonzero(bad)} of {len(points)} architectures have an accuracy or a cost "
            f"that is NaN or infinite (the first has index {int(np.argmax(bad))}): leave them out"
        )
    return points


def nondominated(points: Float) -> NDArray[np.bool_]:
    """Return which points no other point dominates, as a mask of shape (n,).

    Equal points do not dominate each other: if one is non-dominated, all of them are. The mask
    therefore does not depend on the order of the points.

    Parameters
    ----------
    points : array, shape (n, n_objectives)
        Points whose coordinates are all to be minimised.

    Examples
    --------
    >>> nondominated(np.array([[0.0, 2.0], [1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])).tolist()
    [True, True, True, False]
    """
    import moocore

    return np.asarray(moocore.is_nondominated(points, keep_weakly=True), dtype=np.bool_)


def pareto_front(accuracy: Float, cost: Float) -> NDArray[np.int64]:
    """Return the indices of the Pareto front, sorted by descending accuracy, then by cost.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent; higher is better.
    cost : array, shape (n,) or (n, n_metrics)
        Lower is better.

    Raises
    ------
    ValueError
        See `objectives`.

    Examples
    --------
    >>> pareto_front([70.0, 90.0, 80.0], [2.0, 3.0, 1.0]).tolist()
    [1, 2]
    """
    points = objectives(accuracy, cost)
    front = np.flatnonzero(nondominated(points))
    return front[np.lexsort(points[front].T[::-1])]


def one_per_network(
    rows: NDArray[np.int64], cost: Float, network: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the cheapest row of each network, in ascending order.

    Of equally cheap rows of a network, the lowest row is kept. Rows of different networks are
    all kept.

    Parameters
    ----------
    rows : array of int64, shape (k,)
        Rows of `cost` and of `network`.
    cost : array, shape (n, n_metrics)
        The first metric decides, then the second, and so on.
    network : array of int64, shape (n,)
        Equal for architectures with the same network.

    Examples
    --------
    >>> cost, network = np.array([[3.0], [1.0], [2.0]]), np.array([7, 7, 9])
    >>> one_per_network(np.arange(3), cost, network).tolist()
    [1, 2]
    """
    order = np.lexsort((rows, *cost[rows].T[::-1]))
    _, first = np.unique(network[rows][order], return_index=True)
    return np.sort(rows[order[first]])


def hypervolume(points: Float, reference: Float) -> float:
    """Return the volume that the points dominate, bounded by a reference point.

    A point that is worse than the reference point in some coordinate adds no volume.

    Parameters
    ----------
    points : array, shape (n, n_objectives)
        Points whose coordinates are all to be minimised.
    reference : array, shape (n_objectives,)

    Examples
    --------
    >>> hypervolume(np.array([[-0.5, 1.0], [-1.0, 2.0]]), np.array([0.0, 3.0]))
    1.5
    """
    import moocore

    return float(moocore.hypervolume(points, ref=reference))
