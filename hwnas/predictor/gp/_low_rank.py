"""Gaussian processes of low rank: the covariance is an inner product of a few columns.

Two kinds of columns exist. A linear kernel has its own columns, and the process is exact. Any other
kernel is projected on the covariances with some of the training architectures, the inducing points
(the projected process of Seeger, Williams & Lawrence, "Fast Forward Selection to Speed Up Sparse
Gaussian Process Regression", AISTATS 2003; section 8.3.4 of Rasmussen & Williams). With n
measurements and m columns, work grows with n m², and memory with m². One prediction takes m steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Generic

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, cholesky, lapack, solve_triangular

from hwnas.predictor.gp._core import (
    Array,
    InputsT,
    Kernel,
    RowsT,
    noise_variances,
)
from hwnas.predictor.gp._prior import density_with_hyperparameters

#: Number of rows whose columns are computed at once, so that they stay in the processor's cache.
_BLOCK = 250
#: Number of inducing points that are drawn at once.
_DRAWN = 50


@dataclass
class LowRank(Generic[InputsT, RowsT]):
    """A Gaussian process of low rank, conditioned on the training measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
        Logarithms of the hyperparameters and, last, of the noise variance.
    chosen : array of int, shape (m,), optional
        Which training architectures are the inducing points. None if the kernel is linear.
    inducing : the kernel's rows, optional
        The inducing points, scaled by the hyperparameters.
    weights : array, shape (m,)
        Weight of each column in a prediction.
    inner : array, shape (m, m)
        Lower Cholesky factor of the precision of the weights.
    """

    kernel: Kernel[InputsT, RowsT]
    theta: Array
    chosen: NDArray[np.integer] | None
    inducing: RowsT | None
    weights: Array
    inner: Array

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.weights)

    @cached_property
    def outer(self) -> Array:
        """Lower Cholesky factor of the inducing points' covariances, shape (m, m)."""
        assert self.inducing is not None
        return _outer(self.kernel, self.theta, self.inducing)

    @cached_property
    def alpha(self) -> Array:
        """Weight of the covariance with each inducing point in a prediction, shape (m,)."""
        return _solved(self.outer, self.weights, transposed=True)

    def predict(self, inputs: InputsT, with_variance: bool) -> tuple[Array, Array]:
        """Return predicted values and their variances without noise, each of shape (k,).

        Without `with_variance` the variances are 0. They cost m times as much as the values.
        """
        rows = self.kernel.scale(inputs, self.theta[:-1])
        variance = np.zeros(len(rows))
        for start in range(0, len(rows) if with_variance else 0, _BLOCK):
            part = slice(start, start + _BLOCK)
            known, rest = self._variances(rows[part])
            variance[part] = known + rest
        return self._mean(rows), variance

    def _mean(self, rows: RowsT) -> Array:
        if self.inducing is None:
            own: Array = self._columns(rows) @ self.weights
            return own
        return self.kernel.weighted(rows, self.inducing, self.theta[:-1], self.alpha)

    def _columns(self, rows: RowsT) -> Array:
        outer = None if self.inducing is None else self.outer
        return _columns(self.kernel, self.theta, self.inducing, outer, rows)

    def _variances(self, rows: RowsT) -> tuple[Array, Array]:
        """Return the variances that the weights have, and those that the columns do not have."""
        columns = self._columns(rows)
        half = _solved(self.inner, columns.T)
        known: Array = np.einsum("mn,mn->n", half, half)
        if self.inducing is None:
            return known, np.zeros(len(rows))
        rest = self.kernel.diagonal(rows, self.theta[:-1]) - np.einsum("nm,nm->n", columns, columns)
        return known, np.maximum(rest, 0)


@dataclass
class LowRankFit(LowRank[InputsT, RowsT]):
    """A process of low rank that still has its training measurements.

    Parameters
    ----------
    rows : the kernel's rows
        The n training architectures, scaled by the hyperparameters.
    y : array, shape (n,)
    noise : array, shape (n,)
        Noise variance of each measurement.
    """

    rows: RowsT
    y: Array
    noise: Array

    def log_density(self, mean: Array, deviation: Array, noise_prior: tuple[float, float]) -> float:
        """Return the log density of the measurements, as `Posterior.log_density`."""
        residuals = self.y - self._mean(self.rows)
        # The determinant of the covariance is that of the noise times that of `inner`, squared.
        value = -0.5 * float(self.y @ (residuals / self.noise) + np.log(self.noise).sum())
        value -= float(np.log(np.diag(self.inner)).sum())
        return density_with_hyperparameters(
            value, len(self.y), self.theta, mean, deviation, noise_prior
        )

    def left_out(self, chosen: NDArray[np.integer]) -> tuple[Array, Array]:
        """Predict some training measurements, each from all others, as `Posterior.left_out`."""
        deviation, variance = np.empty(len(chosen)), np.empty(len(chosen))
        for start in range(0, len(chosen), _BLOCK):
            part = slice(start, start + _BLOCK)
            rows = self.rows[chosen[part]]
            known, rest = self._variances(rows)
            # The measurement's own share in its prediction; rounding may make it 1.
            free = np.maximum(1 - known / self.noise[chosen[part]], 1e-9)
            deviation[part] = (self.y[chosen[part]] - self._mean(rows)) / free
            variance[part] = known / free + rest
        return deviation, variance


def condition_low_rank(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    y: Array,
    noise_factors: Array | None = None,
    *,
    inducing: NDArray[np.integer] | None = None,
) -> LowRankFit[InputsT, RowsT]:
    """Return the process of low rank with given hyperparameters, conditioned on measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
    inputs : the kernel's inputs, n rows
    y : array, shape (n,)
    noise_factors : array, shape (n,), optional
    inducing : array of int, shape (m,), optional
        Which of the training architectures are inducing points; by default none, for a linear
        kernel.
    """
    rows = kernel.scale(inputs, theta[:-1])
    points = None if inducing is None else rows[inducing]
    noise = noise_variances(theta, len(y), noise_factors) + kernel.jitter
    outer = None if points is None else _outer(kernel, theta, points)
    m = _columns(kernel, theta, points, outer, rows[:1]).shape[1]
    precision, projected = np.eye(m, order="F"), np.zeros(m)
    for start in range(0, len(y), 4 * _BLOCK):
        part = slice(start, start + 4 * _BLOCK)
        columns = _columns(kernel, theta, points, outer, rows[part])
        projected += columns.T @ (y[part] / noise[part])
        columns /= np.sqrt(noise[part])[:, None]
        precision = blas.dsyrk(1.0, columns.T, beta=1.0, c=precision, overwrite_c=True, lower=True)
    inner: Array = cholesky(precision, lower=True, overwrite_a=True, check_finite=False)
    weights = _solved(inner, _solved(inner, projected), transposed=True)
    return LowRankFit(kernel, theta, inducing, points, weights, inner, rows, y, noise)


def inducing_points(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    *,
    tolerance: float,
    most: int,
    seed: int,
) -> NDArray[np.int64]:
    """Choose inducing points by a randomly pivoted Cholesky factorisation.

    Each is drawn with a probability in proportion to the variance that the chosen ones leave (Chen,
    Epperly, Tropp & Webber, "Randomly pivoted Cholesky", CPAM 2025). Of those drawn at once, the
    ones that the others explain are left out.

    Parameters
    ----------
    kernel : Kernel
    theta : array
    inputs : the kernel's inputs, n rows
        The candidates. The work grows with n m², the memory with n m.
    tolerance : float
        The choice ends when the chosen points leave no more than this mean variance.
    most : int
        Largest number m of inducing points.
    seed : int

    Returns
    -------
    array of int, shape (m,)
        Indices of the candidates, in the order in which they were chosen.
    """
    rows, rng = kernel.scale(inputs, theta[:-1]), np.random.default_rng(seed)
    left = kernel.diagonal(rows, theta[:-1])
    factors, chosen = np.empty((len(rows), most)), np.empty(0, dtype=np.int64)
    while len(chosen) < most and left.mean() > tolerance:
        size = min(_DRAWN, most - len(chosen), int(np.count_nonzero(left)))
        drawn = rng.choice(len(rows), size, replace=False, p=left / left.sum())
        before = factors[:, : len(chosen)]
        block = kernel(rows[drawn], rows[drawn], theta[:-1]) - before[drawn] @ before[drawn].T
        factor, pivots, rank, _ = lapack.dpstrf(block, tol=tolerance, lower=True)
        kept = drawn[pivots[:rank] - 1]
        cross = kernel(rows[kept], rows, theta[:-1]) - before[kept] @ before.T
        own = _solved(np.tril(factor[:rank, :rank]), cross).T
        factors[:, len(chosen) : len(chosen) + rank] = own
        left = np.maximum(left - np.einsum("nm,nm->n", own, own), 0)
        left[kept] = 0
        chosen = np.append(chosen, kept)
    return chosen


def _outer(kernel: Kernel[InputsT, RowsT], theta: Array, inducing: RowsT) -> Array:
    covariance = kernel(inducing, inducing, theta[:-1])
    covariance[np.diag_indices(len(inducing))] += kernel.jitter
    factor: Array = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
    return factor


def _columns(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inducing: RowsT | None,
    outer: Array | None,
    rows: RowsT,
) -> Array:
    """Return the columns of some rows, shape (n, m)."""
    if inducing is None or outer is None:
        found = kernel.columns(rows)
        assert found is not None
        return found[0].copy()
    return _solved(outer, kernel(inducing, rows, theta[:-1])).T


def _solved(factor: Array, right: Array, transposed: bool = False) -> Array:
    found: Array = solve_triangular(
        factor, right, lower=True, trans=int(transposed), check_finite=False
    )
    return found
