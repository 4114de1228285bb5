"""The marginal likelihood of a linear kernel, whose covariances are inner products of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lapack

Array = NDArray[np.floating]


def likelihood_of_columns(
    columns: Array, y: Array, noise: Array, jitter: float
) -> tuple[float, Array, float]:
    """Return the log likelihood of a linear kernel in O(n m²), for m columns.

    Parameters
    ----------
    columns : array, shape (n, m)
    y : array, shape (n,)
    noise : array, shape (n,)
        Noise variance of each measurement.
    jitter : float
        Variance added to every measurement.

    Returns
    -------
    value : float
        As `log_marginal_likelihood` returns it.
    by_column : array, shape (m,)
        Gradient with respect to each column's log variance.
    by_noise : float
        Gradient with respect to the log noise variance.
    """
    variances = noise + jitter
    scaled = columns / variances[:, None]
    precision = columns.T @ scaled
    precision[np.diag_indices(len(precision))] += 1
    factor = cholesky(precision, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = lapack.dpotri(factor, lower=True)
    inverse = inverse + inverse.T
    inverse[np.diag_indices(len(inverse))] /= 2
    alpha = (y - columns @ (inverse @ (scaled.T @ y))) / variances
    value = -0.5 * (y @ alpha + np.log(variances).sum()) - np.log(np.diag(factor)).sum()
    by_column = 0.5 * ((columns.T @ alpha) ** 2 - 1 + np.diag(inverse))
    explained = np.einsum("nm,nm->n", scaled @ inverse, scaled)
    by_noise = 0.5 * (noise @ (alpha**2 - 1 / variances + explained))
    return float(value), by_column, float(by_noise)
