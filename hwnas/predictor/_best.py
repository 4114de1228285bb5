"""One predictor for every train size and space, that says how sure it is."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hwnas.predictor._best_features import Features, describe
from hwnas.predictor._best_kernel import Covariance
from hwnas.predictor._best_process import Process, fit_hyperparameters
from hwnas.space import Architectures, SearchSpace

Values = NDArray[np.floating]

#: Measurements that hyperparameters are fitted to: their cost grows with the cube.
_N_HYPERPARAMETERS = 400
#: Measurements that all are checked for outliers with.
_N_CHECK = 2000
#: Measurements left out one by one for calibration.
_N_CALIBRATION = 500
#: Deviations beyond this many standard deviations count as outliers (Huber's loss).
_OUTLIER = 2.5
#: As if so many more measurements had deviated exactly as a normal distribution does.
_N_PRIOR = 60
_COVERAGE = 0.9
_ROUNDS = 2


class Best(RegressorMixin, BaseEstimator):
    """Gaussian process on what the architecture computes, robust to outliers, calibrated.

    Costs of operations are shared by all positions until the measurements tell them apart; which
    edges are executed at all is chosen among three views (see ``docs/best.md``). Hyperparameters
    maximise the posterior density on at most 400 measurements; prediction uses all of them.
    Measurements far from what the others predict are trusted less. The standard deviation, noise
    included, is scaled so that 90 % of the training measurements lie in their 90 % interval when
    left out.

    Input is the encoding :class:`hwnas.predictor.Operations`, values are about standardised.

    Parameters
    ----------
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.
    random_state : int, optional
        Draws the measurements that hyperparameters are fitted to, where there are more.

    Attributes
    ----------
    process_ : Process
        The fitted Gaussian process.
    std_scale_ : float
        Factor of its standard deviations, by calibration.
    """

    def __init__(self, space: SearchSpace | None = None, random_state: int | None = None) -> None:
        self.space = space
        self.random_state = random_state

    def fit(self, X: Architectures, y: Values) -> Self:
        """Fit to operation indices, shape (n, n_positions), and standardised values."""
        features = self._describe(X)
        values = np.asarray(y, dtype=np.float64)
        order = check_random_state(self.random_state).permutation(len(values))
        few = order[:_N_HYPERPARAMETERS]
        covariance = Covariance(features)
        theta = _robust_hyperparameters(covariance, features[few], values[few])
        distrust = _distrust(covariance, theta, features, values, order[:_N_CHECK])
        self.process_ = Process.condition(covariance, theta, features, values, distrust)
        deviation, variance = self.process_.left_out(np.sort(order[:_N_CALIBRATION]))
        self.std_scale_ = _calibration(deviation / np.sqrt(variance + self._noise))
        return self

    def predict(self, X: Architectures, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Return expected values, and the standard deviations of measurements if asked for."""
        check_is_fitted(self, "process_")
        mean, variance = self.process_.predict(self._describe(X), return_std)
        if not return_std:
            return mean
        return mean, self.std_scale_ * np.sqrt(variance + self._noise)

    @property
    def _noise(self) -> float:
        return float(np.exp(self.process_.theta[-1]))

    def _describe(self, X: Architectures) -> Features:
        if self.space is None:
            raise ValueError("Best: the parameter `space` is not set")
        return describe(self.space, self.space.validate(np.asarray(X)))


def _robust_hyperparameters(covariance: Covariance, features: Features, y: Values) -> Values:
    """Return hyperparameters of measurements, of which outliers are trusted less."""
    distrust = np.ones(len(y))
    theta = fit_hyperparameters(covariance, features, y, distrust)
    for _ in range(_ROUNDS):
        process = Process.condition(covariance, theta, features, y, distrust)
        distrust = _outlying(theta, *process.left_out(np.arange(len(y))))
        theta = fit_hyperparameters(covariance, features, y, distrust, theta, max_iterations=15)
    return theta


def _distrust(
    covariance: Covariance,
    theta: Values,
    features: Features,
    y: Values,
    check: NDArray[np.integer],
) -> Values:
    """Return the factor of every measurement's noise, judged by what the checking ones predict."""
    distrust = np.ones(len(y))
    for _ in range(_ROUNDS):
        process = Process.condition(covariance, theta, features[check], y[check], distrust[check])
        distrust[check] = _outlying(theta, *process.left_out(np.arange(len(check))))
    rest = np.setdiff1d(np.arange(len(y)), check)
    if len(rest):
        process = Process.condition(covariance, theta, features[check], y[check], distrust[check])
        mean, variance = process.predict(features[rest], with_variance=True)
        distrust[rest] = _outlying(theta, y[rest] - mean, variance)
    return distrust


def _outlying(theta: Values, deviation: Values, variance: Values) -> Values:
    """Return the factor of the noise that makes a Gaussian's pull that of Huber's loss."""
    squared = deviation**2 / (variance + np.exp(theta[-1]))
    factor: Values = np.maximum(1.0, squared / _OUTLIER**2)
    return factor


def _calibration(scores: Values) -> float:
    """Return the factor with which the scores' central 90 % are a normal distribution's."""
    prior = norm.ppf((1 + (np.arange(_N_PRIOR) + 0.5) / _N_PRIOR) / 2)
    widths = np.concatenate([np.abs(scores), prior])
    return float(np.quantile(widths, _COVERAGE) / norm.ppf((1 + _COVERAGE) / 2))
