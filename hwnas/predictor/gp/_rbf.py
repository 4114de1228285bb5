"""The kernel of `gp`: a radial basis function."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwnas.predictor.gp._similarity import Array, similarity, weighted_squares


@dataclass(frozen=True)
class RBF:
    """A covariance function: variance times exp(-distance² / 2), in units of the lengthscales.

    Its inputs are features, shape (n, d); its hyperparameters are logarithms of the variance, then
    of the common lengthscale, then of each feature's factor of it.

    Attributes
    ----------
    spread : float
        Standard deviation, in the prior, of the logarithms of the features' factors. 0 means that
        all features have the same lengthscale, and no factors.
    jitter : float
        The noise's prior excludes variances so small that the covariances need one.
    """

    spread: float = 0.0
    jitter: float = 0.0

    def prior(self, features: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of the hyperparameters' normal prior.

        The variance is around 1, the lengthscale around a typical distance of two rows.
        """
        distance = math.sqrt(2 * features.var(axis=0).sum()) or 1.0
        factors = np.zeros(features.shape[1] if self.spread else 0)
        mean = np.concatenate([[0.0, math.log(distance)], factors])
        return mean, np.concatenate([[1.0, 1.0], factors + self.spread])

    def scale(self, features: Array, theta: Array) -> Array:
        """Return the features in units of their lengthscales."""
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

    def pullback(self, a: Array, theta: Array, weights: Array) -> Array:
        """Return the gradient with respect to `theta` of sum(`weights` * self(a, a, theta)).

        `weights` are symmetric, shape (n, n).
        """
        weighted = weights * self(a, a, theta)
        by_feature = weighted_squares(a, weighted)
        common = [weighted.sum(), by_feature.sum()]
        return np.concatenate([common, by_feature if self.spread else []])
