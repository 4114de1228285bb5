"""Models that fail in some trials of tuning."""

from __future__ import annotations

import time
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

#: The penalties of ridge regression in the search space reach from 0.25 to 2.5.
TOO_HIGH = 1.5


class Raises(Ridge):
    """Raises an error with a high penalty."""

    def fit(self, X: NDArray[Any], y: NDArray[np.float64]) -> Self:
        """Fit, or raise."""
        if self.alpha > TOO_HIGH:
            raise FloatingPointError("diverged")
        super().fit(X, y)
        return self


class PredictsNaN(Ridge):
    """Predicts NaN with a high penalty."""

    def predict(self, X: NDArray[Any]) -> Any:
        """Predict values, or NaN."""
        predicted = super().predict(X)
        return predicted if self.alpha <= TOO_HIGH else np.full_like(predicted, np.nan)


class Hangs(Ridge):
    """Does not return with a high penalty."""

    def fit(self, X: NDArray[Any], y: NDArray[np.float64]) -> Self:
        """Fit, or wait for ten minutes."""
        if self.alpha > TOO_HIGH:
            time.sleep(600)
        super().fit(X, y)
        return self
