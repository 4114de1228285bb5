"""The fit of `best` on spaces that are described by their dimensions."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import norm
from scipy.stats import t as student

from hwnas.predictor._threads import blas_threads
from hwnas.predictor.best._calibration import quantile_scale
from hwnas.predictor.best._dimension_kernel import DimensionCovariance, Scaled
from hwnas.predictor.best._dimensions import Described, described
from hwnas.predictor.best._process import (
    N_EXACT,
    Process,
    conditioned,
    needed,
    restored_process,
    state_of,
)
from hwnas.predictor.gp import LowRankFit, Posterior, fit_hyperparameters
from hwnas.space import Architectures, SearchSpace

Array = NDArray[np.floating]

#: Mean and standard deviation of the normal prior of the log noise variance.
_NOISE_PRIOR = (-2.0, 1.5)
#: Numbers of iterations of L-BFGS: in the first fit, and in each fit after new noise factors.
_ITERATIONS, _ITERATIONS_AGAIN = 40, 10
#: Number of times that the noise of each measurement is estimated, and then the hyperparameters.
_ROUNDS = 3
#: Degrees of freedom of Student's distribution, which the noise has. Few of them mean that many
#: measurements may be outliers.
_FREEDOM = 2.0
#: Largest numbers of measurements that models are compared on, and that the hyperparameters of the
#: chosen one are fitted to.
_N_COMPARE, _N_FIT = 124, 400
#: Models with a smaller weight are left out of the average.
_LEAST_WEIGHT = 0.1
#: With fewer measurements no models are compared: they cannot tell the models apart.
_N_CHOICE = 10
#: Largest number of measurements whose deviations calibrate the intervals.
_N_CALIBRATION = 500
#: The standard deviation is widened as if the measurements had been used for as many more effects.
_N_EFFECTS = 5
#: The number of threads is not limited for so few predictions.
_FEW = 20
#: A predictor that explains a smaller share of the variation has learnt nothing worth using.
_LEARNT = 0.3
#: Half the width of a 90 % interval, in standard deviations.
_WIDTH = float(norm.ppf(0.95))


@dataclass(frozen=True)
class Shape:
    """What a model assumes of the metric.

    Parameters
    ----------
    smooth : bool
        Whether it has smooth functions beside the linear one.
    log : bool
        Whether it models the logarithm of the metric, whose noise is then relative.
    """

    smooth: bool
    log: bool

    def select(self, features: Described) -> Described:
        """Return the features of this model."""
        return features if self.smooth else features.without_smooth()


@dataclass(frozen=True)
class Scale:
    """The transformation of the metric to a scale with mean 0 and standard deviation 1."""

    log: bool
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Array, log: bool) -> Scale:
        """Return the scale of measured values, in the metric's unit."""
        known = np.log(values) if log else values
        return cls(log, float(known.mean()), float(known.std()) or 1.0)

    def __call__(self, values: Array) -> Array:
        """Return the values on this scale."""
        scaled: Array = ((np.log(values) if self.log else values) - self.mean) / self.deviation
        return scaled

    def log_slope(self, values: Array) -> Array:
        """Return the logarithm of this function's slope, to compare densities on two scales."""
        slope: Array = -np.log(self.deviation) - (np.log(values) if self.log else 0.0 * values)
        return slope

    def back(self, mean: Array, std: Array) -> tuple[Array, Array]:
        """Return means and standard deviations in the metric's unit.

        The standard deviation is that of a normal distribution whose 90 % interval is as wide.
        """
        mean, std = mean * self.deviation + self.mean, std * self.deviation
        if not self.log:
            return mean, std
        # An interval of a factor of more than e^20 is as good as no bound.
        half = np.minimum(_WIDTH * std, 20.0)
        return np.exp(mean), np.exp(mean) * np.sinh(half) / _WIDTH


@dataclass(frozen=True)
class Fitted:
    """A model with fitted hyperparameters, and the scores of left-out measurements."""

    shape: Shape
    scale: Scale
    theta: Array
    scores: Array


@dataclass(frozen=True)
class Component:
    """One model of the average: its weight, and its process on all measurements."""

    weight: float
    shape: Shape
    scale: Scale
    process: Process[Described, Scaled]

    @classmethod
    def of(
        cls,
        weight: float,
        fitted: Fitted,
        features: Described,
        values: Array,
        order: NDArray[np.integer],
    ) -> Self:
        """Return the component of a fitted model on measurements in the metric's unit."""
        known, y = fitted.shape.select(features), fitted.scale(values)
        covariance, theta = DimensionCovariance(known), fitted.theta
        first, rest = order[:N_EXACT], order[N_EXACT:]
        factors: Array = np.ones(len(y))
        for _ in range(_ROUNDS):
            process = conditioned(covariance, theta, known[first], y[first], factors[first])
            factors[first] = _noise_factors(theta, *process.left_out(np.arange(len(first))))
        if len(rest):
            process = conditioned(covariance, theta, known[first], y[first], factors[first])
            mean, variance = process.predict(known[rest], with_variance=True)
            factors[rest] = _noise_factors(theta, y[rest] - mean, variance)
        process = conditioned(covariance, theta, known, y, factors, order)
        return cls(weight, fitted.shape, fitted.scale, process)

    @property
    def noise(self) -> float:
        """Variance of the noise, on the component's scale."""
        return float(np.exp(self.process.theta[-1]))

    def left_out(self, values: Array, rows: NDArray[np.integer]) -> tuple[Array, Array]:
        """Predict some measurements from all others, in the metric's unit."""
        assert isinstance(self.process, Posterior | LowRankFit)
        deviation, variance = self.process.left_out(rows)
        mean = self.scale(values[rows]) - deviation
        return self.scale.back(mean, np.sqrt(variance + self.noise))

    def log_evidence(self, values: Array) -> float:
        """Return the log density of the values in the metric's unit, see `Best.log_evidence`."""
        assert isinstance(self.process, Posterior | LowRankFit)
        kernel = self.process.kernel
        assert isinstance(kernel, DimensionCovariance)
        density = self.process.log_density(kernel.mean, kernel.deviation, _NOISE_PRIOR)
        return density + float(self.scale.log_slope(values).sum())

    def predict(self, features: Described, with_variance: bool) -> tuple[Array, Array]:
        """Return predicted values and standard deviations of measurements, in the metric's unit."""
        mean, variance = self.process.predict(self.shape.select(features), with_variance)
        return self.scale.back(mean, np.sqrt(variance + self.noise))

    def state(self) -> dict[str, Any]:
        """Return what `restored` needs, without the training architectures."""
        assert isinstance(self.process.kernel, DimensionCovariance)
        return {
            "weight": self.weight,
            "shape": [self.shape.smooth, self.shape.log],
            "scale": [self.scale.mean, self.scale.deviation],
            "names": self.process.kernel.names,
            **state_of(self.process),
        }

    @classmethod
    def restored(cls, space: SearchSpace, X: Architectures, state: dict[str, Any]) -> Self:
        """Return the component of these training architectures from the return value of `state`."""
        features = described(space, needed(X, state))
        smooth, log = state["shape"]
        shape = Shape(smooth, log)
        known = shape.select(features)
        covariance = DimensionCovariance(known)
        if covariance.names != state["names"]:
            raise ValueError("a version of `best` with other hyperparameters saved this predictor")
        process = restored_process(covariance, known, state)
        return cls(state["weight"], shape, Scale(log, *state["scale"]), process)


class DimensionProcess:
    """An average of Gaussian processes on the dimensions, with noise of Student's distribution.

    There are four models: linear or smooth, of the metric or of its logarithm. Each has the weight
    that its predictions of left-out measurements deserve.

    Attributes
    ----------
    components : list of Component
        The models with their weights, which add up to 1.
    std_scale : float
        Factor by which calibration multiplies the standard deviations.
    explained : float
        Share of the variation of the training measurements that predictions from all others
        explain. It is below 0 if they are worse than the median.
    """

    components: list[Component]
    std_scale: float
    explained: float

    def __init__(self, space: SearchSpace) -> None:
        self.space = space

    def fit(self, X: Architectures, values: Array, order: NDArray[np.integer]) -> Self:
        """Fit to values in the metric's unit. Steps that cannot use all take the first in `order`.

        Parameters
        ----------
        X : array, shape (n, n_positions)
        values : array, shape (n,)
        order : array of int, shape (n,)
        """
        features = described(self.space, X)
        few, more = order[:_N_COMPARE], order[:_N_FIT]
        with blas_threads(len(values)):
            self.components = []
            for weight, fitted in _weighted(features[few], values[few]):
                if len(more) > len(few):
                    fitted = _fitted(fitted.shape, features[more], values[more], fitted.theta)
                self.components.append(Component.of(weight, fitted, features, values, order))
            checked = np.sort(order[:_N_CALIBRATION])
            mean, std = self._average([each.left_out(values, checked) for each in self.components])
        deviation = values[checked] - mean
        self.std_scale = quantile_scale(deviation / std)
        self.std_scale *= float(np.sqrt(1 + _N_EFFECTS / len(values)))
        self.explained = _explained(deviation, values[checked])
        return self

    def _average(self, predictions: list[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Return the mean and the standard deviation of the mixture of predictions."""
        weights = np.array([each.weight for each in self.components])
        means = np.stack([mean for mean, _ in predictions])
        stds = np.stack([std for _, std in predictions])
        mean = weights @ means
        return mean, np.sqrt(weights @ (stds**2 + (means - mean) ** 2))

    def predict(self, X: Architectures, return_std: bool) -> tuple[Array, Array]:
        """Return predicted values and standard deviations of measurements, in the metric's unit.

        Without `return_std`, the standard deviations mean nothing.
        """
        features = described(self.space, X)
        # To find the threads takes longer than to predict a few architectures with all of them.
        many = len(features) > _FEW
        with blas_threads(self.components[0].process.size) if many else nullcontext():
            predictions = [each.predict(features, return_std) for each in self.components]
        mean, std = self._average(predictions)
        return mean, self.std_scale * std

    def log_evidence(self, values: Array) -> float:
        """Return the mean over the models, by their weights, of the log density of the values."""
        return sum(each.weight * each.log_evidence(values) for each in self.components)

    @property
    def remarks(self) -> list[str]:
        """What a user must know before using the predictions, as sentences."""
        if self.explained >= _LEARNT:
            return []
        return [
            "hardly anything is learnt from these measurements: predictions of left-out ones "
            f"explain {max(self.explained, 0):.0%} of their variation"
        ]

    def state(self) -> dict[str, Any]:
        """Return what `restored` needs, without the training architectures."""
        return {
            "components": [each.state() for each in self.components],
            "std_scale": self.std_scale,
            "explained": self.explained,
        }

    @classmethod
    def restored(cls, space: SearchSpace, X: Architectures, state: dict[str, Any]) -> Self:
        """Return the process from the return value of `state`.

        Raises
        ------
        ValueError
            If a version with other hyperparameters saved the state.
        """
        found = cls(space)
        found.components = [Component.restored(space, X, each) for each in state["components"]]
        found.std_scale, found.explained = state["std_scale"], state["explained"]
        return found


def _weighted(features: Described, values: Array) -> list[tuple[float, Fitted]]:
    """Return the models and their weights, without those of a small weight.

    The weights are those of a softmax of the total scores, divided by the square root of their
    number, by which the totals differ by chance.
    """
    if len(values) < _N_CHOICE:
        return [(1.0, _fitted(Shape(smooth=False, log=False), features, values))]
    scales = (False, True) if (values > 0).all() else (False,)
    shapes = [Shape(smooth, log) for smooth in (False, True) for log in scales]
    models = [_fitted(shape, features, values) for shape in shapes]
    weights = softmax(np.array([each.scores.sum() for each in models]) / np.sqrt(len(values)))
    kept = weights >= _LEAST_WEIGHT
    total = float(weights[kept].sum())
    return [
        (float(weight) / total, model)
        for weight, model, keep in zip(weights, models, kept, strict=True)
        if keep
    ]


def _fitted(shape: Shape, features: Described, values: Array, start: Array | None = None) -> Fitted:
    """Return a model with hyperparameters fitted to measurements, assuming noise for outliers."""
    known, scale = shape.select(features), Scale.of(values, shape.log)
    covariance, y = DimensionCovariance(known), scale(values)
    every = np.arange(len(y))
    factors: Array = np.ones(len(y))
    theta = start
    for _ in range(_ROUNDS + 1):
        theta = fit_hyperparameters(
            covariance,
            known,
            y,
            factors,
            noise_prior=_NOISE_PRIOR,
            start=theta,
            max_iterations=_ITERATIONS if theta is None else _ITERATIONS_AGAIN,
        )
        process = conditioned(covariance, theta, known, y, factors)
        deviation, variance = process.left_out(every)
        factors = _noise_factors(theta, deviation, variance)
    assert theta is not None
    spread = np.sqrt(variance + np.exp(theta[-1]))
    scores = student.logpdf(deviation / spread, _FREEDOM) - np.log(spread)
    return Fitted(shape, scale, theta, scores + scale.log_slope(values))


def _noise_factors(theta: Array, deviation: Array, variance: Array) -> Array:
    """Return the noise factor of each measurement, shape (n,).

    It is the expected factor if the noise has Student's distribution, and at least 1.
    """
    squared = deviation**2 / (variance + np.exp(theta[-1]))
    factor: Array = np.maximum(1.0, (_FREEDOM + squared) / (_FREEDOM + 1))
    return factor


def _explained(deviation: Array, values: Array) -> float:
    """Return the share of the variation that is explained, with absolute values for outliers."""
    spread = float(np.abs(values - np.median(values)).mean())
    return 1 - (float(np.abs(deviation).mean()) / spread) ** 2 if spread > 0 else 0.0
