"""The fit of `best`: choice of model, hyperparameters and outliers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from hwnas.predictor.best._features import Features
from hwnas.predictor.best._kernel import Covariance, Scaled
from hwnas.predictor.best._process import conditioned
from hwnas.predictor.best._views import MARGINS
from hwnas.predictor.gp import LowRankFit, Posterior, fit_hyperparameters, log_posterior

Array = NDArray[np.floating]
Process = Posterior[Features, Scaled] | LowRankFit[Features, Scaled]

#: Mean and standard deviation of the normal prior of the log noise variance.
NOISE_PRIOR = (-2.0, 2.0)
#: Numbers of iterations of L-BFGS: in the first fit, in the fits after a search for outliers, and
#: in the last fit of the chosen model.
_ITERATIONS, _ITERATIONS_AGAIN, _ITERATIONS_REFINING = 50, 15, 20
#: Largest number of measurements that the hyperparameters of every model are fitted to. The cost of
#: a fit grows with its cube.
N_HYPERPARAMETERS = 400
#: The hyperparameters are fitted again only to at least this many times as many measurements.
_MORE = 1.5
#: Largest number of measurements that models are compared on and that the hyperparameters of the
#: chosen model are refined with. Predictions from these show which of the others are outliers.
N_CHECK = 1000
#: Measurements that deviate by more than this many standard deviations are outliers (Huber's loss).
_OUTLIER = 2.5
#: Number of searches for outliers. Each changes the noise, and so the outliers of the next.
_ROUNDS = 2
#: With fewer measurements no models are compared: they cannot tell the models apart.
_N_CHOICE = 10
#: Number of effects that a model which counts operations fits.
_N_EFFECTS = 5
#: Prior slope: change of the standardised value if all total costs grow by a standard deviation.
_SLOPE = 0.5


@dataclass(frozen=True)
class Model:
    """A choice of features: all of them, or the additive costs of one view.

    Parameters
    ----------
    view : str, optional
        The view whose operations are counted, or None for all features.
    by_position : bool
        Whether the cost of an operation may depend on its position.
    views : tuple of str, optional
        The views of a model of all features. By default it has all of them.
    """

    view: str | None = None
    by_position: bool = True
    views: tuple[str, ...] | None = None

    def select(self, features: Features) -> Features:
        """Return the features of this model."""
        if self.view is None:
            return features if self.views is None else features.of_views(self.views)
        return features.additive(self.view, by_position=self.by_position)

    def expected(self, features: Features) -> Array:
        """Return the prior mean of the values, shape (n,): more work costs more."""
        expected: Array = _SLOPE * self.select(features).expectation
        return expected


@dataclass(frozen=True)
class Candidate:
    """A model with fitted hyperparameters.

    Parameters
    ----------
    model : Model
    theta : array
        Hyperparameters.
    scores : array
        Log density of measurements under the prediction from all others. The deviations of
        outliers are limited.
    log_density : float
        Log posterior density of the hyperparameters, up to a constant. It measures how probable the
        measurements make the model.
    compared : bool
        Whether it was compared with other models.
    """

    model: Model
    theta: Array
    scores: Array
    log_density: float = 0.0
    compared: bool = True


def choose(features: Features, y: Array, order: NDArray[np.integer]) -> Candidate:
    """Return the simplest model that predicts about as well as the best one.

    Its mean score is lower than that of the best model by at most one standard error of the
    difference. A simple model is exact if the costs of operations add up. It predicts equal values
    for architectures of equal cost.

    Parameters
    ----------
    features : Features
        Features of the training architectures.
    y : array, shape (n,)
        Standardised values.
    order : array of int, shape (n,)
        Random order of the measurements. Steps that cannot use all take the first ones.
    """
    views = [view for view in features.views if MARGINS.get(view, 0.0) == 0]
    if len(y) < _N_CHOICE:
        everything = Model(views=tuple(views))
        return replace(_candidate(everything, features, y, order), compared=False)

    def fitted(models: Iterable[Model]) -> list[Candidate]:
        return [_candidate(model, features, y, order) for model in models]

    counting = {view: fitted([Model(view, by_position=False)])[0] for view in features.views}
    views += _earned(counting, len(order[:N_HYPERPARAMETERS]))
    by_position = [view for view in features.views_by_position if view in views]
    candidates = [
        max(level, key=_mean_score)
        for level in (
            [counting[view] for view in views],
            fitted(Model(view) for view in by_position),
            fitted([Model(views=tuple(views))]),
        )
    ]
    best = max(candidates, key=_mean_score)
    for candidate in candidates:
        lost = best.scores - candidate.scores
        if lost.mean() <= lost.std() / np.sqrt(len(lost)):
            return candidate
    return best


def _earned(counting: dict[str, Candidate], n: int) -> list[str]:
    """Return the rare views that the measurements ask for: none, or the most probable view.

    The scores of left-out measurements cannot decide this. With 11 measurements, a view that no
    device follows sometimes fits all of them by chance. The density of all `n` measurements is less
    easily deceived. About `_N_EFFECTS` measurements tell nothing, because any view can fit them.
    """
    free = n - _N_EFFECTS
    density = {
        view: candidate.log_density - free * MARGINS.get(view, 0.0)
        for view, candidate in counting.items()
    }
    probable = max(density, key=density.__getitem__)
    return [probable] if MARGINS.get(probable, 0.0) else []


def _mean_score(candidate: Candidate) -> float:
    return float(candidate.scores.mean())


def _candidate(model: Model, features: Features, y: Array, order: NDArray[np.integer]) -> Candidate:
    few, check = order[:N_HYPERPARAMETERS], order[:N_CHECK]
    known = model.select(features[check])
    covariance = Covariance(known)
    values = y[check] - model.expected(features[check])
    rows = np.arange(len(few))
    theta = _robust_hyperparameters(covariance, known[rows], values[rows])
    noise_factors = _noise_factors(covariance, theta, known, values)
    process = conditioned(covariance, theta, known, values, noise_factors)
    deviation, variance = process.left_out(np.arange(len(check)))
    variance = variance + np.exp(theta[-1])
    scores = norm.logpdf(np.minimum(np.abs(deviation) / np.sqrt(variance), 2 * _OUTLIER))
    log_density, _ = log_posterior(
        covariance, theta, known[rows], values[rows], noise_factors[rows], noise_prior=NOISE_PRIOR
    )
    return Candidate(model, theta, scores - np.log(variance) / 2, log_density)


def refine(
    candidate: Candidate, features: Features, y: Array, order: NDArray[np.integer]
) -> Candidate:
    """Return the candidate with hyperparameters fitted to up to `N_CHECK` measurements."""
    if len(y) < _MORE * N_HYPERPARAMETERS:
        return candidate
    check = order[:N_CHECK]
    known = candidate.model.select(features[check])
    covariance = Covariance(known)
    values = y[check] - candidate.model.expected(features[check])
    noise_factors = _noise_factors(covariance, candidate.theta, known, values)
    theta = fit_hyperparameters(
        covariance,
        known,
        values,
        noise_factors,
        noise_prior=NOISE_PRIOR,
        start=candidate.theta,
        max_iterations=_ITERATIONS_REFINING,
    )
    return replace(candidate, theta=theta)


def fit_process(
    candidate: Candidate, features: Features, y: Array, order: NDArray[np.integer]
) -> Process:
    """Return the candidate's Gaussian process, which assumes more noise for outliers."""
    known = candidate.model.select(features)
    covariance = Covariance(known)
    values = y - candidate.model.expected(features)
    check, rest = order[:N_CHECK], order[N_CHECK:]
    noise_factors = np.ones(len(y))
    noise_factors[check] = _noise_factors(covariance, candidate.theta, known[check], values[check])
    if len(rest):
        process = conditioned(
            covariance, candidate.theta, known[check], values[check], noise_factors[check]
        )
        mean, variance = process.predict(known[rest], with_variance=True)
        noise_factors[rest] = _huber_factors(candidate.theta, values[rest] - mean, variance)
    return conditioned(covariance, candidate.theta, known, values, noise_factors, order)


def _robust_hyperparameters(covariance: Covariance, features: Features, y: Array) -> Array:
    """Return hyperparameters fitted to measurements, assuming more noise for outliers."""
    noise_factors: Array = np.ones(len(y))
    theta = fit_hyperparameters(
        covariance, features, y, noise_prior=NOISE_PRIOR, max_iterations=_ITERATIONS
    )
    for _ in range(_ROUNDS):
        process = conditioned(covariance, theta, features, y, noise_factors)
        noise_factors = _huber_factors(theta, *process.left_out(np.arange(len(y))))
        theta = fit_hyperparameters(
            covariance,
            features,
            y,
            noise_factors,
            noise_prior=NOISE_PRIOR,
            start=theta,
            max_iterations=_ITERATIONS_AGAIN,
        )
    return theta


def _noise_factors(covariance: Covariance, theta: Array, features: Features, y: Array) -> Array:
    """Return each measurement's noise factor, which is above 1 for outliers, shape (n,)."""
    noise_factors: Array = np.ones(len(y))
    for _ in range(_ROUNDS):
        process = conditioned(covariance, theta, features, y, noise_factors)
        noise_factors = _huber_factors(theta, *process.left_out(np.arange(len(y))))
    return noise_factors


def _huber_factors(theta: Array, deviation: Array, variance: Array) -> Array:
    """Return the noise factors that give deviations the weight of Huber's loss.

    With them, a deviation above `_OUTLIER` standard deviations has no more influence on the fit
    than one at that limit.
    """
    squared = deviation**2 / (variance + np.exp(theta[-1]))
    factor: Array = np.maximum(1.0, squared / _OUTLIER**2)
    return factor
