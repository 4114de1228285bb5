"""Exact Gaussian-process regression by Cholesky: kernel, marginal likelihood, prediction.

Functions of float64 features, shape (n, d), and values of about mean 0 and variance 1. The
hyperparameters are one vector of logarithms: those of the kernel, then the noise variance.
Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), sections 2.2 and 5.4.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, lapack, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]

#: Rows predicted at once: with 15,000 training measurements a kernel block of 120 MB.
PREDICT_BATCH = 1000


@dataclass(frozen=True)
class RBF:
    """A covariance function: variance times exp(-distance² / 2), in units of the lengthscales.

    Its hyperparameters are logarithms: of the variance, then of the lengthscales.

    Attributes
    ----------
    spread : float
        0: one lengthscale for all features. Otherwise every feature has its own, the common one
        times a factor whose logarithm has this standard deviation in the prior.
    """

    spread: float = 0.0

    def prior(self, X: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of the logarithms' normal prior on such features.

        The variance is around 1, the lengthscale around a typical distance of two rows.
        """
        distance = math.sqrt(2 * X.var(axis=0).sum()) or 1.0
        factors = np.zeros(X.shape[1] if self.spread else 0)
        mean = np.concatenate([[0.0, math.log(distance)], factors])
        return mean, np.concatenate([[1.0, 1.0], factors + self.spread])

    def __call__(self, theta: Array, X: Array, Z: Array) -> Array:
        """Return the covariances of the rows of `X` with those of `Z`, shape (n, m)."""
        scaled_x, scaled_z = X / self._lengthscales(theta), Z / self._lengthscales(theta)
        covariance: Array = scaled_x @ scaled_z.T
        covariance -= (scaled_x**2).sum(axis=1)[:, None] / 2
        covariance -= (scaled_z**2).sum(axis=1) / 2
        np.minimum(covariance, 0, out=covariance)
        np.exp(covariance, out=covariance)
        covariance *= math.exp(theta[0])
        return covariance

    def _lengthscales(self, theta: Array) -> Array:
        lengthscales: Array = np.exp(theta[1] + (theta[2:] if self.spread else 0))
        return lengthscales

    def diagonal(self, theta: Array, X: Array) -> Array:
        """Return the variance at every row of `X`, shape (n,)."""
        return np.full(len(X), math.exp(theta[0]))

    def pullback(self, theta: Array, X: Array, weights: Array) -> Array:
        """Return the gradient with respect to `theta` of the sum of `weights` * covariances.

        `weights`, shape (n, n), are symmetric.
        """
        weighted = weights * self(theta, X, X)
        # Sum over i, j of weighted * (x_i - x_j)² / lengthscale², feature by feature.
        squares = weighted.sum(axis=1) @ X**2 - np.einsum("id,id->d", X, weighted @ X)
        by_feature = 2 * squares / self._lengthscales(theta) ** 2
        common = [weighted.sum(), by_feature.sum()]
        return np.concatenate([common, by_feature if self.spread else []])


def _factor(kernel: RBF, theta: Array, X: Array) -> Array:
    """Return the lower Cholesky factor of the covariances plus noise; it may overwrite nothing."""
    covariance = kernel(theta[:-1], X, X)
    covariance[np.diag_indices_from(covariance)] += math.exp(theta[-1])
    # The transpose is in Fortran's order, which LAPACK factors in place.
    factor: Array = cholesky(covariance.T, lower=True, overwrite_a=True, check_finite=False)
    return factor


def log_marginal_likelihood(kernel: RBF, theta: Array, X: Array, y: Array) -> tuple[float, Array]:
    """Return log p(y | X, theta) and its gradient.

    Raises
    ------
    scipy.linalg.LinAlgError
        If the covariances are not positive definite in floating point.
    """
    factor = _factor(kernel, theta, X)
    half = solve_triangular(factor, y, lower=True, check_finite=False)
    log_determinant = 2 * np.log(np.diag(factor)).sum()
    value = -0.5 * (half @ half + log_determinant + len(y) * math.log(2 * math.pi))
    alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = 0.5 * (np.outer(alpha, alpha) - inverse)
    noise = math.exp(theta[-1]) * np.trace(weights)
    return float(value), np.append(kernel.pullback(theta[:-1], X, weights), noise)


def fit_hyperparameters(
    kernel: RBF,
    X: Array,
    y: Array,
    noise_prior: tuple[float, float] = (math.log(0.1), 1.0),
    max_iterations: int = 100,
) -> Array:
    """Return the hyperparameters of the largest posterior density, by L-BFGS from the prior's mean.

    Parameters
    ----------
    kernel : RBF
    X : array, shape (n, d)
    y : array, shape (n,)
    noise_prior : pair of float
        Mean and standard deviation of the noise variance's logarithm.
    max_iterations : int
    """
    mean, deviation = (
        np.append(own, noise) for own, noise in zip(kernel.prior(X), noise_prior, strict=True)
    )

    def negative_log_posterior(theta: Array) -> tuple[float, Array]:
        try:
            value, gradient = log_marginal_likelihood(kernel, theta, X, y)
        except LinAlgError:  # the line search went too far; it steps back from here
            return 1e25, np.zeros_like(theta)
        distance = (theta - mean) / deviation
        return 0.5 * distance @ distance - value, distance / deviation - gradient

    bounds = list(zip(mean - 6 * deviation, mean + 6 * deviation, strict=True))
    options = {"maxiter": max_iterations, "ftol": 1e-6}
    found = minimize(
        negative_log_posterior, mean, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    best: Array = found.x
    return best


@dataclass
class Posterior:
    """A Gaussian process that has seen the training measurements.

    Attributes
    ----------
    kernel : RBF
    theta : array
        Hyperparameters, the noise last.
    X : array, shape (n, d)
        Training features.
    alpha : array, shape (n,)
        Weights of the training measurements in a prediction.
    factor : array, shape (n, n)
        Lower Cholesky factor of the training covariances plus noise; a loaded process computes it
        when a variance is asked for.
    """

    kernel: RBF
    theta: Array
    X: Array
    alpha: Array

    @cached_property
    def factor(self) -> Array:
        return _factor(self.kernel, self.theta, self.X)

    def mean(self, Z: Array) -> Array:
        """Return the expected values at the rows of `Z`, shape (m,)."""
        batches = _batches(Z)
        return np.concatenate(
            [self.kernel(self.theta[:-1], z, self.X) @ self.alpha for z in batches]
        )

    def variance(self, Z: Array) -> Array:
        """Return the variance of a measurement, noise included, at the rows of `Z`, shape (m,)."""
        parts = []
        for z in _batches(Z):
            cross = self.kernel(self.theta[:-1], z, self.X).T
            half = solve_triangular(
                self.factor, cross, lower=True, overwrite_b=True, check_finite=False
            )
            known = np.einsum("nm,nm->m", half, half)
            parts.append(np.maximum(self.kernel.diagonal(self.theta[:-1], z) - known, 0))
        return np.concatenate(parts) + math.exp(self.theta[-1])


def _batches(Z: Array) -> list[Array]:
    return np.array_split(Z, max(1, math.ceil(len(Z) / PREDICT_BATCH)))


def condition(kernel: RBF, theta: Array, X: Array, y: Array) -> Posterior:
    """Return the Gaussian process with these hyperparameters, given measurements."""
    factor = _factor(kernel, theta, X)
    half = solve_triangular(factor, y, lower=True, check_finite=False)
    alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    posterior = Posterior(kernel, theta, X, alpha)
    posterior.factor = factor
    return posterior
