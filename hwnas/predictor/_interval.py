"""Prediction intervals of a predictor that has no standard deviation of its own.

Cross-validation predicts every training measurement by a model that was not fitted to it. The
residuals of these predictions say how far a new measurement may lie from its prediction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Residuals:
    """Measured values of held-out architectures, and their predictions.

    Parameters
    ----------
    predicted, measured : array of float64, shape (n,)
        In the metric's unit.
    folds : int or None
        Number of folds of the cross-validation. None if the architectures were never used for a
        fit.

    Raises
    ------
    ValueError
        If the arrays have another shape, are empty, or hold values that are NaN or infinite.
    """

    predicted: Values
    measured: Values
    folds: int | None

    def __post_init__(self) -> None:
        n = len(np.atleast_1d(self.measured))
        if not n or self.predicted.shape != (n,) or self.measured.shape != (n,):
            raise ValueError(
                f"residuals need one prediction for each held-out measurement, not arrays of shape "
                f"{self.predicted.shape} and {self.measured.shape}"
            )
        if not (np.isfinite(self.predicted).all() and np.isfinite(self.measured).all()):
            raise ValueError("residuals need finite predictions and finite measurements")

    def __len__(self) -> int:
        return len(self.measured)

    @property
    def source(self) -> str:
        """Where the intervals come from, for a report."""
        if self.folds is None:
            return f"split conformal, {len(self)} held-out measurements"
        return f"conformal, {self.folds} folds, {len(self)} residuals"

    def interval(self, predicted: Values, coverage: float) -> tuple[Values, Values]:
        """Return the interval of each prediction.

        The half-width is the k-th smallest absolute residual with ``k = ceil((n + 1) coverage)``.
        A residual that was not used for the fit is at most this large with probability `coverage`
        or more (Vovk, Gammerman, Shafer, *Algorithmic Learning in a Random World*, 2005). With
        fewer residuals than k no finite interval has this coverage, so the interval is infinite.

        Parameters
        ----------
        predicted : array of float64, shape (n,)
            In the metric's unit.
        coverage : float
            Between 0 and 1.

        Returns
        -------
        lower, upper : array of float64, shape (n,)

        Examples
        --------
        >>> residuals = Residuals(np.zeros(9), np.arange(9.0), folds=3)
        >>> residuals.interval(np.array([10.0]), coverage=0.5)
        (array([6.]), array([14.]))
        >>> residuals.interval(np.array([10.0]), coverage=0.95)
        (array([-inf]), array([inf]))
        """
        half = self._quantile(np.abs(self.measured - self.predicted), coverage)
        return predicted - half, predicted + half

    @staticmethod
    def _quantile(scores: Values, coverage: float) -> float:
        # Rounding keeps 0.9 * 10 at rank 9 where the product is a little more than 9.
        rank = math.ceil(round((len(scores) + 1) * coverage, 9))
        return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf

    def to_state(self) -> dict[str, Any]:
        """Return the content that `of_state` reads from a saved predictor."""
        return {"predicted": self.predicted, "measured": self.measured, "folds": self.folds}

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the residuals of a saved predictor.

        Raises
        ------
        ValueError
            If the content is invalid.
        """
        folds = state["folds"]
        if not (folds is None or type(folds) is int):
            raise ValueError(f"the number of folds is not an integer: {folds!r}")
        predicted, measured = (
            np.asarray(state[name], dtype=np.float64) for name in ("predicted", "measured")
        )
        return cls(predicted, measured, folds)


def fewest_residuals(coverage: float) -> int:
    """Return the smallest number of residuals that gives a finite interval of this coverage.

    Examples
    --------
    >>> fewest_residuals(0.9), fewest_residuals(0.8)
    (9, 4)
    """
    return math.ceil(round(coverage / (1.0 - coverage), 9))
