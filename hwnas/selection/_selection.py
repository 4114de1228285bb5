"""What a predictor's deviations cost when architectures are selected by its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.selection._limit import Constrained
from hwnas.selection._losses import SELECTION_SCORES, Losses, SetLosses
from hwnas.selection._pareto import Float, hypervolume, nondominated, objectives

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation that standardise hardware costs, one a metric.

    The hypervolume is taken on costs standardised over the whole table, so that candidate sets
    of different sizes compare.
    """

    mean: Float
    std: Float

    @classmethod
    def of(cls, cost: Float) -> Scale:
        """Return the scale of a whole table of costs, shape (n,) or (n, n_metrics).

        Raises
        ------
        ValueError
            If a metric is the same for every architecture: there is nothing to select by.

        Examples
        --------
        >>> Scale.of(np.array([1.0, 3.0]))
        Scale(mean=array([2.]), std=array([1.]))
        """
        columns = np.asarray(cost, dtype=np.float64)
        columns = columns[:, np.newaxis] if columns.ndim == 1 else columns
        std = columns.std(axis=0)
        if not (std > 0).all():
            raise ValueError("a hardware metric is the same for every architecture of the table")
        return cls(columns.mean(axis=0), std)

    def standardised(self, points: Float) -> Float:
        """Return objective points with accuracy in [0, 1] and standardised costs."""
        return np.column_stack([points[:, 0] / 100.0, (points[:, 1:] - self.mean) / self.std])


@dataclass(frozen=True)
class DeviceValues:
    """What verification measured on the device, beside the table's true values.

    Parameters
    ----------
    rows : array of int64, shape (n,)
    costs : array, shape (n, n_metrics)
    """

    rows: Rows
    costs: Float


@dataclass(frozen=True)
class Selection:
    """The selected set of one candidate set, and its scores (spec: Laube et al. 2022).

    Parameters
    ----------
    candidates : array of int64
        The candidate set, as rows of the table.
    true_front : array of int64
        True Pareto front: rows that no candidate dominates in accuracy and true values.
    selected : array of int64
        Selected set: the predicted Pareto front, of accuracy and predicted values.
    verified : array of int64
        Rows that stay non-dominated after verification: of the selected set, once it is measured,
        and of what further rounds measured.
    scores : mapping
        Each of `hwnas.selection.SELECTION_SCORES` by name; of those along the hardware axis a tuple
        where there are several metrics.
    rounds : tuple of mapping
        Scores after each round of verification; empty for a selection without rounds.
    constraint : Constrained, optional
        The choice under a limit on the hardware metric, where one was asked for.
    device_values : DeviceValues, optional
        What was measured, where verification measured on the device: `verified` is non-dominated
        in these costs, while every score is in the table's.

    Examples
    --------
    >>> chosen = select_front([90.0, 80.0, 70.0], [3.0, 2.0, 1.0], [3.0, 1.0, 1.5])
    >>> chosen.selected.tolist(), chosen.verified.tolist(), chosen.scores["mra_all_percent"]
    ([0, 1], [0, 1], 0.0)
    """

    candidates: Rows
    true_front: Rows
    selected: Rows
    verified: Rows
    scores: Mapping[str, Any]
    rounds: tuple[Mapping[str, Any], ...] = ()
    constraint: Constrained | None = None
    device_values: DeviceValues | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return every score by name, as ``result.json`` keeps them under ``selection``."""
        found: dict[str, Any] = {
            "n_candidates": len(self.candidates),
            "n_true_front": len(self.true_front),
            **{k: list(v) if isinstance(v, tuple) else v for k, v in self.scores.items()},
        }
        if len(self.rounds) > 1:
            found["rounds"] = [dict(one) for one in self.rounds]
        if self.constraint is not None:
            found["constraint"] = self.constraint.to_dict()
        return found


def select_front(
    accuracy: Float,
    true: Float,
    predicted: Float,
    candidates: Rows | None = None,
    scale: Scale | None = None,
) -> Selection:
    """Select the predicted Pareto front of a candidate set, and pay with the true values.

    Parameters
    ----------
    accuracy : array, shape (n,)
        True accuracy of every architecture of the table, in percent.
    true, predicted : array, shape (n,) or (n, n_metrics)
        Hardware values as costs to minimise (`hwnas.metric.Metric.cost`), in the metric's unit.
    candidates : array of int64, optional
        Rows to select from; default all.
    scale : Scale, optional
        Standardisation of the costs for the hypervolume; default that of `true`.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, shapes disagree, or `true` is constant.
    """
    truth = objectives(accuracy, true)
    belief = objectives(accuracy, predicted)
    if truth.shape != belief.shape:
        raise ValueError("true and predicted hardware values have different numbers of metrics")
    rows = np.arange(len(truth)) if candidates is None else np.asarray(candidates, dtype=np.int64)
    if len(rows) == 0:
        raise ValueError("the candidate set is empty")
    return score_selected(
        truth, rows, rows[nondominated(belief[rows])], scale or Scale.of(truth[:, 1:])
    )


def score_selected(
    truth: Float,
    candidates: Rows,
    selected: Rows,
    scale: Scale,
    verified: Rows | None = None,
    n_measured: int | None = None,
) -> Selection:
    """Score a selected set, however it was chosen, against the true front of its candidate set.

    Parameters
    ----------
    truth : array, shape (n, 1 + n_metrics)
        True values of the whole table, from `objectives`.
    candidates, selected : array of int64
        Rows of `truth`; `selected` is a subset of `candidates`.
    scale : Scale
        Of the whole table.
    verified : array of int64, optional
        What verification kept; default the selected that none of them truly dominates.
    n_measured : int, optional
        What verification measured; default the selected.
    """
    front = candidates[nondominated(truth[candidates])]
    kept = selected[nondominated(truth[selected])] if verified is None else verified
    # Reference point: accuracy 0, and 1.1 × the largest standardised cost of the candidate set.
    reference = 1.1 * scale.standardised(truth[candidates]).max(axis=0)
    reference[0] = 0.0
    volumes = [hypervolume(scale.standardised(truth[rows]), reference) for rows in (kept, front)]
    losses = Losses(
        selected=_set_losses(truth[front], truth[selected]),
        verified=_set_losses(truth[front], truth[kept]),
        hypervolume=np.array(volumes[:1]),
        best_hypervolume=np.array(volumes[1:]),
        n_measured=np.array([len(selected) if n_measured is None else n_measured]),
    )
    return Selection(
        candidates=candidates,
        true_front=_ordered(truth, front),
        selected=_ordered(truth, selected),
        verified=_ordered(truth, kept),
        scores=_plain(losses),
    )


def _set_losses(front: Float, members: Float) -> SetLosses:
    """Return what the members of one set lose, all of them points of objectives."""
    lost = reduction(front, members)
    return SetLosses(1, np.zeros(len(members), dtype=np.intp), lost[:, 0], lost[:, 1:])


def _plain(losses: Losses) -> dict[str, float | tuple[float, ...]]:
    """Return the scores of one selection as numbers; of several metrics a tuple."""
    found: dict[str, float | tuple[float, ...]] = {}
    for score in SELECTION_SCORES:
        values = np.ravel(score.compute(losses)).tolist()
        if score.count:
            found[score.name] = int(values[0])
        else:
            found[score.name] = values[0] if len(values) == 1 else tuple(values)
    return found


def reduction(front: Float, points: Float) -> Float:
    """Return how far each point lies from the best of the front along each axis.

    Along an axis, only members of the front that are at least as good as the point in every
    objective count; one exists for every point of the set whose front it is.

    Parameters
    ----------
    front : array, shape (m, n_objectives)
        The true front, to minimise.
    points : array, shape (k, n_objectives)

    Returns
    -------
    array of float64, shape (k, n_objectives)
        Never negative; 0 for a point of the front.

    Examples
    --------
    >>> reduction(np.array([[-90.0, 3.0], [-80.0, 1.0]]), np.array([[-70.0, 3.5]])).tolist()
    [[20.0, 2.5]]
    """
    # Copies on the front change nothing here: fewer rows to compare.
    distinct = np.unique(front, axis=0)
    as_good = np.all(distinct[np.newaxis] <= points[:, np.newaxis], axis=2, keepdims=True)
    best: Float = np.where(as_good, distinct[np.newaxis], np.inf).min(axis=1)
    return points - best


def _ordered(points: Float, rows: Rows) -> Rows:
    """Return rows with the best accuracy first, then the lowest cost, then the row itself."""
    ranked = np.sort(rows)
    return ranked[np.lexsort(points[ranked].T[::-1])]
