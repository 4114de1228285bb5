"""Gaussian-process regression with any kernel: marginal likelihood, conditioning, prediction.

A kernel's hyperparameters and the noise variance are one vector `theta` of logarithms, the noise
last. Values have about mean 0 and variance 1. A measurement's noise variance may be a multiple of
the common one: `noise_factors`, shape (n,), tell how far each measurement is trusted less.

Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), sections 2.2, 5.4.1, 5.4.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, lapack, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.floating]

#: Rows of a covariance matrix computed at once: 120 MB beside 15,000 training measurements.
_BLOCK = 1000
#: The search for hyperparameters stays within so many standard deviations of the prior, below and
#: above its mean.
_BELOW, _ABOVE = 8, 6
#: The search ends when a step improves the objective by less than this share of it.
_TOLERANCE = 1e-7


class Rows(Protocol):
    """Architectures as a kernel compares them."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Self: ...


InputsT = TypeVar("InputsT")
InputsT_contra = TypeVar("InputsT_contra", contravariant=True)
RowsT = TypeVar("RowsT", bound=Rows)


class Kernel(Protocol[InputsT_contra, RowsT]):
    """A covariance function and the normal prior of its hyperparameters.

    The methods' `theta` are the kernel's own hyperparameters, without the noise.
    """

    @property
    def jitter(self) -> float:
        """Variance added to every training measurement, so that little noise can be factored."""

    def prior(self, inputs: InputsT_contra, /) -> tuple[Array, Array]:
        """Return mean and standard deviation of the hyperparameters on such inputs."""

    def scale(self, inputs: InputsT_contra, theta: Array, /) -> RowsT:
        """Apply the hyperparameters to inputs."""

    def __call__(self, a: RowsT, b: RowsT, theta: Array, /) -> Array:
        """Return the covariances, shape (len(a), len(b))."""

    def diagonal(self, a: RowsT, theta: Array, /) -> Array:
        """Return the variance of every row, shape (n,)."""

    def pullback(self, a: RowsT, theta: Array, weights: Array, /) -> Array:
        """Return the gradient with respect to `theta` of sum(`weights` * self(a, a, theta)).

        `weights` are symmetric, shape (n, n).
        """


def log_marginal_likelihood(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    y: Array,
    noise_factors: Array | None = None,
) -> tuple[float, Array]:
    """Return log p(y | inputs, theta) without its constant, -n/2 log 2π, and the gradient.

    Raises
    ------
    scipy.linalg.LinAlgError
        If the covariances are not positive definite in floating point.
    """
    rows = kernel.scale(inputs, theta[:-1])
    noise = _noise(theta, len(y), noise_factors)
    factor = _factor(kernel, theta, rows, noise)
    half = solve_triangular(factor, y, lower=True, check_finite=False)
    value = -0.5 * (half @ half) - np.log(np.diag(factor)).sum()
    alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = 0.5 * (np.outer(alpha, alpha) - inverse)
    of_kernel = kernel.pullback(rows, theta[:-1], weights)
    return float(value), np.append(of_kernel, np.diag(weights) @ noise)


def fit_hyperparameters(
    kernel: Kernel[InputsT, RowsT],
    inputs: InputsT,
    y: Array,
    noise_factors: Array | None = None,
    *,
    noise_prior: tuple[float, float],
    start: Array | None = None,
    max_iterations: int,
) -> Array:
    """Return the hyperparameters of the largest posterior density, found by L-BFGS.

    Parameters
    ----------
    kernel : Kernel
    inputs : the kernel's inputs, n rows
    y : array, shape (n,)
    noise_factors : array, shape (n,), optional
    noise_prior : pair of float
        Mean and standard deviation of the normal prior of the noise variance's logarithm.
    start : array, optional
        Where the search begins; by default at the prior's mean.
    max_iterations : int
    """
    mean, deviation = (
        np.append(of_kernel, of_noise)
        for of_kernel, of_noise in zip(kernel.prior(inputs), noise_prior, strict=True)
    )

    def negative_log_posterior(theta: Array) -> tuple[float, Array]:
        try:
            value, gradient = log_marginal_likelihood(kernel, theta, inputs, y, noise_factors)
        except LinAlgError:  # the line search went too far; a bad value makes it step back
            return 1e25, np.zeros_like(theta)
        distance = (theta - mean) / deviation
        return 0.5 * distance @ distance - value, distance / deviation - gradient

    found = minimize(
        negative_log_posterior,
        mean if start is None else start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(mean - _BELOW * deviation, mean + _ABOVE * deviation, strict=True)),
        options={"maxiter": max_iterations, "ftol": _TOLERANCE},
    )
    best: Array = found.x
    return best


@dataclass
class Posterior(Generic[InputsT, RowsT]):
    """A Gaussian process that has seen the training measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
        Hyperparameters, the noise last.
    rows : the kernel's rows
        The training architectures, scaled by the hyperparameters.
    noise : array, shape (n,)
        Noise variance of each measurement.
    alpha : array, shape (n,)
        Weight of each measurement in a prediction.
    """

    kernel: Kernel[InputsT, RowsT]
    theta: Array
    rows: RowsT
    noise: Array
    alpha: Array

    @cached_property
    def factor(self) -> Array:
        """Lower Cholesky factor of the training covariances plus noise, shape (n, n).

        A process that was loaded from a file computes it when a variance is asked for.
        """
        return _factor(self.kernel, self.theta, self.rows, self.noise)

    def predict(self, inputs: InputsT, with_variance: bool) -> tuple[Array, Array]:
        """Return expected values and their variances without noise, each of shape (m,).

        The variances are 0 unless asked for: they cost n times as much as the expected values.
        """
        queries = self.kernel.scale(inputs, self.theta[:-1])
        mean, variance = np.empty(len(queries)), np.zeros(len(queries))
        for start in range(0, len(queries), _BLOCK):
            rows = slice(start, start + _BLOCK)
            cross = self.kernel(queries[rows], self.rows, self.theta[:-1])
            mean[rows] = cross @ self.alpha
            if with_variance:
                half = solve_triangular(
                    self.factor, cross.T, lower=True, overwrite_b=True, check_finite=False
                )
                known = np.einsum("nm,nm->m", half, half)
                variance[rows] = self.kernel.diagonal(queries[rows], self.theta[:-1]) - known
        return mean, np.maximum(variance, 0)

    def left_out(self, rows: NDArray[np.integer]) -> tuple[Array, Array]:
        """Predict training measurements, each from all the others.

        Parameters
        ----------
        rows : array of int, shape (m,)

        Returns
        -------
        deviation : array, shape (m,)
            Measured minus predicted values.
        variance : array, shape (m,)
            Variances of the predictions, without noise.
        """
        picked = np.zeros((len(self.alpha), len(rows)))
        picked[rows, np.arange(len(rows))] = 1
        half = solve_triangular(
            self.factor, picked, lower=True, overwrite_b=True, check_finite=False
        )
        precision = np.einsum("nm,nm->m", half, half)
        return self.alpha[rows] / precision, np.maximum(1 / precision - self.noise[rows], 0)


def condition(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    y: Array,
    noise_factors: Array | None = None,
) -> Posterior[InputsT, RowsT]:
    """Return the Gaussian process with these hyperparameters, given measurements."""
    rows = kernel.scale(inputs, theta[:-1])
    noise = _noise(theta, len(y), noise_factors)
    factor = _factor(kernel, theta, rows, noise)
    half = solve_triangular(factor, y, lower=True, check_finite=False)
    alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    posterior = Posterior(kernel, theta, rows, noise, alpha)
    posterior.factor = factor
    return posterior


def restored(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    alpha: Array,
    noise: Array | None = None,
) -> Posterior[InputsT, RowsT]:
    """Return the Gaussian process of a file that holds the weights of the measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
    inputs : the kernel's inputs, n rows
    alpha : array, shape (n,)
    noise : array, shape (n,), optional
        Noise variance of each measurement; by default the common one.
    """
    own = _noise(theta, len(alpha), None) if noise is None else noise
    return Posterior(kernel, theta, kernel.scale(inputs, theta[:-1]), own, alpha)


def _noise(theta: Array, n: int, factors: Array | None) -> Array:
    noise: Array = math.exp(theta[-1]) * (np.ones(n) if factors is None else factors)
    return noise


def _factor(kernel: Kernel[InputsT, RowsT], theta: Array, rows: RowsT, noise: Array) -> Array:
    """Return the lower Cholesky factor of the training covariances plus noise.

    The covariances are computed block by block and factored in place: at 15,000 measurements one
    such matrix takes 1.8 GB.
    """
    n = len(rows)
    covariance = np.empty((n, n))
    for start in range(0, n, _BLOCK):
        some = slice(start, start + _BLOCK)
        covariance[some] = kernel(rows[some], rows, theta[:-1])
    covariance[np.diag_indices(n)] += noise + kernel.jitter
    # The transpose is in Fortran's order, which LAPACK factors in place.
    factor: Array = cholesky(covariance.T, lower=True, overwrite_a=True, check_finite=False)
    return factor
