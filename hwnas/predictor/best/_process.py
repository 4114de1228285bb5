"""A Gaussian process whose measurements differ in how far they are trusted.

Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), sections 2.2, 5.4.1, 5.4.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lapack, solve_triangular
from scipy.optimize import minimize

from hwnas.predictor.best._features import Features
from hwnas.predictor.best._kernel import Covariance, Scaled

Array = NDArray[np.floating]

#: Mean and standard deviation of the logarithm of the noise variance.
_NOISE = (-2.0, 2.0)
#: Keeps covariances of a device without noise invertible.
_JITTER = 1e-8
_BLOCK = 1000


def fit_hyperparameters(
    covariance: Covariance,
    features: Features,
    y: Array,
    distrust: Array,
    start: Array | None = None,
    max_iterations: int = 50,
) -> Array:
    """Return the hyperparameters of the largest posterior density, the noise's last.

    Parameters
    ----------
    distrust : array, shape (n,)
        Factor of each measurement's noise variance.
    start : array, optional
        Where to begin; the prior's mean if not given.
    """
    mean = np.append(covariance.mean, _NOISE[0])
    deviation = np.append(covariance.deviation, _NOISE[1])

    def negative_log_posterior(theta: Array) -> tuple[float, Array]:
        scaled = covariance.scale(features, theta)
        noise = math.exp(theta[-1]) * distrust
        factor = _factor(covariance, theta, scaled, noise)
        half = solve_triangular(factor, y, lower=True, check_finite=False)
        alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
        inverse, _ = lapack.dpotri(factor, lower=True)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = 0.5 * (inverse - np.outer(alpha, alpha))
        gradient = covariance.pullback(scaled, theta, weights)
        gradient[-1] = np.diag(weights) @ noise
        distance = (theta - mean) / deviation
        value = 0.5 * (half @ half + distance @ distance) + np.log(np.diag(factor)).sum()
        return float(value), gradient + distance / deviation

    found = minimize(
        negative_log_posterior,
        mean if start is None else start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(mean - 8 * deviation, mean + 6 * deviation, strict=True)),
        options={"maxiter": max_iterations, "ftol": 1e-7},
    )
    best: Array = found.x
    return best


@dataclass
class Process:
    """A Gaussian process that has seen the training measurements.

    Parameters
    ----------
    covariance : Covariance
    theta : array
        Hyperparameters, the noise's last.
    scaled : Scaled
        The training architectures.
    noise : array, shape (n,)
        Noise variance of each measurement.
    alpha : array, shape (n,)
        Weight of each measurement in a prediction.

    Attributes
    ----------
    factor : array, shape (n, n)
        Lower Cholesky factor of their covariances plus noise; a loaded process computes it when a
        variance is asked for.
    """

    covariance: Covariance
    theta: Array
    scaled: Scaled
    noise: Array
    alpha: Array

    @cached_property
    def factor(self) -> Array:
        return _factor(self.covariance, self.theta, self.scaled, self.noise)

    @classmethod
    def condition(
        cls,
        covariance: Covariance,
        theta: Array,
        features: Features,
        y: Array,
        distrust: Array,
    ) -> Process:
        """Return the Gaussian process with these hyperparameters, given measurements."""
        scaled = covariance.scale(features, theta)
        noise = math.exp(theta[-1]) * distrust
        factor = _factor(covariance, theta, scaled, noise)
        half = solve_triangular(factor, y, lower=True, check_finite=False)
        alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
        process = cls(covariance, theta, scaled, noise, alpha)
        process.factor = factor
        return process

    def predict(self, features: Features, with_variance: bool) -> tuple[Array, Array]:
        """Return the expected values, and their variances without noise if asked for, else 0."""
        queries = self.covariance.scale(features, self.theta)
        mean = np.empty(len(queries))
        variance = np.zeros(len(queries))
        for start in range(0, len(queries), _BLOCK):
            rows = slice(start, start + _BLOCK)
            block = queries[rows]
            cross = self.covariance(block, self.scaled, self.theta)
            mean[rows] = cross @ self.alpha
            if with_variance:
                half = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
                known = np.einsum("nm,nm->m", half, half)
                variance[rows] = self.covariance.diagonal(block, self.theta) - known
        return mean, np.maximum(variance, 0)

    def left_out(self, rows: NDArray[np.integer]) -> tuple[Array, Array]:
        """Return deviation and variance (without noise) of training rows, each left out."""
        picked = np.zeros((len(self.alpha), len(rows)))
        picked[rows, np.arange(len(rows))] = 1
        half = solve_triangular(
            self.factor, picked, lower=True, overwrite_b=True, check_finite=False
        )
        precision = np.einsum("nm,nm->m", half, half)
        return self.alpha[rows] / precision, np.maximum(1 / precision - self.noise[rows], 0)


def _factor(covariance: Covariance, theta: Array, scaled: Scaled, noise: Array) -> Array:
    """Return the lower Cholesky factor, in LAPACK's memory order; only rows are held twice."""
    n = len(scaled)
    matrix = np.empty((n, n))
    for start in range(0, n, _BLOCK):
        rows = slice(start, start + _BLOCK)
        matrix[rows] = covariance(scaled[rows], scaled, theta)
    matrix[np.diag_indices(n)] += noise + _JITTER
    factor: Array = cholesky(matrix.T, lower=True, overwrite_a=True, check_finite=False)
    return factor
