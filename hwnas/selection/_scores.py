"""What a predictor's deviations cost when architectures are selected by its values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.selection._limit import Constrained
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
class RoundScores:
    """How far verification had come after one of its rounds.

    Parameters
    ----------
    n_measured : int
        Architectures measured so far.
    n_after_verification : int
        Those that no other measured one dominates.
    mra_pareto_percent, retained_hypervolume : float
        Of these, see `Selection`.
    """

    n_measured: int
    n_after_verification: int
    mra_pareto_percent: float
    retained_hypervolume: float


@dataclass(frozen=True)
class Live:
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
    mra_all_percent : float
        Mean reduction in accuracy (MRA) over the selected set, in percent points: for each
        architecture, the accuracy of the best one of the true front that is at least as good in
        everything, minus its own.
    mra_pareto_percent : float
        The same over `verified`.
    mra_all_hardware, mra_pareto_hardware : tuple of float
        The same along each hardware axis, in the metric's unit: its own cost minus the lowest
        cost of the true front at the same or a better accuracy (and other costs).
    hypervolume : float
        Of `verified` with true values, the same as that of all that was measured. Accuracy in
        [0, 1], costs standardised over the whole table, reference point (0, 1.1 × the largest
        cost of the candidate set).
    retained_hypervolume : float
        `hypervolume` divided by that of the true front; 1 loses nothing.
    n_measured : int
        Architectures measured for verification, in all rounds.
    rounds : tuple of RoundScores
        How far each round of verification had come; empty for a selection without rounds.
    constraint : Constrained, optional
        The choice under a limit on the hardware metric, where one was asked for.
    live : Live, optional
        What was measured, where verification measured on the device: `verified` is non-dominated
        in these costs, while every score is in the table's.

    Examples
    --------
    >>> chosen = select([90.0, 80.0, 70.0], [3.0, 2.0, 1.0], [3.0, 1.0, 1.5])
    >>> chosen.selected.tolist(), chosen.verified.tolist(), chosen.mra_all_percent
    ([0, 1], [0, 1], 0.0)
    """

    candidates: Rows
    true_front: Rows
    selected: Rows
    verified: Rows
    mra_all_percent: float
    mra_pareto_percent: float
    mra_all_hardware: tuple[float, ...]
    mra_pareto_hardware: tuple[float, ...]
    hypervolume: float
    retained_hypervolume: float
    n_measured: int
    rounds: tuple[RoundScores, ...] = ()
    constraint: Constrained | None = None
    live: Live | None = None

    @property
    def n_selected(self) -> int:
        """Size of the selected set."""
        return len(self.selected)

    @property
    def n_after_verification(self) -> int:
        """Number of the selected that stay non-dominated after verification."""
        return len(self.verified)

    def scores(self) -> dict[str, Any]:
        """Return every score by name, as `result.json` keeps them under ``selection``."""

        def plain(values: tuple[float, ...]) -> float | list[float]:
            return values[0] if len(values) == 1 else list(values)

        scores: dict[str, Any] = {
            "n_candidates": len(self.candidates),
            "n_true_front": len(self.true_front),
            "n_selected": self.n_selected,
            "n_measured": self.n_measured,
            "n_after_verification": self.n_after_verification,
            "mra_all_percent": self.mra_all_percent,
            "mra_pareto_percent": self.mra_pareto_percent,
            "mra_all_hardware": plain(self.mra_all_hardware),
            "mra_pareto_hardware": plain(self.mra_pareto_hardware),
            "hypervolume": self.hypervolume,
            "retained_hypervolume": self.retained_hypervolume,
        }
        if len(self.rounds) > 1:
            scores["rounds"] = [asdict(one) for one in self.rounds]
        if self.constraint is not None:
            scores["constraint"] = self.constraint.scores()
        return scores


def select(
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
    over_all = reduction(truth[front], truth[selected]).mean(axis=0)
    over_kept = reduction(truth[front], truth[kept]).mean(axis=0)
    # Reference point: accuracy 0, and 1.1 × the largest standardised cost of the candidate set.
    reference = 1.1 * scale.standardised(truth[candidates]).max(axis=0)
    reference[0] = 0.0
    volume = hypervolume(scale.standardised(truth[kept]), reference)
    best = hypervolume(scale.standardised(truth[front]), reference)
    return Selection(
        candidates=candidates,
        true_front=_ordered(truth, front),
        selected=_ordered(truth, selected),
        verified=_ordered(truth, kept),
        mra_all_percent=float(over_all[0]),
        mra_pareto_percent=float(over_kept[0]),
        mra_all_hardware=tuple(over_all[1:].tolist()),
        mra_pareto_hardware=tuple(over_kept[1:].tolist()),
        hypervolume=volume,
        # Where even the true front encloses nothing, nothing can be lost.
        retained_hypervolume=volume / best if best > 0 else 1.0,
        n_measured=len(selected) if n_measured is None else n_measured,
    )


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
