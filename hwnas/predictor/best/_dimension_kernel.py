"""The covariance function of `best` on spaces that are described by their dimensions.

It models the metric as a linear function of every block of features, plus a smooth function of the
dimensions and one of the total costs, if there are any. The columns of the smooth functions have
lengthscales of their own. All hyperparameters are logarithms with a normal prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.predictor.best._dimensions import Described
from hwnas.predictor.best._hyperparameters import Hyperparameters
from hwnas.predictor.gp import (
    Pullback,
    similarity,
    weighted_products,
    weighted_similarity,
    weighted_squares,
)

Array = NDArray[np.floating]

#: Mean and standard deviation of the prior of a linear block's log variance, by kind of block.
_LINEAR = {
    "constant": (0.0, 1.0),
    "number": (-4.0, 2.0),
    "exists": (-4.0, 2.0),
    "counts": (-4.5, 2.0),
    "positions": (-5.0, 2.0),
    "totals": (-1.0, 2.0),
}
#: The same for the log variance of a smooth function, and for the inverse squared lengthscales of
#: its columns.
_SMOOTH = (-3.0, 2.0)
_SCALE = {"dimensions": (-2.5, 1.5), "totals": (-1.5, 1.5)}


@dataclass(frozen=True)
class Scaled:
    """Features of architectures, scaled by the hyperparameters.

    Inner products of `linear` are covariances. The columns of `smooth` are divided by their
    lengthscales.
    """

    linear: Array
    smooth: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.linear)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> Scaled:
        return Scaled(self.linear[rows], tuple(part[rows] for part in self.smooth))


class DimensionCovariance(Hyperparameters):
    """The covariance function on one search space.

    Parameters
    ----------
    features : Described
        Features of any architectures. Only the names and widths of the blocks are used.
    """

    def __init__(self, features: Described) -> None:
        priors = {"constant": _LINEAR["constant"]}
        priors |= {name: _LINEAR[name.partition(":")[0]] for name in features.linear}
        widths = [1, *(block.shape[1] for block in features.linear.values())]
        self._linear = np.repeat(np.arange(len(widths)), widths)
        self._parts = list(features.smooth)
        self._variance: list[int] = []
        self._scale: list[NDArray[np.integer]] = []
        for name, block in features.smooth.items():
            self._variance.append(len(priors))
            priors[f"smooth {name}"] = _SMOOTH
            self._scale.append(len(priors) + np.arange(block.shape[1]))
            priors |= {f"smooth {name} {i}": _SCALE[name] for i in range(block.shape[1])}
        super().__init__(priors)

    def scale(self, features: Described, theta: Array) -> Scaled:
        """Return the features scaled by the hyperparameters."""
        root = np.exp(theta / 2)
        linear = np.hstack([np.ones((len(features), 1)), *features.linear.values()])
        smooth = zip(self._parts, self._scale, strict=True)
        return Scaled(
            linear * root[self._linear],
            tuple(features.smooth[name] * root[columns] for name, columns in smooth),
        )

    def _smooth(self, a: Scaled, b: Scaled, theta: Array) -> list[Array]:
        parts = zip(self._variance, a.smooth, b.smooth, strict=True)
        return [float(np.exp(theta[index])) * similarity(x, y) for index, x, y in parts]

    def __call__(self, a: Scaled, b: Scaled, theta: Array) -> Array:
        """Return the covariances, shape (len(a), len(b))."""
        covariance: Array = a.linear @ b.linear.T
        for part in self._smooth(a, b, theta):
            covariance += part
        return covariance

    def weighted(self, a: Scaled, b: Scaled, theta: Array, weights: Array) -> Array:
        """Return self(a, b, theta) @ `weights`, shape (len(a),)."""
        total: Array = a.linear @ (b.linear.T @ weights)
        for index, x, y in zip(self._variance, a.smooth, b.smooth, strict=True):
            total += weighted_similarity(x, y, float(np.exp(theta[index])) * weights)
        return total

    def columns(self, a: Scaled) -> tuple[Array, NDArray[np.integer]] | None:
        """Return the linear columns and their hyperparameters, if nothing else is modelled."""
        return None if self._variance else (a.linear, self._linear)

    def diagonal(self, a: Scaled, theta: Array) -> Array:
        """Return the variance of every row, shape (n,)."""
        variance: Array = (a.linear**2).sum(axis=1) + np.exp(theta[self._variance]).sum()
        return variance

    def with_pullback(self, a: Scaled, theta: Array) -> tuple[Array, Pullback]:
        """Return self(a, a, theta), and the function that `Kernel.with_pullback` describes."""
        parts = self._smooth(a, a, theta)
        covariance: Array = a.linear @ a.linear.T
        for part in parts:
            covariance += part

        def pullback(weights: Array) -> Array:
            by_column = weighted_products(a.linear, weights)
            gradient = np.zeros(len(theta))
            gradient += np.bincount(self._linear, by_column, minlength=len(theta))
            smooth = zip(self._variance, self._scale, a.smooth, parts, strict=True)
            for variance, scale, columns, part in smooth:
                weighted = weights * part
                gradient[variance] += weighted.sum()
                gradient[scale] -= weighted_squares(columns, weighted) / 2
            return gradient

        return covariance, pullback
