"""Fitting `best`: hyperparameters, outliers, and which of several models to trust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from hwnas.predictor.best._features import Features
from hwnas.predictor.best._kernel import Covariance, Scaled
from hwnas.predictor.gp import Posterior, condition, fit_hyperparameters

Array = NDArray[np.floating]
Process = Posterior[Features, Scaled]

#: Mean and standard deviation of the noise variance's logarithm in the prior.
_NOISE_PRIOR = (-2.0, 2.0)
#: L-BFGS's iterations of the first fit, of one after outliers were found, and of the last one.
_ITERATIONS, _ITERATIONS_AGAIN, _ITERATIONS_REFINING = 50, 15, 20
#: Measurements that every model's hyperparameters are fitted to: the cost grows with the cube.
N_HYPERPARAMETERS = 400
#: Measurements that all are checked for outliers with, models compared with, and the chosen
#: model's hyperparameters refined with.
N_CHECK = 1000
#: Deviations beyond this many standard deviations count as outliers (Huber's loss).
_OUTLIER = 2.5
_ROUNDS = 2
#: Fewer measurements than this cannot tell models apart.
_N_CHOICE = 10
#: Expected change of standardised values for a change of all total costs by a standard deviation.
_SLOPE = 0.5


@dataclass(frozen=True)
class Model:
    """One way to predict: all features, or the additive costs of one view.

    Parameters
    ----------
    view : str, optional
        The view, or None for all features.
    by_position : bool
        Whether an operation's cost may depend on its position.
    """

    view: str | None = None
    by_position: bool = True

    def select(self, features: Features) -> Features:
        """Return the features that this model uses."""
        if self.view is None:
            return features
        return features.additive(self.view, by_position=self.by_position)

    def expected(self, features: Features) -> Array:
        """Return what the model expects before anything is measured."""
        expected: Array = _SLOPE * self.select(features).expectation
        return expected

    @classmethod
    def by_complexity(cls, features: Features) -> Iterator[list[Model]]:
        """Return the models, simplest first."""
        for by_position in (False, True):
            yield [cls(view, by_position) for view in features.views]
        yield [cls()]


@dataclass(frozen=True)
class Candidate:
    """A model with the hyperparameters that fit some measurements.

    Parameters
    ----------
    model : Model
    theta : array
        Hyperparameters.
    scores : array
        Logarithm of the density of each checked measurement when left out, outliers cut off.
    compared : bool
        Whether it was chosen among several.
    """

    model: Model
    theta: Array
    scores: Array
    compared: bool = True


def choose(features: Features, y: Array, order: NDArray[np.integer]) -> Candidate:
    """Return the simplest model that predicts as well as any.

    As well as any: its mean score is at most one standard error of the difference below the best
    one's. Where the additive costs of one view say it all, the model is exact, and gives
    architectures of equal cost equal predictions.

    Parameters
    ----------
    features : Features
        Of the training architectures.
    y : array, shape (n,)
    order : array of int, shape (n,)
        Random order; the first ones are used where not all can be.
    """
    if len(y) < _N_CHOICE:
        return replace(_candidate(Model(), features, y, order), compared=False)
    tiers = [
        max((_candidate(model, features, y, order) for model in tier), key=_mean_score)
        for tier in Model.by_complexity(features)
    ]
    best = max(tiers, key=_mean_score)
    for candidate in tiers:
        lost = best.scores - candidate.scores
        if lost.mean() <= lost.std() / np.sqrt(len(lost)):
            return candidate
    return best


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
    process = condition(covariance, theta, known, values, noise_factors)
    deviation, variance = process.left_out(np.arange(len(check)))
    variance = variance + np.exp(theta[-1])
    scores = norm.logpdf(np.minimum(np.abs(deviation) / np.sqrt(variance), 2 * _OUTLIER))
    return Candidate(model, theta, scores - np.log(variance) / 2)


def refine(
    candidate: Candidate, features: Features, y: Array, order: NDArray[np.integer]
) -> Candidate:
    """Return the candidate with hyperparameters that fit more measurements, if there are more."""
    if len(y) <= N_HYPERPARAMETERS:
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
        noise_prior=_NOISE_PRIOR,
        start=candidate.theta,
        max_iterations=_ITERATIONS_REFINING,
    )
    return replace(candidate, theta=theta)


def fit_process(
    candidate: Candidate, features: Features, y: Array, order: NDArray[np.integer]
) -> Process:
    """Return the candidate's Gaussian process, with more noise assumed for outliers."""
    known = candidate.model.select(features)
    covariance = Covariance(known)
    values = y - candidate.model.expected(features)
    check, rest = order[:N_CHECK], order[N_CHECK:]
    noise_factors = np.ones(len(y))
    noise_factors[check] = _noise_factors(covariance, candidate.theta, known[check], values[check])
    if len(rest):
        process = condition(
            covariance, candidate.theta, known[check], values[check], noise_factors[check]
        )
        mean, variance = process.predict(known[rest], with_variance=True)
        noise_factors[rest] = _huber_factors(candidate.theta, values[rest] - mean, variance)
    return condition(covariance, candidate.theta, known, values, noise_factors)


def _robust_hyperparameters(covariance: Covariance, features: Features, y: Array) -> Array:
    """Return hyperparameters fitted to measurements, with more noise assumed for outliers."""
    noise_factors: Array = np.ones(len(y))
    theta = fit_hyperparameters(
        covariance, features, y, noise_prior=_NOISE_PRIOR, max_iterations=_ITERATIONS
    )
    for _ in range(_ROUNDS):
        process = condition(covariance, theta, features, y, noise_factors)
        noise_factors = _huber_factors(theta, *process.left_out(np.arange(len(y))))
        theta = fit_hyperparameters(
            covariance,
            features,
            y,
            noise_factors,
            noise_prior=_NOISE_PRIOR,
            start=theta,
            max_iterations=_ITERATIONS_AGAIN,
        )
    return theta


def _noise_factors(covariance: Covariance, theta: Array, features: Features, y: Array) -> Array:
    """Return every measurement's noise factor: above 1 where the others predict something else."""
    noise_factors: Array = np.ones(len(y))
    for _ in range(_ROUNDS):
        process = condition(covariance, theta, features, y, noise_factors)
        noise_factors = _huber_factors(theta, *process.left_out(np.arange(len(y))))
    return noise_factors


def _huber_factors(theta: Array, deviation: Array, variance: Array) -> Array:
    """Return noise factors with which deviations count as in Huber's loss.

    A deviation beyond `_OUTLIER` standard deviations then pulls no harder than one at that limit.
    """
    squared = deviation**2 / (variance + np.exp(theta[-1]))
    factor: Array = np.maximum(1.0, squared / _OUTLIER**2)
    return factor
