"""The covariance function of `best`.

It models the metric as the sum of four functions. The variance of each is a hyperparameter:

- ``linear``: a linear function of every block of features, such as total costs and counts;
- ``choices``: a smooth function of the operations at all positions. Its lengthscales differ by
  operation and position, because on some runtimes the position of one operation matters most;
- ``wired``: costs of operations that change smoothly with the wiring of the cell;
- ``curve``: a curved function of the total costs.

All hyperparameters are logarithms with a normal prior. The priors are the same for every device and
space. Their means make effects that all positions share large, and others small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.predictor.best._features import Features
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
    "total0": (-2.5, 2.0),
    "total1": (-3.0, 2.0),
    "total2": (-3.0, 2.0),
    "layers": (-2.0, 1.5),
    "counts": (-2.5, 2.0),
    "inner": (-4.0, 2.0),
    "by_node": (-6.0, 2.0),
    "one_hot": (-5.0, 2.0),
}
#: The same for the blocks whose weights depend on the wiring. They are taken from the view `raw`.
_WIRED = {"counts": (-5.0, 2.0), "one_hot": (-6.0, 2.0)}
#: Priors of the variances of the other two functions.
_CHOICES = (-4.0, 2.0)
_CURVE = (-5.0, 2.0)
#: Prior of the inverse squared lengthscale of each operation in `choices`.
_CHOICES_SCALE = (-0.5, 1.0)
#: Prior of each position's factor of the inverse squared lengthscale of `choices`.
_POSITION_SCALE = (0.0, 0.5)
#: Priors of the inverse squared lengthscales of the wiring and of the totals.
_WIRING_SCALE = (0.0, 1.0)
_CURVE_SCALE = (-1.4, 1.4)


@dataclass(frozen=True)
class Scaled:
    """Features of architectures, scaled by the hyperparameters.

    Inner products of `linear` and `wired` are covariances. The other parts are divided by their
    lengthscales: ``exp(-d² / 2)`` is the similarity of two rows at distance `d`.
    """

    linear: Array
    choices: Array
    wiring: Array
    wired: Array
    totals: Array

    def __len__(self) -> int:
        return len(self.linear)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> Scaled:
        return Scaled(**{name: part[rows] for name, part in vars(self).items()})


@dataclass(frozen=True)
class Layout:
    """The index of the hyperparameter that scales each column of :class:`Scaled`.

    Two hyperparameters scale a column of `choices`: those of its operation and of its position.
    """

    linear: NDArray[np.integer]
    choices: NDArray[np.integer]
    positions: NDArray[np.integer]
    wiring: NDArray[np.integer]
    wired: NDArray[np.integer]


class Covariance(Hyperparameters):
    """The covariance function of `best` on one search space.

    Parameters
    ----------
    features : Features
        Features of any architectures. Only the names and widths of the blocks are used.
    """

    def __init__(self, features: Features) -> None:
        blocks = {"raw:constant": np.ones((1, 1)), **features.linear}
        self._wired = [f"raw:{kind}" for kind in _WIRED if features.wiring]
        priors = {name: _LINEAR[name.partition(":")[2]] for name in blocks}
        groups = {
            "linear": [block.shape[1] for block in blocks.values()],
            "choices": [part.shape[1] for part in features.choices.values()],
            "positions": [1 for part in features.choices.values() for _ in part.T],
            "wiring": [part.shape[1] for part in features.wiring.values()],
            "wired": [features.linear[name].shape[1] for name in self._wired],
        }
        priors |= {f"{name} choices": _CHOICES_SCALE for name in features.choices}
        priors |= {
            f"{name} position {i}": _POSITION_SCALE
            for name, part in features.choices.items()
            for i in range(part.shape[1])
        }
        priors |= {f"{view} wiring": _WIRING_SCALE for view in features.wiring}
        priors |= {f"wired {name}": _WIRED[name.partition(":")[2]] for name in self._wired}
        start = 0
        columns = {}
        for part, widths in groups.items():
            columns[part] = np.repeat(np.arange(start, start + len(widths)), widths)
            start += len(widths)
        self._layout = Layout(**columns)
        # Features of an additive model have linear blocks only, see `Features.additive`.
        self._nonlinear = bool(features.choices)
        if self._nonlinear:
            priors |= {"choices": _CHOICES, "curve": _CURVE, "curve scale": _CURVE_SCALE}
            self._choices, self._curve, self._curve_scale = range(start, start + 3)
        super().__init__(priors)

    def scale(self, features: Features, theta: Array) -> Scaled:
        """Return the features scaled by the hyperparameters."""
        root = np.exp(theta / 2)
        constant = np.ones((len(features.totals), 1))

        def stacked(blocks: list[Array], groups: NDArray[np.integer]) -> Array:
            joined = np.hstack(blocks) if blocks else np.zeros((len(constant), 0))
            scaled: Array = joined * root[groups]
            return scaled

        layout = self._layout
        return Scaled(
            linear=stacked([constant, *features.linear.values()], layout.linear),
            choices=stacked(list(features.choices.values()), layout.choices)
            * root[layout.positions],
            wiring=stacked(list(features.wiring.values()), layout.wiring),
            wired=stacked([features.linear[name] for name in self._wired], layout.wired),
            totals=features.totals * (root[self._curve_scale] if self._nonlinear else 0.0),
        )

    def _parts(self, a: Scaled, b: Scaled, theta: Array) -> tuple[Array, Array, Array]:
        choices = float(np.exp(theta[self._choices])) * similarity(a.choices, b.choices)
        wired = similarity(a.wiring, b.wiring)
        curve = float(np.exp(theta[self._curve])) * similarity(a.totals, b.totals)
        return choices, wired, curve

    def __call__(self, a: Scaled, b: Scaled, theta: Array) -> Array:
        """Return the covariances, shape (len(a), len(b))."""
        if not self._nonlinear:
            linear: Array = a.linear @ b.linear.T
            return linear
        choices, wired, curve = self._parts(a, b, theta)
        if a.wired.shape[1]:
            choices += wired * (a.wired @ b.wired.T)
        choices += curve
        choices += a.linear @ b.linear.T
        return choices

    def weighted(self, a: Scaled, b: Scaled, theta: Array, weights: Array) -> Array:
        """Return self(a, b, theta) @ `weights`, shape (len(a),)."""
        total: Array = a.linear @ (b.linear.T @ weights)
        if not self._nonlinear:
            return total
        choices = float(np.exp(theta[self._choices])) * weights
        curve = float(np.exp(theta[self._curve])) * weights
        total += weighted_similarity(a.choices, b.choices, choices)
        total += weighted_similarity(a.totals, b.totals, curve, repeated=True)
        if a.wired.shape[1]:
            by_column = weighted_similarity(
                a.wiring, b.wiring, weights[:, None] * b.wired, repeated=True
            )
            total += np.einsum("nm,nm->n", a.wired, by_column)
        return total

    def columns(self, a: Scaled) -> tuple[Array, NDArray[np.integer]] | None:
        """Return the linear columns and their hyperparameters, if the model is additive."""
        return None if self._nonlinear else (a.linear, self._layout.linear)

    def diagonal(self, a: Scaled, theta: Array) -> Array:
        """Return the variance of every row, shape (n,)."""
        variance: Array = (a.linear**2).sum(axis=1) + (a.wired**2).sum(axis=1)
        if self._nonlinear:
            variance += float(np.exp(theta[self._choices]) + np.exp(theta[self._curve]))
        return variance

    def with_pullback(self, a: Scaled, theta: Array) -> tuple[Array, Pullback]:
        """Return self(a, a, theta), and the function that `Kernel.with_pullback` describes."""
        layout = self._layout
        covariance: Array = a.linear @ a.linear.T
        if self._nonlinear:
            choices, wired, curve = self._parts(a, a, theta)
            products = a.wired @ a.wired.T
            covariance += choices
            covariance += curve
            covariance += wired * products

        def pullback(weights: Array) -> Array:
            gradient = np.zeros(len(theta))

            def add(groups: NDArray[np.integer], by_column: Array) -> None:
                gradient[:] += np.bincount(groups, by_column, minlength=len(theta))

            add(layout.linear, weighted_products(a.linear, weights))
            if not self._nonlinear:
                return gradient
            of_choices, of_curve = weights * choices, weights * curve
            by_column = -weighted_squares(a.choices, of_choices) / 2
            add(layout.choices, by_column)
            add(layout.positions, by_column)
            if a.wired.shape[1]:
                of_wired = weights * wired
                add(layout.wired, weighted_products(a.wired, of_wired))
                of_wired *= products
                add(layout.wiring, -weighted_squares(a.wiring, of_wired) / 2)
            gradient[self._choices] += of_choices.sum()
            gradient[self._curve] += of_curve.sum()
            gradient[self._curve_scale] -= weighted_squares(a.totals, of_curve).sum() / 2
            return gradient

        return covariance, pullback
