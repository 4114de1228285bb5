"""The kernel of `gp`: a radial basis function."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwnas.predictor.gp._core import Pullback
from hwnas.predictor.gp._similarity import Array, similarity, weighted_similarity, weighted_squares


@dataclass(frozen=True)
class RBF:
    """The covariance function variance * exp(-distance² / 2), with features / lengthscales.

    The inputs are features, shape (n, d). The hyperparameters are the logarithms of the variance,
    of the common lengthscale, and of each feature's ratio to the common lengthscale.

    Attributes
    ----------
    spread : float
        Prior standard deviation of the logarithms of the ratios. 0 means that all features have the
        same lengthscale, and that there are no ratios.
    jitter : float
        It is 0, because the prior of the noise variance excludes tiny values.
    """

    spread: float = 0.0
    jitter: float = 0.0

    def prior(self, features: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of the hyperparameters' normal prior.

        The prior median of the variance is 1, that of the lengthscale a typical distance of rows.
        """
        distance = math.sqrt(2 * features.var(axis=0).sum()) or 1.0
        factors = np.zeros(features.shape[1] if self.spread else 0)
        mean = np.concatenate([[0.0, math.log(distance)], factors])
        return mean, np.concatenate([[1.0, 1.0], factors + self.spread])

    def scale(self, features: Array, theta: Array) -> Array:
        """Return the features divided by their lengthscales."""
        scaled: Array = features / np.exp(theta[1] + (theta[2:] if self.spread else 0))
        return scaled

    def __call__(self, a: Array, b: Array, theta: Array) -> Array:
        """Return the covariances of scaled features, shape (len(a), len(b))."""
        covariance = similarity(a, b)
        covariance *= math.exp(theta[0])
        return covariance

    def diagonal(self, a: Array, theta: Array) -> Array:
        """Return the variance of every row, shape (n,)."""
        return np.full(len(a), math.exp(theta[0]))

    def weighted(self, a: Array, b: Array, theta: Array, weights: Array) -> Array:
        """Return self(a, b, theta) @ `weights`, shape (len(a),)."""
        return weighted_similarity(a, b, math.exp(theta[0]) * weights)

    def columns(self, a: Array) -> None:
        """Return None: covariances are no inner products of finitely many columns."""

    def with_pullback(self, a: Array, theta: Array) -> tuple[Array, Pullback]:
        """Return self(a, a, theta), and the function that `Kernel.with_pullback` describes."""
        covariance = self(a, a, theta)
        own = covariance.copy()

        def pullback(weights: Array) -> Array:
            weighted = weights * own
            by_feature = weighted_squares(a, weighted)
            common = [weighted.sum(), by_feature.sum()]
            return np.concatenate([common, by_feature if self.spread else []])

        return covariance, pullback
