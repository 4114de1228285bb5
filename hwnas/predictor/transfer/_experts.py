"""The experts of ``predictor=transfer``: each assumes that the target is like one source.

An expert is a Gaussian process on the difference between the target and the source's predictions.
Both are in the unit of the source's standard deviation over the search space. The ratio of the
target's unit to the source's one comes from the values at the measured architectures.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular

Array = NDArray[np.floating]

#: Variance with which the effects of operations differ between target and source, and variance of
#: the noise. Every source has an expert for every pair.
GRID = tuple(product((0.003, 0.03, 0.3), (0.003, 0.03, 0.2)))
#: Variance of the slope on the source's predictions, and of the offset from them. The mean and the
#: scale of a few measurements are not those of the space.
_SLOPE, _OFFSET = 0.1, 0.3
#: The source's predictions of the measured architectures must differ by this much, in units of
#: their standard deviation over the space. Otherwise the source says nothing about them.
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class Expert:
    """The assumption that the target is like one source, conditioned on the target's measurements.

    Parameters
    ----------
    source : int
        Index of the source.
    effects, noise : float
        The variances of `GRID`.
    ratio, center : float
        Standard deviation and mean of the source's standardised predictions at the measured
        architectures.
    known : array, shape (n,)
        These predictions.
    factor : array, shape (n, n)
        Lower Cholesky factor of the covariances of the differences.
    alpha : array, shape (n,)
        Weight of each difference in a prediction.
    """

    source: int
    effects: float
    noise: float
    ratio: float
    center: float
    known: Array
    factor: Array
    alpha: Array

    def predict(self, source: Array, cross: Array, variance: Array) -> tuple[Array, Array]:
        """Return means and variances of new measurements, standardised as the measured ones are.

        Parameters
        ----------
        source : array, shape (m,)
            Standardised predictions of the source.
        cross : array, shape (m, n)
            Prior covariances of the effects with those of the measured architectures.
        variance : array, shape (m,)
            Prior variances of the effects.
        """
        k = self.effects * cross + _SLOPE * np.outer(source, self.known) + _OFFSET
        mean = (source + k @ self.alpha - self.center) / self.ratio
        half = solve_triangular(self.factor, k.T, lower=True, check_finite=False)
        own = self.effects * variance + _SLOPE * source**2 + _OFFSET
        left = np.maximum(own - np.einsum("nm,nm->m", half, half), 0.0) + self.noise
        return mean, left / self.ratio**2

    def predict_mean(self, source: Array, cross: Array) -> Array:
        """Return the means that `predict` returns, which take less time without variances."""
        along = source * (1 + _SLOPE * float(self.known @ self.alpha))
        offset = _OFFSET * float(self.alpha.sum()) - self.center
        mean: Array = (along + self.effects * (cross @ self.alpha) + offset) / self.ratio
        return mean


def densities(known: Array, values: Array, effects: Array) -> Array:
    """Return the log densities of the target's measurements, shape (n_sources, len(GRID)).

    The covariances of all experts have the eigenvectors of `effects`, up to two directions: the
    source's predictions, and the offset. One decomposition therefore serves all of them.

    Parameters
    ----------
    known : array, shape (n_sources, n)
        Standardised predictions of each source for the measured architectures.
    values : array, shape (n,)
        Standardised measurements of the target.
    effects : array, shape (n, n)
        Prior covariances of the effects of operations.

    Returns
    -------
    array
        Minus infinity for a source that predicts one value for the measured architectures.
    """
    n = len(values)
    found = np.full((len(known), len(GRID)), -np.inf)
    eigenvalues, vectors = np.linalg.eigh(effects)
    effect, noise = (np.array(each) for each in zip(*GRID, strict=True))
    # Rounding may give eigenvalues slightly below 0.
    diagonal = np.outer(effect, np.maximum(eigenvalues, 0.0)) + noise[:, None]
    offset = np.sqrt(_OFFSET) * vectors.sum(axis=0)
    for source, z in enumerate(known):
        ratio = float(z.std())
        if ratio < _LEAST_SPREAD:
            continue
        difference = vectors.T @ (ratio * values + z.mean() - z)
        shared = np.stack([np.sqrt(_SLOPE) * (vectors.T @ z), offset])
        # The matrix inversion lemma, for the two shared directions.
        scaled = shared / diagonal[:, None, :]
        inner = np.eye(2) + scaled @ shared.T
        along = scaled @ difference
        explained = np.einsum("gi,gi->g", along, np.linalg.solve(inner, along[..., None])[..., 0])
        distance = (difference**2 / diagonal).sum(axis=1) - explained
        determinant = np.log(diagonal).sum(axis=1) + np.linalg.slogdet(inner)[1]
        # The density is that of the values, which are differences divided by the ratio.
        found[source] = n * np.log(ratio) - 0.5 * (distance + determinant + n * np.log(2 * np.pi))
    return found


def expert(source: int, known: Array, values: Array, effects: Array, grid: int) -> Expert:
    """Return one expert, conditioned on the measurements.

    Parameters
    ----------
    source : int
        Index of the source.
    known : array, shape (n,)
        Standardised predictions of the source for the measured architectures.
    values, effects : array
        See `densities`.
    grid : int
        Index of its variances in `GRID`.
    """
    of_effects, noise = GRID[grid]
    ratio, center = float(known.std()), float(known.mean())
    covariances = of_effects * effects + _SLOPE * np.outer(known, known) + _OFFSET
    covariances[np.diag_indices(len(values))] += noise
    factor = cholesky(covariances, lower=True, overwrite_a=True, check_finite=False)
    alpha = cho_solve((factor, True), ratio * values + center - known, check_finite=False)
    return Expert(source, of_effects, noise, ratio, center, known, factor, alpha)
