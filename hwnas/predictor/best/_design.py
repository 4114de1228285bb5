"""Which architectures to measure, so that a predictor learns most from few measurements.

The choice needs no measured values. A Gaussian process with the prior of `best` says how uncertain
the value of every architecture is. The most uncertain one is chosen, the process learns that it
will be measured, and so on (sequential maximum-variance design; MacKay, "Information-based
objective functions for active data selection", Neural Computation 4, 1992).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from hwnas.predictor.best._features import Features, describe, typical
from hwnas.predictor.best._kernel import Covariance, Scaled
from hwnas.predictor.best._model_choice import Model
from hwnas.predictor.best._views import MARGINS
from hwnas.space import Architectures, Choices, SearchSpace

Array = NDArray[np.floating]
Rows = NDArray[np.int64]

#: Variance of a measurement's noise. The mean variance of the costs of operations is 1.
_NOISE = 0.05
#: Variance of the value that all architectures share.
_OFFSET = 0.3
#: Variance of the slope on the expected cost: architectures with much work cost more than those
#: with little, and how much more is not known before.
_SLOPE = 0.25
#: Share of the variance on a space of dimensions that effects of several dimensions together have.
_JOINT = 0.5
#: Number of architectures that stand for a space of dimensions.
_SAMPLE_SIZE = 2000
#: Uncertainties that differ by less are equal. Then the first candidate is chosen, on any machine.
_DECIMALS = 9


@dataclass(frozen=True)
class Prior:
    """What is assumed of the values of some architectures before any is measured.

    Parameters
    ----------
    variance : array, shape (m,)
    covariances : callable
        Takes two arrays of row numbers, of n and of k rows, and returns the covariances of their
        values, shape (n, k).
    """

    variance: Array
    covariances: Callable[[Rows, Rows], Array]


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
    prior = _prior(space, everything)
    own, known = np.arange(m), np.arange(m, m + k)
    variance, factors = prior.variance[own], np.empty((m, k + n))
    if k:
        factor = cholesky(prior.covariances(known, known) + _NOISE * np.eye(k), lower=True)
        factors[:, :k] = solve_triangular(factor, prior.covariances(known, own), lower=True).T
        variance = variance - (factors[:, :k] ** 2).sum(axis=1)
    left = np.ones(m, dtype=bool)
    chosen = np.empty(n, dtype=np.int64)
    for step in range(n):
        row = int(np.argmax(np.where(left, np.round(variance, _DECIMALS), -np.inf)))
        chosen[step], left[row] = row, False
        before = factors[:, : k + step]
        column = prior.covariances(own, own[row : row + 1])[:, 0] - before @ before[row]
        factors[:, k + step] = column / np.sqrt(max(variance[row], 0.0) + _NOISE)
        variance = variance - factors[:, k + step] ** 2
    return chosen


@singledispatch
def _prior(space: SearchSpace, X: Architectures) -> Prior:
    """Return the prior of `best` at the means of its hyperparameters' priors.

    The costs of operations have a mean variance of 1 over the space.
    """
    features = describe(space, X)
    model = Model(views=tuple(v for v in features.views if MARGINS.get(v, 0.0) == 0))
    covariance = Covariance(model.select(features))
    theta = covariance.mean.copy()
    # `_OFFSET` takes the place of the constant.
    theta[covariance.names.index("raw:constant")] = -np.inf

    def scaled(of: Features) -> Scaled:
        return covariance.scale(model.select(of), theta)

    unit = float(covariance.diagonal(scaled(typical(space)), theta).mean())
    rows, expected = scaled(features), model.select(features).expectation

    def covariances(a: Rows, b: Rows) -> Array:
        slope = _SLOPE * np.outer(expected[a], expected[b])
        found: Array = covariance(rows[a], rows[b], theta) / unit + slope + _OFFSET
        return found

    own = covariance.diagonal(rows, theta) / unit
    return Prior(own + _SLOPE * expected**2 + _OFFSET, covariances)


@_prior.register
def _(space: Choices, X: Architectures) -> Prior:
    """Return the prior on a space of dimensions: effects of single ones, and of several together.

    The mean variance over the space is about 1 too.
    """
    reference = _dimensions(space, space.sample(_SAMPLE_SIZE, np.random.default_rng(0)))
    spread = reference.std(axis=0)
    rows = (_dimensions(space, X) - reference.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rows /= np.sqrt(max(int(np.count_nonzero(spread)), 1))

    def covariances(a: Rows, b: Rows) -> Array:
        products = rows[a] @ rows[b].T
        squares = (rows[a] ** 2).sum(axis=1)[:, None] + (rows[b] ** 2).sum(axis=1) - 2 * products
        joint = np.exp(-np.maximum(squares, 0.0) / 2)
        found: Array = (1 - _JOINT) * products + _JOINT * joint + _OFFSET
        return found

    return Prior((1 - _JOINT) * (rows**2).sum(axis=1) + _JOINT + _OFFSET, covariances)


def _dimensions(space: Choices, X: Architectures) -> Array:
    """Return the numbers of ordered dimensions, the choices of others, and what exists."""
    numbers, exists = space.numbers(X), space.exists(X)
    columns: list[Array] = []
    for each, values, there in zip(space.dimensions, numbers.T, exists.T, strict=True):
        filled = np.where(there, values, values[there].mean() if there.any() else 0.0)
        if each.ordered:
            columns.append(filled[:, None])
        else:
            columns.append((filled[:, None] == np.arange(len(each.choices))) & there[:, None])
        if each.when:
            columns.append(there[:, None])
    return np.hstack([column.astype(np.float64) for column in columns])
