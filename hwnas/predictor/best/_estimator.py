"""One predictor for every train size and space, that says how sure it is."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hwnas.predictor._threads import blas_threads
from hwnas.predictor.best._features import Features, describe
from hwnas.predictor.best._kernel import Covariance
from hwnas.predictor.best._model_choice import N_CHECK, Model, choose, fit_process, refine
from hwnas.predictor.gp import restored
from hwnas.space import Architectures, SearchSpace

Values = NDArray[np.floating]

#: Measurements left out one by one for calibration.
_N_CALIBRATION = 500
#: As if this divided by their number more had deviated exactly as a normal distribution does.
_PRIOR_WEIGHT = 1500
#: Effects that are fitted at least: what the choice of a model hides from its own variance.
_N_EFFECTS = 5
_COVERAGE = 0.9
#: Decimals of standardised predictions: what differs by rounding alone is equal.
_DECIMALS = 6


class Best(RegressorMixin, BaseEstimator):
    """Gaussian process on what the architecture computes, robust to outliers, calibrated.

    Costs of operations are shared by all positions until the measurements tell them apart, and
    which of three views of a cell they are counted in is learnt too: ``docs/best.md`` tells how.
    Of several such models, the simplest that predicts left-out measurements as well as any is
    kept. Measurements far from what the others predict are trusted less. The standard deviation,
    noise included, is scaled so that 90 % of the training measurements lie in their 90 % interval
    when left out.

    Input is the encoding :class:`hwnas.predictor.Operations`, values are about standardised.

    Parameters
    ----------
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.
    random_state : int, optional
        Draws the measurements that hyperparameters are fitted to, where there are more.

    Attributes
    ----------
    model_ : Model
        The chosen model.
    process_ : Posterior
        The fitted Gaussian process.
    std_scale_ : float
        Factor of its standard deviations, by calibration.
    architectures_ : array of int, shape (n, n_positions)
        The training architectures.
    """

    def __init__(self, space: SearchSpace | None = None, random_state: int | None = None) -> None:
        self.space = space
        self.random_state = random_state

    def fit(self, X: Architectures, y: Values) -> Self:
        """Fit to operation indices, shape (n, n_positions), and standardised values."""
        features = self._describe(X)
        values = np.asarray(y, dtype=np.float64)
        order = check_random_state(self.random_state).permutation(len(values))
        with blas_threads(min(len(values), N_CHECK)):
            chosen = refine(choose(features, values, order), features, values, order)
        self.model_ = chosen.model
        self.architectures_ = np.asarray(X, dtype=np.int8)
        with blas_threads(len(values)):
            self.process_ = fit_process(chosen, features, values, order)
            deviation, variance = self.process_.left_out(np.sort(order[:_N_CALIBRATION]))
        self.std_scale_ = _calibration(deviation / np.sqrt(variance + self._noise))
        if chosen.compared:
            self.std_scale_ *= float(np.sqrt(1 + _N_EFFECTS / len(values)))
        return self

    def predict(self, X: Architectures, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Return expected values, and the standard deviations of measurements if asked for."""
        check_is_fitted(self, "process_")
        features = self._describe(X)
        with blas_threads(len(self.process_.alpha)):
            mean, variance = self.process_.predict(self.model_.select(features), return_std)
        mean = np.round(mean + self.model_.expected(features), _DECIMALS)
        if not return_std:
            return mean
        rounding = 10.0**-_DECIMALS
        return mean, self.std_scale_ * np.sqrt(variance + self._noise) + rounding

    def saved_state(self) -> dict[str, Any]:
        """Return the choice of model and the training architectures, from which the rest follows.

        The hyperparameters are kept by name: a later version may have others.
        """
        process = self.process_
        assert isinstance(process.kernel, Covariance)
        return {
            "view": self.model_.view,
            "by_position": self.model_.by_position,
            "architectures": self.architectures_,
            "names": process.kernel.names,
            "theta": process.theta,
            "noise": process.noise,
            "alpha": process.alpha,
            "std_scale": self.std_scale_,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Fit this model from what `saved_state` returned.

        Raises
        ------
        ValueError
            If it was saved by a version with other hyperparameters.
        """
        self.model_ = Model(state["view"], state["by_position"])
        self.architectures_ = state["architectures"]
        features = self.model_.select(self._describe(self.architectures_))
        covariance = Covariance(features)
        if covariance.names != state["names"]:
            raise ValueError("it was saved by a version of `best` with other hyperparameters")
        self.process_ = restored(
            covariance, state["theta"], features, state["alpha"], state["noise"]
        )
        self.std_scale_ = state["std_scale"]

    @property
    def _noise(self) -> float:
        return float(np.exp(self.process_.theta[-1]))

    def _describe(self, X: Architectures) -> Features:
        if self.space is None:
            raise ValueError("Best: the parameter `space` is not set")
        return describe(self.space, self.space.validate(np.asarray(X)))


def _calibration(scores: Values) -> float:
    """Return the factor with which the scores' central 90 % are a normal distribution's."""
    n_prior = int(np.ceil(_PRIOR_WEIGHT / len(scores)))
    prior = norm.ppf((1 + (np.arange(n_prior) + 0.5) / n_prior) / 2)
    widths = np.concatenate([np.abs(scores), prior])
    return float(np.quantile(widths, _COVERAGE) / norm.ppf((1 + _COVERAGE) / 2))
