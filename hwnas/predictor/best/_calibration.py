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


def quantile_scale(scores: NDArray[np.floating]) -> float:
    """Return the factor with which 90 % intervals contain 90 % of the scores.

    `scores` are deviations divided by their standard deviations, shape (n,).
    """
    n_prior = int(np.ceil(_PRIOR_WEIGHT / len(scores)))
    pseudo_observations = norm.ppf((1 + (np.arange(n_prior) + 0.5) / n_prior) / 2)
    widths = np.concatenate([np.abs(scores), pseudo_observations])
    return float(np.quantile(widths, _COVERAGE) / norm.ppf((1 + _COVERAGE) / 2))


def mean_square_scale(scores: NDArray[np.floating]) -> float:
    """Return the root mean square of the scores and of one more, which is 1.

    So few scores have no useful quantile, but their mean square differs much between devices: it is
    .2 where costs add up almost without noise, and above 1 where there is much noise.
    """
    return float(np.sqrt((1 + scores @ scores) / (1 + len(scores))))
