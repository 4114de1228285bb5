"""Pareto fronts and hypervolume of (accuracy, hardware) points, by the moocore library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def objectives(accuracy: Float, cost: Float) -> Float:
    """Return the points to minimise: ``-accuracy`` and one column a hardware metric.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent.
    cost : array, shape (n,) or (n, n_metrics)
        Hardware values as costs, `hwnas.metric.Metric.cost`.

    Returns
    -------
    array of float64, shape (n, 1 + n_metrics)

    Raises
    ------
    ValueError
        If there are no points, the lengths disagree, or a value is NaN or infinite. NaN would
        corrupt a Pareto front without a sign of it.

    Examples
    --------
    >>> objectives([90.0, 80.0], [3.0, 1.0]).tolist()
    [[-90.0, 3.0], [-80.0, 1.0]]
    """
    first = np.asarray(accuracy, dtype=np.float64)
    rest = np.asarray(cost, dtype=np.float64)
    rest = rest[:, np.newaxis] if rest.ndim == 1 else rest
    if first.ndim != 1 or rest.ndim != 2 or len(first) != len(rest):
        raise ValueError(
            f"accuracy has shape {np.shape(accuracy)} and cost {np.shape(cost)}: "
            "one accuracy and one row of costs an architecture"
        )
    if len(first) == 0:
        raise ValueError("no architectures to select from")
    points = np.column_stack([-first, rest])
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{np.count_nonzero(bad)} of {len(points)} architectures have a value that is NaN or "
            f"infinite (the first is number {int(np.argmax(bad))}): leave them out first"
        )
    return points


def nondominated(points: Float) -> NDArray[np.bool_]:
    """Tell which points no other one dominates; all are minimised.

    Copies of a non-dominated point are all kept, for none of them dominates another: so the
    answer does not depend on the order of the points.

    Examples
    --------
    >>> nondominated(np.array([[0.0, 2.0], [1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])).tolist()
    [True, True, True, False]
    """
    import moocore

    return np.asarray(moocore.is_nondominated(points, keep_weakly=True), dtype=np.bool_)


def pareto_front(accuracy: Float, cost: Float) -> NDArray[np.int64]:
    """Return the indices of the Pareto front, best accuracy first.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, to maximise.
    cost : array, shape (n,) or (n, n_metrics)
        To minimise.

    Examples
    --------
    >>> pareto_front([70.0, 90.0, 80.0], [2.0, 3.0, 1.0]).tolist()
    [1, 2]
    """
    points = objectives(accuracy, cost)
    kept = np.flatnonzero(nondominated(points))
    # Costs, then the index, decide among equal accuracies.
    return kept[np.lexsort(points[kept].T[::-1])]


def hypervolume(points: Float, reference: Float) -> float:
    """Return the volume that the points dominate within `reference`; all are minimised.

    Points beyond the reference point add nothing.

    Examples
    --------
    >>> hypervolume(np.array([[-0.5, 1.0], [-1.0, 2.0]]), np.array([0.0, 3.0]))
    1.5
    """
    import moocore

    return float(moocore.hypervolume(points, ref=reference))
