"""Selecting the predicted Pareto front, and scoring it with the true values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.selection._limit import Constrained
from hwnas.selection._losses import SELECTION_SCORES, Losses, SetLosses
from hwnas.selection._pareto import Float, hypervolume, nondominated, objectives, one_per_network

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation by which costs are standardised, for each metric.

    Hypervolumes use costs that are standardised over the whole table, so that hypervolumes of
    different candidate sets of a table are comparable.

    Parameters
    ----------
    mean, std : array, shape (n_metrics,)
    """

    mean: Float
    std: Float

    @classmethod
    def of(cls, cost: Float) -> Scale:
        """Return the scale of a whole table of costs.

        Parameters
        ----------
        cost : array, shape (n,) or (n, n_metrics)

        Raises
        ------
        ValueError
            If a metric is equal for all architectures: it has no standard deviation to divide by.

        Examples
        --------
        >>> Scale.of(np.array([1.0, 3.0]))
        Scale(mean=array([2.]), std=array([1.]))
        """
        columns = np.asarray(cost, dtype=np.float64)
        columns = columns[:, np.newaxis] if columns.ndim == 1 else columns
        std = columns.std(axis=0)
        if not (std > 0).all():
            raise ValueError("a hardware metric is equal for all architectures of the table")
        return cls(columns.mean(axis=0), std)

    def standardised(self, points: Float) -> Float:
        """Return points of `objectives` with accuracies in [-1, 0] and standardised costs."""
        return np.column_stack([points[:, 0] / 100.0, (points[:, 1:] - self.mean) / self.std])


@dataclass(frozen=True)
class DeviceValues:
    """Costs that verification measured on the device.

    Parameters
    ----------
    rows : array of int64, shape (n,)
        Rows of the measured architectures.
    costs : array, shape (n, n_metrics)
        Their measured costs. The true values are still those of the table.
    """

    rows: Rows
    costs: Float


@dataclass(frozen=True)
class Selection:
    """A selected set and its scores (Laube et al. 2022, section 5).

    Rows are indices of the arrays that `select_front` or `Selector.run` received.

    Parameters
    ----------
    candidates : array of int64
        Rows of the candidate set.
    true_front : array of int64
        Rows of the true front: no candidate dominates them in accuracy and true cost.
    selected : array of int64
        Rows of the selected set: the front of accuracy and predicted cost, with at most one
        architecture of each network.
    verified : array of int64
        Rows that verification kept: all measured architectures that no other measured
        architecture dominates.
    scores : mapping
        Each of `hwnas.selection.SELECTION_SCORES` by its name. With several metrics,
        ``mra_all_hardware`` and ``mra_pareto_hardware`` are tuples.
    rounds : tuple of mapping
        Scores after each round of verification. Empty if `select_front` made the selection.
    constraint : Constrained, optional
        The choice under a limit; None if there is no limit.
    device_values : DeviceValues, optional
        The measured costs, if verification measured on the device. Then `verified` is
        non-dominated in these costs. The scores always use the true values of the table.

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
        """Return the scores as plain values, in the form of ``selection`` in ``result.json``."""
        plain: dict[str, Any] = {
            "n_candidates": len(self.candidates),
            "n_true_front": len(self.true_front),
            **{k: list(v) if isinstance(v, tuple) else v for k, v in self.scores.items()},
        }
        if len(self.rounds) > 1:
            plain["rounds"] = [dict(each) for each in self.rounds]
        if self.constraint is not None:
            plain["constraint"] = self.constraint.to_dict()
        return plain


def select_front(
    accuracy: Float,
    true: Float,
    predicted: Float,
    candidates: Rows | None = None,
    scale: Scale | None = None,
    network: Rows | None = None,
) -> Selection:
    """Select the predicted Pareto front of a candidate set, and score it with the true costs.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Accuracies in percent, of all architectures of a table or at least of the candidate set.
    true, predicted : array, shape (n,) or (n, n_metrics)
        True and predicted costs in the metric's unit, see `hwnas.metric.Metric.cost`.
    candidates : array of int64, optional
        Rows of the candidate set. Default: all architectures.
    scale : Scale, optional
        Standardises the costs for the hypervolume. Default: `Scale.of` of `true`.
    network : array of int64, shape (n,), optional
        Equal for architectures with the same network. The selected set has at most one
        architecture of each network, the predicted cheapest. Default: all networks are different.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, shapes differ, the candidate set is empty, or a metric is
        equal for all architectures.

    Examples
    --------
    >>> chosen = select_front([90.0, 80.0, 70.0], true=[3.0, 2.0, 1.0], predicted=[3.0, 1.0, 1.5])
    >>> chosen.true_front, chosen.selected
    (array([0, 1, 2]), array([0, 1]))
    """
    truth = objectives(accuracy, true)
    predicted_points = objectives(accuracy, predicted)
    if truth.shape != predicted_points.shape:
        raise ValueError("true and predicted costs have different numbers of metrics")
    rows = np.arange(len(truth)) if candidates is None else np.asarray(candidates, dtype=np.int64)
    if len(rows) == 0:
        raise ValueError("the candidate set is empty")
    selected = rows[nondominated(predicted_points[rows])]
    if network is not None:
        selected = one_per_network(selected, predicted_points[:, 1:], network)
    return score_selected(truth, rows, selected, scale or Scale.of(truth[:, 1:]))


def score_selected(
    truth: Float,
    candidates: Rows,
    selected: Rows,
    scale: Scale,
    verified: Rows | None = None,
    n_measured: int | None = None,
) -> Selection:
    """Score a selected set against the true front of its candidate set.

    Parameters
    ----------
    truth : array, shape (n, 1 + n_metrics)
        Accuracies and true costs of the whole table, from `objectives`.
    candidates, selected : array of int64
        Rows of `truth`; `selected` is a subset of `candidates`.
    scale : Scale
        The scale of the whole table.
    verified : array of int64, optional
        Rows that verification kept. Default: the members of `selected` that no other member
        dominates in true values.
    n_measured : int, optional
        Number of architectures that verification measured. Default: the size of `selected`.
    """
    front = candidates[nondominated(truth[candidates])]
    kept = selected[nondominated(truth[selected])] if verified is None else verified
    # Reference point: accuracy 0, and 1.1 × the highest standardised cost of the candidate set.
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
        true_front=_by_accuracy(truth, front),
        selected=_by_accuracy(truth, selected),
        verified=_by_accuracy(truth, kept),
        scores=_scores_of_one(losses),
    )


def _set_losses(front: Float, members: Float) -> SetLosses:
    """Return the losses of one set; `front` and `members` are points of `objectives`."""
    lost = reduction(front, members)
    return SetLosses(1, np.zeros(len(members), dtype=np.intp), lost[:, 0], lost[:, 1:])


def _scores_of_one(losses: Losses) -> dict[str, float | tuple[float, ...]]:
    """Return the scores of one selection by name; a tuple has one number for each metric."""
    scores: dict[str, float | tuple[float, ...]] = {}
    for score in SELECTION_SCORES:
        values = np.ravel(score.compute(losses)).tolist()
        if score.count:
            scores[score.name] = int(values[0])
        else:
            scores[score.name] = values[0] if len(values) == 1 else tuple(values)
    return scores


def reduction(front: Float, points: Float) -> Float:
    """Return how much worse each point is than the best member of the front, in each objective.

    A point is only compared with members of the front that are at least as good as the point in
    every objective. Every point of the set whose front is given has such a member.

    Parameters
    ----------
    front : array, shape (m, n_objectives)
        The true front, as points whose coordinates are all to be minimised.
    points : array, shape (k, n_objectives)

    Returns
    -------
    array of float64, shape (k, n_objectives)
        Never negative; 0 for a member of the front.

    Examples
    --------
    >>> reduction(np.array([[-90.0, 3.0], [-80.0, 1.0]]), np.array([[-70.0, 3.5]])).tolist()
    [[20.0, 2.5]]
    """
    # Equal members of the front give equal differences, so one of each is enough.
    distinct = np.unique(front, axis=0)
    as_good = np.all(distinct[np.newaxis] <= points[:, np.newaxis], axis=2, keepdims=True)
    best: Float = np.where(as_good, distinct[np.newaxis], np.inf).min(axis=1)
    return points - best


def _by_accuracy(points: Float, rows: Rows) -> Rows:
    """Return rows sorted by descending accuracy, then by ascending cost, then by row."""
    ascending = np.sort(rows)
    return ascending[np.lexsort(points[ascending].T[::-1])]
