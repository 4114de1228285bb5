"""Choosing the most accurate architecture whose cost probably stays within a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwnas.selection._pareto import Float


@dataclass(frozen=True)
class Calibration:
    """The distribution of a predictor's errors on held-out measurements.

    The errors are standardised: ``(true - predicted) / std``. Their empirical distribution gives
    the probability that a cost stays within a limit, without an assumption about its shape
    (split conformal prediction; Vovk, Gammerman, Shafer, *Algorithmic Learning in a Random
    World*, 2005).

    Parameters
    ----------
    deviations : array, shape (m,)
        True minus predicted costs of measurements that the predictor was not fitted to.
    std : array, shape (m,)
        The predictor's standard deviations; 1 for a predictor that returns none.

    Examples
    --------
    >>> calibration = Calibration.of(true=[1.0, 2.0, 3.0], predicted=[2.0, 2.0, 2.0])
    >>> calibration.probability(np.array([1.5, 4.0]), limit=2.0).tolist()
    [0.5, 0.0]
    """

    deviations: Float
    std: Float

    @classmethod
    def of(cls, true: Float, predicted: Float, std: Float | None = None) -> Calibration:
        """Return the calibration of held-out predictions.

        Parameters
        ----------
        true, predicted : array, shape (m,)
            Costs of measurements that the predictor was not fitted to.
        std : array, shape (m,), optional
            The predictor's standard deviations. Default: 1 for each.

        Raises
        ------
        ValueError
            If there are no costs, the shapes differ, a cost is NaN or infinite, or a standard
            deviation is not positive.
        """
        errors = np.asarray(true, dtype=np.float64) - np.asarray(predicted, dtype=np.float64)
        scale = np.ones_like(errors) if std is None else np.asarray(std, dtype=np.float64)
        if errors.ndim != 1 or len(errors) == 0 or errors.shape != scale.shape:
            raise ValueError(
                "calibration needs one prediction and one standard deviation for each held-out "
                f"measurement, not arrays of shape {errors.shape} and {scale.shape}"
            )
        if not np.isfinite(errors).all() or not (scale > 0).all():
            raise ValueError(
                "held-out predictions must be finite and their standard deviations positive"
            )
        return cls(errors, scale)

    def probability(self, predicted: Float, limit: float, std: Float | None = None) -> Float:
        """Return the probability that each cost is at most `limit`.

        Parameters
        ----------
        predicted : array, shape (n,)
            Predicted costs.
        limit : float
            In the unit of `predicted`.
        std : array, shape (n,), optional
            The predictor's standard deviations. Default: 1 for each.

        Returns
        -------
        array of float64, shape (n,)
            Number of held-out errors that are at most ``(limit - predicted) / std``, divided by
            m + 1 for m held-out errors. The highest possible probability is m / (m + 1).
        """
        margin = limit - np.asarray(predicted, dtype=np.float64)
        errors = np.sort(self.deviations / self.std)
        n_within = np.searchsorted(errors, margin if std is None else margin / std, side="right")
        return np.asarray(n_within / (len(errors) + 1))


@dataclass(frozen=True)
class Constrained:
    """The architecture chosen under a limit.

    Parameters
    ----------
    row : int or None
        Index of the chosen architecture in the arrays that `constrain` received. None if no
        architecture stays within the limit with the required probability.
    probability : float
        The predicted probability that the chosen architecture stays within the limit; 0 if none
        was chosen.
    violated : bool
        Whether the true cost of the chosen architecture exceeds the limit.
    dominated : bool
        Whether another architecture with at least this probability is at least as good in
        accuracy and in true cost, and better in one of them.
    reduction_percent : float
        Highest accuracy of the architectures whose true cost is within the limit, minus the
        accuracy of the chosen one, in percentage points. Negative if the chosen one is more
        accurate, which requires that it violates the limit. NaN if no architecture was chosen or
        none is truly within the limit.
    """

    row: int | None
    probability: float
    violated: bool
    dominated: bool
    reduction_percent: float

    def to_dict(self) -> dict[str, float | bool | None]:
        """Return the fields by name, with None in place of NaN, which JSON does not have."""
        reduction = self.reduction_percent
        return {
            "row": self.row,
            "probability": self.probability,
            "violated": self.violated,
            "dominated": self.dominated,
            "reduction_percent": None if math.isnan(reduction) else reduction,
        }


def constrain(
    accuracy: Float,
    true: Float,
    predicted: Float,
    within: Float,
    limit: float,
    confidence: float,
) -> Constrained:
    """Choose the most accurate architecture that probably stays within a limit.

    Of equally accurate architectures, the one with the highest probability is chosen, and of
    equally probable ones the predicted cheapest. No other architecture is therefore as accurate,
    as certain and predicted to be cheaper.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent.
    true : array, shape (n,)
        True costs. They do not affect the choice: they show whether it violates the limit.
    predicted : array, shape (n,)
        Predicted costs.
    within : array, shape (n,)
        Probability that each cost is within the limit, see `Calibration.probability`.
    limit : float
        Highest cost allowed.
    confidence : float
        Lowest probability accepted.

    Examples
    --------
    >>> accuracy, true = np.array([90.0, 80.0]), np.array([3.0, 1.0])
    >>> constrain(accuracy, true, np.array([2.0, 1.0]), np.array([0.6, 0.99]), 2.0, 0.9)
    Constrained(row=1, probability=0.99, violated=False, dominated=False, reduction_percent=0.0)
    """
    rows = np.flatnonzero(within >= confidence)
    truly_within = true <= limit
    best = float(accuracy[truly_within].max()) if truly_within.any() else float("nan")
    if len(rows) == 0:
        return Constrained(None, 0.0, False, False, float("nan"))
    row = int(rows[np.lexsort((predicted[rows], -within[rows], -accuracy[rows]))[0]])
    as_good = (within >= within[row]) & (accuracy >= accuracy[row]) & (true <= true[row])
    better = (accuracy > accuracy[row]) | (true < true[row])
    return Constrained(
        row=row,
        probability=float(within[row]),
        violated=not bool(truly_within[row]),
        dominated=bool((as_good & better).any()),
        reduction_percent=best - float(accuracy[row]),
    )


@dataclass(frozen=True)
class ConstraintRates:
    """How often choices under a limit violate it, and how much accuracy they lose.

    Parameters
    ----------
    confidence : float
        Lowest probability accepted.
    n_trials : int
        Number of candidate sets, each with its own limit.
    n_chosen : int
        Number of candidate sets in which an architecture was chosen.
    violation_rate : float
        Share of the chosen architectures whose true cost exceeds the limit. It can exceed
        ``1 - confidence`` even if the probabilities are calibrated over all architectures,
        because the choice prefers accurate architectures close to the limit.
    reduction_percent : float
        Mean reduction in accuracy of the chosen architectures within their limits, in percent
        points.
    """

    confidence: float
    n_trials: int
    n_chosen: int
    violation_rate: float
    reduction_percent: float


def constraint_rates(
    accuracy: Float,
    true: Float,
    predicted: Float,
    calibration: Calibration,
    confidence: float,
    n_candidates: int,
    trials: int,
    rng: np.random.Generator,
    std: Float | None = None,
) -> ConstraintRates:
    """Choose under random limits from random candidate sets, and count the violations.

    Each limit is the true cost of a random candidate. Limits are therefore frequent where costs
    are frequent.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent.
    true, predicted : array, shape (n,)
        True and predicted costs.
    calibration : Calibration
        The calibration of the predictor.
    confidence : float
        Lowest probability accepted.
    n_candidates, trials : int
        Size and number of the candidate sets.
    rng : numpy.random.Generator
        Draws the candidate sets and the limits.
    std : array, shape (n,), optional
        The predictor's standard deviations.
    """
    choices = []
    for _ in range(trials):
        rows = rng.choice(len(accuracy), n_candidates, replace=False)
        limit = float(true[rng.choice(rows)])
        std_of_rows = None if std is None else std[rows]
        within = calibration.probability(predicted[rows], limit, std_of_rows)
        of_rows = accuracy[rows], true[rows], predicted[rows]
        choices.append(constrain(*of_rows, within, limit, confidence))
    chosen = [each for each in choices if each.row is not None]
    violated = [each.violated for each in chosen]
    reductions = [each.reduction_percent for each in chosen if not each.violated]
    return ConstraintRates(
        confidence=confidence,
        n_trials=trials,
        n_chosen=len(chosen),
        violation_rate=float(np.mean(violated)) if violated else float("nan"),
        reduction_percent=float(np.mean(reductions)) if reductions else float("nan"),
    )
