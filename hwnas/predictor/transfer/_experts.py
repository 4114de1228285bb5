"""The experts of ``predictor=transfer``: each assumes that the target is like one source.

An expert is a Gaussian process on the difference between the target and the source's predictions.
Both are in the unit of the source's standard deviation over the search space. The ratio of the
target's unit to the source's one comes from the values at the measured architectures.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    log_density : float
        Log density of the target's standardised measurements.
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
    log_density: float
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


def experts(known: Array, values: Array, effects: Array) -> Iterator[Expert]:
    """Yield the experts of all sources that differ at the measured architectures.

    Parameters
    ----------
    known : array, shape (n_sources, n)
        Standardised predictions of each source for the measured architectures.
    values : array, shape (n,)
        Standardised measurements of the target.
    effects : array, shape (n, n)
        Prior covariances of the effects of operations.
    """
    n = len(values)
    for source, z in enumerate(known):
        ratio, center = float(z.std()), float(z.mean())
        if ratio < _LEAST_SPREAD:
            continue
        difference = ratio * values + center - z
        shared = _SLOPE * np.outer(z, z) + _OFFSET
        for of_effects, noise in GRID:
            covariances = of_effects * effects + shared
            covariances[np.diag_indices(n)] += noise
            factor = cholesky(covariances, lower=True, overwrite_a=True, check_finite=False)
            alpha = cho_solve((factor, True), difference, check_finite=False)
            log_density = (
                -0.5 * float(difference @ alpha)
                - float(np.log(np.diag(factor)).sum())
                - 0.5 * n * float(np.log(2 * np.pi))
                # The density is that of the values, which are differences divided by the ratio.
                + n * float(np.log(ratio))
            )
            yield Expert(source, log_density, of_effects, noise, ratio, center, z, factor, alpha)
