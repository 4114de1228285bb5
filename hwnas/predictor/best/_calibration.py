"""Calibration of the standard deviations of `best`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

#: Calibration adds pseudo-observations from a standard normal distribution to the n standardised
#: deviations. Their number is this constant / n. They keep the scale near 1 if n is small.
_PRIOR_WEIGHT = 1500
#: Share of the measurements that the calibrated interval contains.
_COVERAGE = 0.9


def calibration(scores: NDArray[np.floating]) -> float:
    """Return the factor with which 90 % intervals contain 90 % of the scores.

    `scores` are deviations divided by their standard deviations, shape (n,).
    """
    n_prior = int(np.ceil(_PRIOR_WEIGHT / len(scores)))
    pseudo_observations = norm.ppf((1 + (np.arange(n_prior) + 0.5) / n_prior) / 2)
    widths = np.concatenate([np.abs(scores), pseudo_observations])
    return float(np.quantile(widths, _COVERAGE) / norm.ppf((1 + _COVERAGE) / 2))
