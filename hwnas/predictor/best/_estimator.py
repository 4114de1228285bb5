"""The estimator of ``predictor=best``, for any number of measurements and any space."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hwnas.encoding import Operations
from hwnas.predictor._threads import blas_threads
from hwnas.predictor.best._calibration import mean_square_scale, quantile_scale
from hwnas.predictor.best._companion import average, companion, encoded, left_out
from hwnas.predictor.best._dimension_process import DimensionProcess
from hwnas.predictor.best._dimensions import by_dimensions
from hwnas.predictor.best._features import Features, describe
from hwnas.predictor.best._kernel import Covariance, Scaled
from hwnas.predictor.best._model_choice import (
    N_CHECK,
    NOISE_PRIOR,
    Model,
    choose,
    fit_process,
    refine,
)
from hwnas.predictor.best._process import Process, needed, restored_process, state_of
from hwnas.predictor.gp import ExactGP, LowRankFit, Posterior
from hwnas.space import Architectures, SearchSpace

Values = NDArray[np.floating]

#: Largest number of training measurements that calibration predicts from all others.
_N_CALIBRATION = 500
#: The variance of a model does not contain the uncertainty of its hyperparameters and of having
#: chosen it. The standard deviation is widened as if the n measurements had been used to fit this
#: many more effects.
_N_EFFECTS = 5
#: The views of a model of all features in files that do not name them: hwnas 0.2 and earlier.
_FIRST_VIEWS = ("raw", "executed", "live")
#: Number of architectures that are described at once when they are predicted.
_BLOCK = 4000
#: Number of decimals of standardised predictions. Rounding makes predictions equal that differ by
#: rounding errors only.
_DECIMALS = 6


class Best(RegressorMixin, BaseEstimator):
    """Calibrated Gaussian process on the costs of operations, robust to outliers.

    The prior assumes that an operation costs the same at all positions. Measurements can show
    different costs. Several models compete, which count the operations in different views of a
    cell. ``fit`` keeps the simplest model that predicts left-out measurements about as well as the
    best one. It assumes more noise for measurements that are far from what the others predict. On
    cells whose values are mostly noise, predictions are averaged with those of `gp`. ``fit`` scales
    the standard deviation, noise included, so that 90 % of the left-out training measurements lie
    in their 90 % interval. ``docs/notes/best.md`` describes the method.

    On a space whose operations it cannot count, such as a space of choices, a Gaussian process on
    the dimensions takes the place of these models.

    The input is the encoding :class:`hwnas.encoding.Operations`. Values are standardised, except on
    a space of dimensions.

    Parameters
    ----------
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.
    random_state : int, optional
        Seed of the random order of the measurements. Hyperparameters, calibration and the check for
        outliers use only the first ones if there are many.

    Attributes
    ----------
    model_ : Model
        The chosen model. A space of dimensions has none.
    process_ : Posterior, LowRank or DimensionProcess
        The fitted Gaussian process.
    companion_ : ExactGP or None
        The Gaussian process whose predictions are averaged with those of `process_`.
    std_scale_ : float
        Factor by which calibration multiplies the standard deviations.
    architectures_ : array of int, shape (n, n_positions)
        The training architectures.
    """

    #: The only encoding that the model reads; see `hwnas.predictor.build`.
    input_encoding: ClassVar[type] = Operations

    def __init__(self, space: SearchSpace | None = None, random_state: int | None = None) -> None:
        self.space = space
        self.random_state = random_state

    def fit(self, X: Architectures, y: Values) -> Self:
        """Fit to operation indices, shape (n, n_positions), and values."""
        values = np.asarray(y, dtype=np.float64)
        order = check_random_state(self.random_state).permutation(len(values))
        self.process_: Process[Features, Scaled] | DimensionProcess
        if self.in_metric_unit:
            self.architectures_ = self._space.validate(np.asarray(X))
            self.process_ = DimensionProcess(self._space).fit(self.architectures_, values, order)
            return self
        features = self._describe(X)
        with blas_threads(min(len(values), N_CHECK)):
            chosen = refine(choose(features, values, order), features, values, order)
        self.model_ = chosen.model
        self.architectures_ = np.asarray(X)
        with blas_threads(len(values)):
            process = self.process_ = fit_process(chosen, features, values, order)
            deviation, variance = process.left_out(np.sort(order[:_N_CALIBRATION]))
        variance = variance + self._noise
        self.companion_ = companion(self._space, self.architectures_, values, deviation)
        if self.companion_ is not None:
            deviation, variance = average((deviation, variance), left_out(self.companion_))
        scores = deviation / np.sqrt(variance)
        scale = quantile_scale if chosen.compared else mean_square_scale
        self.std_scale_ = scale(scores) * float(np.sqrt(1 + _N_EFFECTS / len(values)))
        return self

    def predict(self, X: Architectures, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Return predicted values, and with `return_std` standard deviations of measurements."""
        check_is_fitted(self, "process_")
        # The features of many architectures would take gigabytes.
        blocks = [X[start : start + _BLOCK] for start in range(0, max(len(X), 1), _BLOCK)]
        parts = [self._predict_block(block, return_std) for block in blocks]
        mean, std = (np.concatenate(part) for part in zip(*parts, strict=True))
        return (mean, std) if return_std else mean

    def _predict_block(self, X: Architectures, return_std: bool) -> tuple[Values, Values]:
        """Return predicted values and standard deviations, which mean nothing unless wanted."""
        if isinstance(self.process_, DimensionProcess):
            return self.process_.predict(self._space.validate(np.asarray(X)), return_std)
        features = self._describe(X)
        with blas_threads(self.process_.size):
            mean, variance = self.process_.predict(self.model_.select(features), return_std)
        mean, variance = mean + self.model_.expected(features), variance + self._noise
        if self.companion_ is not None:
            inputs = encoded(self._space, X)
            if return_std:
                other, std = self.companion_.predict(inputs, return_std=True)
                mean, variance = average((mean, variance), (other, std**2))
            else:
                # The variances cost more than the means, and the mean does not depend on them.
                mean = (mean + self.companion_.predict(inputs)) / 2
        return np.round(mean, _DECIMALS), self.std_scale_ * np.sqrt(variance) + 10.0**-_DECIMALS

    def saved_state(self) -> dict[str, Any]:
        """Return the chosen model, its hyperparameters and the training architectures.

        The state holds the names of the hyperparameters, because a later version may have others.
        """
        process = self.process_
        if isinstance(process, DimensionProcess):
            return {"architectures": self.architectures_, "dimensions": process.state()}
        assert isinstance(process.kernel, Covariance)
        return {
            "view": self.model_.view,
            "by_position": self.model_.by_position,
            "views": self.model_.views,
            "architectures": self.architectures_,
            "names": process.kernel.names,
            **state_of(process),
            "std_scale": self.std_scale_,
            "companion": None if self.companion_ is None else self.companion_.saved_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Set the fitted attributes from the return value of `saved_state`.

        Raises
        ------
        ValueError
            If a version with other hyperparameters saved the state.
        """
        self.architectures_ = state["architectures"]
        if "dimensions" in state:
            self.process_ = DimensionProcess.restored(
                self._space, self.architectures_, state["dimensions"]
            )
            return
        views = state.get("views", _FIRST_VIEWS)
        self.model_ = Model(state["view"], state["by_position"], views and tuple(views))
        features = self.model_.select(self._describe(needed(self.architectures_, state)))
        covariance = Covariance(features)
        if covariance.names != state["names"]:
            raise ValueError("a version of `best` with other hyperparameters saved this predictor")
        self.process_ = restored_process(covariance, features, state)
        self.std_scale_ = state["std_scale"]
        self.companion_ = None
        # Files of hwnas 0.2 and earlier have no companion.
        if state.get("companion") is not None:
            self.companion_ = ExactGP()
            self.companion_.restore_state(state["companion"])

    def log_evidence(self, y: Values) -> float:
        """Return how probable the fitted model makes the values `y` that ``fit`` got.

        It is the log density of the values under the Gaussian process, plus the log density of its
        hyperparameters. The latter is 0 at the means of their priors.
        """
        process = self.process_
        if isinstance(process, DimensionProcess):
            return process.log_evidence(np.asarray(y, dtype=np.float64))
        assert isinstance(process, Posterior | LowRankFit)
        assert isinstance(process.kernel, Covariance)
        return process.log_density(process.kernel.mean, process.kernel.deviation, NOISE_PRIOR)

    @property
    def in_metric_unit(self) -> bool:
        """Whether values are in the metric's unit, because their logarithm may be modelled."""
        return self.space is not None and by_dimensions(self.space)

    @property
    def remarks_(self) -> list[str]:
        """What a user must know before using the predictions, as sentences."""
        return self.process_.remarks if isinstance(self.process_, DimensionProcess) else []

    @property
    def _noise(self) -> float:
        assert not isinstance(self.process_, DimensionProcess)
        return float(np.exp(self.process_.theta[-1]))

    @property
    def _space(self) -> SearchSpace:
        if self.space is None:
            raise ValueError("Best: the parameter `space` is not set")
        return self.space

    def _describe(self, X: Architectures) -> Features:
        return describe(self._space, self._space.validate(np.asarray(X)))
