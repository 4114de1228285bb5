"""The best accuracy under a limit on the hardware metric, and how sure the limit holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwnas.selection._pareto import Float


@dataclass(frozen=True)
class Calibration:
    """How likely a cost stays within a limit, from deviations on held-out measurements.

    The standardised deviations ``(true - predicted) / std`` of measurements that the predictor
    was not fitted to say how far it errs, whatever the shape of its errors (split conformal
    prediction; Vovk, Gammerman, Shafer, *Algorithmic Learning in a Random World*, 2005). A
    predictor without uncertainty has the same `std` everywhere.

    Parameters
    ----------
    deviations : array, shape (m,)
        True minus predicted costs.
    std : array, shape (m,), optional
        The predictor's standard deviations; default 1 each.

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
        """Return the calibration of held-out predictions, given as costs.

        Raises
        ------
        ValueError
            If there are none, a value is not finite, or a standard deviation is not positive.
        """
        errors = np.asarray(true, dtype=np.float64) - np.asarray(predicted, dtype=np.float64)
        spread = np.ones_like(errors) if std is None else np.asarray(std, dtype=np.float64)
        if errors.ndim != 1 or len(errors) == 0 or errors.shape != spread.shape:
            raise ValueError("calibration needs one prediction and one std a held-out measurement")
        if not np.isfinite(errors).all() or not (spread > 0).all():
            raise ValueError("held-out predictions must be finite, their std positive")
        return cls(errors, spread)

    def probability(self, predicted: Float, limit: float, std: Float | None = None) -> Float:
        """Return the probability that each cost is at most `limit`.

        Parameters
        ----------
        predicted : array, shape (n,)
        limit : float
            In the unit of `predicted`.
        std : array, shape (n,), optional
            The predictor's standard deviations; default 1 each.

        Returns
        -------
        array of float64, shape (n,)
            The share of held-out deviations within the room left, out of one more than there
            are: with m of them, no probability above m / (m + 1) is claimed.
        """
        room = limit - np.asarray(predicted, dtype=np.float64)
        scaled = np.sort(self.deviations / self.std)
        within = np.searchsorted(scaled, room if std is None else room / std, side="right")
        return np.asarray(within / (len(scaled) + 1))


@dataclass(frozen=True)
class Constrained:
    """The architecture chosen under a limit.

    Parameters
    ----------
    row : int or None
        Index into the arrays that were chosen from, not a row of the table where these are some of
        its rows; None if no architecture holds the limit surely enough.
    probability : float
        The probability, claimed before measuring, that its cost is within the limit.
    violated : bool
        Whether its true cost exceeds the limit.
    reduction_percent : float
        Accuracy of the best architecture that truly holds the limit, minus its own. Negative
        where it is better only because it violates; NaN where there is none to compare.
    """

    row: int | None
    probability: float
    violated: bool
    reduction_percent: float

    def to_dict(self) -> dict[str, float | bool | None]:
        """Return the choice as plain values, None where there is no number."""
        lost = self.reduction_percent
        return {
            "row": self.row,
            "probability": self.probability,
            "violated": self.violated,
            "reduction_percent": None if math.isnan(lost) else lost,
        }


def constrain(
    accuracy: Float, true: Float, within: Float, limit: float, confidence: float
) -> Constrained:
    """Choose the most accurate architecture that holds a limit with at least some probability.

    Parameters
    ----------
    accuracy, true : array, shape (n,)
        Percent, and true costs to judge the choice by.
    within : array, shape (n,)
        Probability that each architecture holds the limit, `Calibration.probability`.
    limit : float
        Largest cost allowed.
    confidence : float
        Smallest probability accepted.

    Examples
    --------
    >>> constrain(np.array([90.0, 80.0]), np.array([3.0, 1.0]), np.array([0.6, 0.99]), 2.0, 0.9)
    Constrained(row=1, probability=0.99, violated=False, reduction_percent=0.0)
    """
    rows = np.flatnonzero(within >= confidence)
    holds = true <= limit
    best = float(accuracy[holds].max()) if holds.any() else float("nan")
    if len(rows) == 0:
        return Constrained(None, 0.0, False, float("nan"))
    # The surer of two equally accurate ones.
    row = int(rows[np.lexsort((-within[rows], -accuracy[rows]))[0]])
    return Constrained(
        row=row,
        probability=float(within[row]),
        violated=not bool(holds[row]),
        reduction_percent=best - float(accuracy[row]),
    )


@dataclass(frozen=True)
class ConstraintRates:
    """What choosing under limits costs, over many candidate sets and limits.

    Parameters
    ----------
    confidence : float
        The probability asked for.
    n_trials, n_chosen : int
        Choices tried, and those in which something was sure enough.
    violation_rate : float
        Share of the chosen that truly exceed their limit. A calibrated predictor stays near or
        below ``1 - confidence`` on average over architectures; choosing the most accurate of
        those just within the limit raises it.
    reduction_percent : float
        Mean reduction in accuracy of the chosen that hold their limit.
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
    """Choose under random limits among random candidate sets, and count the violations.

    Each limit is the true cost of a random candidate, so that limits lie where architectures do.

    Parameters
    ----------
    accuracy, true, predicted : array, shape (n,)
        Percent, and costs.
    calibration : Calibration
        Of the predictor.
    confidence : float
        Smallest probability accepted.
    n_candidates, trials : int
        Size and number of the candidate sets.
    rng : numpy.random.Generator
    std : array, shape (n,), optional
        The predictor's standard deviations.
    """
    found = []
    for _ in range(trials):
        rows = rng.choice(len(accuracy), n_candidates, replace=False)
        limit = float(true[rng.choice(rows)])
        spread = None if std is None else std[rows]
        within = calibration.probability(predicted[rows], limit, spread)
        found.append(constrain(accuracy[rows], true[rows], within, limit, confidence))
    chosen = [one for one in found if one.row is not None]
    held = [one.reduction_percent for one in chosen if not one.violated]
    return ConstraintRates(
        confidence=confidence,
        n_trials=trials,
        n_chosen=len(chosen),
        violation_rate=float(np.mean([one.violated for one in chosen])) if chosen else float("nan"),
        reduction_percent=float(np.mean(held)) if held else float("nan"),
    )
