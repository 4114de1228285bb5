"""What `best` assumes of the values of architectures before any is measured.

The choice of measurements (`hwnas.predictor.best._design`) and ``predictor=transfer`` use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from hwnas.predictor.best._features import Features, describe, typical
from hwnas.predictor.best._kernel import Covariance, Scaled
from hwnas.predictor.best._model_choice import Model
from hwnas.predictor.best._views import MARGINS
from hwnas.space import Architectures, Choices, SearchSpace

Array = NDArray[np.floating]
Rows = NDArray[np.int64]

#: Share of the variance on a space of dimensions that effects of several dimensions together have.
_JOINT = 0.5
#: Number of architectures that stand for a space of dimensions.
_SAMPLE_SIZE = 2000


@dataclass(frozen=True)
class Prior:
    """What is assumed of the values of some architectures, without the value that all share.

    Parameters
    ----------
    variance : array, shape (m,)
        Its mean over the space is about 1.
    covariances : callable
        Takes two arrays of row numbers, of n and of k rows, and returns the covariances of their
        values, shape (n, k).
    expected : array, shape (m,)
        Expected values up to an unknown slope, standardised. 0 where nothing is expected.
    """

    variance: Array
    covariances: Callable[[Rows, Rows], Array]
    expected: Array


@singledispatch
def prior_of(space: SearchSpace, X: Architectures) -> Prior:
    """Return the prior of `best` at the means of its hyperparameters' priors.

    Parameters
    ----------
    space : SearchSpace
    X : array, shape (m, n_positions)
    """
    features = describe(space, X)
    model = Model(views=tuple(v for v in features.views if MARGINS.get(v, 0.0) == 0))
    covariance = Covariance(model.select(features))
    theta = covariance.mean.copy()
    # The prior leaves out the value that all architectures share.
    theta[covariance.names.index("raw:constant")] = -np.inf

    def scaled(of: Features) -> Scaled:
        return covariance.scale(model.select(of), theta)

    unit = float(covariance.diagonal(scaled(typical(space)), theta).mean())
    rows = scaled(features)

    def covariances(a: Rows, b: Rows) -> Array:
        found: Array = covariance(rows[a], rows[b], theta) / unit
        return found

    own = covariance.diagonal(rows, theta) / unit
    return Prior(own, covariances, model.select(features).expectation)


@prior_of.register
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
        found: Array = (1 - _JOINT) * products + _JOINT * joint
        return found

    variance = (1 - _JOINT) * (rows**2).sum(axis=1) + _JOINT
    return Prior(variance, covariances, np.zeros(len(rows)))


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
