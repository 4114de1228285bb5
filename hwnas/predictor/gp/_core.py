"""Gaussian-process regression with any kernel: marginal likelihood, conditioning, prediction.

The vector `theta` holds the logarithms of the kernel's hyperparameters, and last the logarithm of
the noise variance. Values are standardised. The noise variance of a measurement is the common one
times its number in `noise_factors`, shape (n,).

The formulas are those of Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006),
sections 2.2, 5.4.1 and 5.4.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, lapack, solve_triangular
from scipy.optimize import minimize

from hwnas.predictor.gp._linear import likelihood_of_columns
from hwnas.predictor.gp._prior import add_prior, density_with_hyperparameters

Array = NDArray[np.floating]

#: Number of rows of a covariance matrix that are computed at once. With 15,000 training
#: measurements they take 120 MB.
_BLOCK = 1000
#: The search for hyperparameters is bounded by this many standard deviations of the prior, below
#: and above its mean.
_BELOW, _ABOVE = 8, 6
#: The search ends when a step improves the objective by less than this fraction.
_TOLERANCE = 1e-7


Pullback = Callable[[Array], Array]


class Rows(Protocol):
    """Architectures in the form that a kernel compares."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | NDArray[np.integer], /) -> Self: ...


InputsT = TypeVar("InputsT")
InputsT_contra = TypeVar("InputsT_contra", contravariant=True)
RowsT = TypeVar("RowsT", bound=Rows)


class Kernel(Protocol[InputsT_contra, RowsT]):
    """A covariance function and the normal prior of its hyperparameters.

    The argument `theta` of the methods does not contain the noise variance.
    """

    @property
    def jitter(self) -> float:
        """Variance added to every measurement, so that the Cholesky factorisation succeeds."""

    def prior(self, inputs: InputsT_contra, /) -> tuple[Array, Array]:
        """Return means and standard deviations of the hyperparameters' normal priors."""

    def scale(self, inputs: InputsT_contra, theta: Array, /) -> RowsT:
        """Return the inputs, scaled by the variances and lengthscales in `theta`."""

    def __call__(self, a: RowsT, b: RowsT, theta: Array, /) -> Array:
        """Return the covariances, shape (len(a), len(b))."""

    def diagonal(self, a: RowsT, theta: Array, /) -> Array:
        """Return the variance of every row, shape (n,)."""

    def weighted(self, a: RowsT, b: RowsT, theta: Array, weights: Array, /) -> Array:
        """Return self(a, b, theta) @ `weights`, shape (len(a),)."""

    def columns(self, a: RowsT, /) -> tuple[Array, NDArray[np.integer]] | None:
        """Return columns whose inner products are the covariances, if the kernel is linear.

        Returns
        -------
        columns : array, shape (n, m)
        groups : array of int, shape (m,)
            The index of the hyperparameter that is each column's log variance.
        """

    def with_pullback(self, a: RowsT, theta: Array, /) -> tuple[Array, Pullback]:
        """Return self(a, a, theta), shape (n, n), and its pullback.

        The pullback takes symmetric weights, shape (n, n). It returns the gradient with respect to
        `theta` of sum(weights * self(a, a, theta)).
        """


def log_marginal_likelihood(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    y: Array,
    noise_factors: Array | None = None,
) -> tuple[float, Array]:
    """Return log p(y | inputs, theta) and its gradient with respect to `theta`.

    The value lacks the constant -n/2 log 2π.

    Raises
    ------
    scipy.linalg.LinAlgError
        If the covariances are not positive definite in floating point.
    """
    rows = kernel.scale(inputs, theta[:-1])
    noise = noise_variances(theta, len(y), noise_factors)
    found = kernel.columns(rows)
    if found is not None and found[0].shape[1] < len(y):
        columns, groups = found
        value, by_column, by_noise = likelihood_of_columns(columns, y, noise, kernel.jitter)
        return value, np.append(np.bincount(groups, by_column, len(theta) - 1), by_noise)
    covariance, pullback = kernel.with_pullback(rows, theta[:-1])
    covariance[np.diag_indices(len(y))] += noise + kernel.jitter
    factor = cholesky(covariance.T, lower=True, overwrite_a=True, check_finite=False)
    half = solve_triangular(factor, y, lower=True, check_finite=False)
    value = -0.5 * (half @ half) - np.log(np.diag(factor)).sum()
    alpha = solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    # The upper triangle is 0. Masks such as those of np.tril take as long as the factorisation.
    weights = np.outer(alpha, alpha) - inverse
    weights -= inverse.T
    weights[np.diag_indices(len(y))] += np.diag(inverse)
    weights /= 2
    return float(value), np.append(pullback(weights), np.diag(weights) @ noise)


def log_posterior(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    y: Array,
    noise_factors: Array | None = None,
    *,
    noise_prior: tuple[float, float],
) -> tuple[float, Array]:
    """Return the log posterior density of the hyperparameters and its gradient.

    The value lacks constants that depend only on n and on the widths of the priors. It is therefore
    0 for hyperparameters at their priors' means if there are no measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
    inputs : the kernel's inputs, n rows
    y : array, shape (n,)
    noise_factors : array, shape (n,), optional
    noise_prior : pair of float
        Mean and standard deviation of the normal prior of the log noise variance.

    Raises
    ------
    scipy.linalg.LinAlgError
        If the covariances are not positive definite in floating point.
    """
    value, gradient = log_marginal_likelihood(kernel, theta, inputs, y, noise_factors)
    return add_prior(value, gradient, theta, _prior(kernel, inputs, noise_prior))


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
    """Maximise the posterior density of the hyperparameters by L-BFGS.

    Parameters
    ----------
    kernel : Kernel
    inputs : the kernel's inputs, n rows
    y : array, shape (n,)
    noise_factors : array, shape (n,), optional
    noise_prior : pair of float
        Mean and standard deviation of the normal prior of the log noise variance.
    start : array, optional
        Start of the search; by default the prior's mean.
    max_iterations : int
    """
    prior = _prior(kernel, inputs, noise_prior)
    mean, deviation = prior

    def negative_log_posterior(theta: Array) -> tuple[float, Array]:
        try:
            likelihood = log_marginal_likelihood(kernel, theta, inputs, y, noise_factors)
        except LinAlgError:
            # The covariances have no Cholesky factor: a large value makes L-BFGS step back.
            return 1e25, np.zeros_like(theta)
        value, gradient = add_prior(*likelihood, theta, prior)
        return -value, -gradient

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


def _prior(
    kernel: Kernel[InputsT, RowsT], inputs: InputsT, noise_prior: tuple[float, float]
) -> tuple[Array, Array]:
    """Return means and standard deviations of all hyperparameters' priors, the noise's last."""
    mean, deviation = kernel.prior(inputs)
    of_all: tuple[Array, Array] = (
        np.append(mean, noise_prior[0]),
        np.append(deviation, noise_prior[1]),
    )
    return of_all


@dataclass
class Posterior(Generic[InputsT, RowsT]):
    """A Gaussian process conditioned on the training measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
        Logarithms of the hyperparameters and, last, of the noise variance.
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

    @property
    def size(self) -> int:
        """Number of training measurements."""
        return len(self.alpha)

    @cached_property
    def factor(self) -> Array:
        """Lower Cholesky factor of the training covariances plus noise, shape (n, n).

        A file does not hold it: a loaded process computes it for the first variance.
        """
        return _factor(self.kernel, self.theta, self.rows, self.noise)

    def predict(self, inputs: InputsT, with_variance: bool) -> tuple[Array, Array]:
        """Return predicted values and their variances without noise, each of shape (m,).

        Without `with_variance` the variances are 0. They cost n times as much as the values.
        """
        queries = self.kernel.scale(inputs, self.theta[:-1])
        mean = self.kernel.weighted(queries, self.rows, self.theta[:-1], self.alpha)
        variance = np.zeros(len(queries))
        for start in range(0, len(queries) if with_variance else 0, _BLOCK):
            rows = slice(start, start + _BLOCK)
            cross = self.kernel(queries[rows], self.rows, self.theta[:-1])
            half = solve_triangular(
                self.factor, cross.T, lower=True, overwrite_b=True, check_finite=False
            )
            known = np.einsum("nm,nm->m", half, half)
            variance[rows] = self.kernel.diagonal(queries[rows], self.theta[:-1]) - known
        return mean, np.maximum(variance, 0)

    def log_density(self, mean: Array, deviation: Array, noise_prior: tuple[float, float]) -> float:
        """Return the log density of the measurements, plus that of the hyperparameters.

        The log density of the hyperparameters is 0 at the means of their priors.

        Parameters
        ----------
        mean, deviation : array
            Means and standard deviations of the normal priors of the kernel's hyperparameters.
        noise_prior : pair of float
            Mean and standard deviation of the normal prior of the log noise variance.
        """
        half = self.factor.T @ self.alpha
        value = -0.5 * float(half @ half) - float(np.log(np.diag(self.factor)).sum())
        return density_with_hyperparameters(
            value, len(half), self.theta, mean, deviation, noise_prior
        )

    def left_out(self, rows: NDArray[np.integer]) -> tuple[Array, Array]:
        """Predict some training measurements, each from all others.

        Parameters
        ----------
        rows : array of int, shape (m,)
            Indices of the measurements to predict.

        Returns
        -------
        deviation : array, shape (m,)
            Measured minus predicted values.
        variance : array, shape (m,)
            Variances of the predictions, without noise.
        """
        n = len(self.alpha)
        if len(rows) > n // 2:
            # The whole inverse takes less work than as many of its columns.
            inverse, _ = lapack.dpotri(self.factor, lower=True)
            precision = np.diag(inverse)[rows]
            return self.alpha[rows] / precision, np.maximum(1 / precision - self.noise[rows], 0)
        unit_vectors = np.zeros((n, len(rows)))
        unit_vectors[rows, np.arange(len(rows))] = 1
        half = solve_triangular(
            self.factor, unit_vectors, lower=True, overwrite_b=True, check_finite=False
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
    """Return the Gaussian process with given hyperparameters, conditioned on measurements."""
    rows = kernel.scale(inputs, theta[:-1])
    noise = noise_variances(theta, len(y), noise_factors)
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
    """Return a fitted Gaussian process, given what was saved of it.

    Parameters
    ----------
    kernel : Kernel
    theta : array
    inputs : the kernel's inputs, n rows
    alpha : array, shape (n,)
        Weight of each measurement in a prediction.
    noise : array, shape (n,), optional
        Noise variance of each measurement; by default the common one.
    """
    own = noise_variances(theta, len(alpha), None) if noise is None else noise
    return Posterior(kernel, theta, kernel.scale(inputs, theta[:-1]), own, alpha)


def noise_variances(theta: Array, n: int, factors: Array | None) -> Array:
    """Return the noise variance of each measurement, shape (n,)."""
    noise: Array = math.exp(theta[-1]) * (np.ones(n) if factors is None else factors)
    return noise


def _factor(kernel: Kernel[InputsT, RowsT], theta: Array, rows: RowsT, noise: Array) -> Array:
    """Return the lower Cholesky factor of the training covariances plus noise.

    It computes the covariances block by block and factors them in place, because the matrix of
    15,000 measurements takes 1.8 GB.
    """
    n = len(rows)
    covariance = np.empty((n, n))
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        covariance[block] = kernel(rows[block], rows, theta[:-1])
    covariance[np.diag_indices(n)] += noise + kernel.jitter
    # LAPACK factors matrices in Fortran's order in place, and the transpose has this order.
    factor: Array = cholesky(covariance.T, lower=True, overwrite_a=True, check_finite=False)
    return factor
