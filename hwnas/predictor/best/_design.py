"""Which architectures to measure, so that a predictor learns most from few measurements.

The choice needs no measured values. A Gaussian process with the prior of `best` says how uncertain
the value of every architecture is. The most uncertain one is chosen, the process learns that it
will be measured, and so on (sequential maximum-variance design; MacKay, "Information-based
objective functions for active data selection", Neural Computation 4, 1992).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from hwnas.predictor.best._prior import Array, Rows, prior_of
from hwnas.space import Architectures, SearchSpace

#: Variance of a measurement's noise. The mean variance of the costs of operations is 1.
_NOISE = 0.05
#: Variance of the value that all architectures share.
_OFFSET = 0.3
#: Variance of the slope on the expected cost: architectures with much work cost more than those
#: with little, and how much more is not known before.
_SLOPE = 0.25
#: Uncertainties that differ by less are equal. Then the first candidate is chosen, on any machine.
_DECIMALS = 9


def choose_design(
    space: SearchSpace,
    candidates: Architectures,
    n: int,
    measured: Architectures | None = None,
) -> Rows:
    """Choose the architectures whose measurements teach a predictor most.

    A shorter design is the beginning of a longer one.

    Parameters
    ----------
    space : SearchSpace
    candidates : array, shape (m, n_positions)
        Of equally uncertain candidates, the first is chosen.
    n : int
        Number of architectures to choose, at most m.
    measured : array, shape (k, n_positions), optional
        Architectures that are measured already, or will be.

    Returns
    -------
    array of int64, shape (n,)
        Rows of the candidates, in the order in which they were chosen.

    Raises
    ------
    ValueError
        If there are fewer than `n` candidates.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cells = NASBench201().enumerate()[::500]
    >>> rows = choose_design(NASBench201(), cells, 3)
    >>> rows.tolist() == choose_design(NASBench201(), cells, 5)[:3].tolist()
    True
    """
    m, k = len(candidates), 0 if measured is None else len(measured)
    if n > m:
        raise ValueError(f"{n} of {m} candidates cannot be chosen")
    everything = candidates if measured is None else np.concatenate([candidates, measured])
    prior = prior_of(space, everything)
    expected = prior.expected

    def covariances(a: Rows, b: Rows) -> Array:
        slope = _SLOPE * np.outer(expected[a], expected[b])
        found: Array = prior.covariances(a, b) + slope + _OFFSET
        return found

    own, known = np.arange(m), np.arange(m, m + k)
    variance = (prior.variance + _SLOPE * expected**2 + _OFFSET)[own]
    factors = np.empty((m, k + n))
    if k:
        factor = cholesky(covariances(known, known) + _NOISE * np.eye(k), lower=True)
        factors[:, :k] = solve_triangular(factor, covariances(known, own), lower=True).T
        variance = variance - (factors[:, :k] ** 2).sum(axis=1)
    left = np.ones(m, dtype=bool)
    chosen = np.empty(n, dtype=np.int64)
    for step in range(n):
        row = int(np.argmax(np.where(left, np.round(variance, _DECIMALS), -np.inf)))
        chosen[step], left[row] = row, False
        before = factors[:, : k + step]
        column = covariances(own, own[row : row + 1])[:, 0] - before @ before[row]
        factors[:, k + step] = column / np.sqrt(max(variance[row], 0.0) + _NOISE)
        variance = variance - factors[:, k + step] ** 2
    return chosen
