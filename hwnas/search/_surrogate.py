"""Gaussian processes that predict the objectives of a search from what it has evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from sklearn.metrics import euclidean_distances

from hwnas.search._quantities import Float
from hwnas.search._views import View
from hwnas.space import Architectures

#: Grid of the kernel's hyperparameters: how fast the similarity falls with the share of differing
#: decisions, and the variance of the noise as a multiple of the kernel's.
_DECAYS, _NOISES = (0.75, 1.5, 3.0), (0.003, 0.03, 0.1, 0.3)
#: Evaluated architectures by which hyperparameters are chosen, and most inducing architectures.
#: Both bound the time of a fit.
_CHOOSING, _INDUCING = 300, 800
_JITTER = 1e-6
#: Share of the evaluated architectures, and fewest of them, that tell the error at a prediction.
_WINDOW, _FEWEST = 0.08, 20


@dataclass(frozen=True)
class Kernel:
    """A similarity of architectures: a sum over the views of ``exp(-decay * distance)``.

    Parameters
    ----------
    decay : float
    weights : tuple of float
        The share of each view. They sum to 1.
    """

    decay: float
    weights: tuple[float, ...]

    def of(self, distances: list[Float]) -> Float:
        """Return the kernel's matrix, given the matrix of distances in each view."""
        parts = [
            weight * np.exp(-self.decay * distance)
            for weight, distance in zip(self.weights, distances, strict=True)
            if weight
        ]
        return np.asarray(sum(parts))


@dataclass(frozen=True)
class Errors:
    """The size of residuals as a function of the predicted value.

    Errors of bad networks can be many times as large as those of networks near the front.

    Parameters
    ----------
    predicted : array, shape (n,)
        Held-out predictions in ascending order.
    errors : array, shape (n,)
        Root mean square of the residuals of similar predictions.
    """

    predicted: Float
    errors: Float

    @classmethod
    def of(cls, predicted: Float, residuals: Float) -> Errors:
        """Return the root mean square in a window that moves along the predictions."""
        order = np.argsort(predicted, kind="stable")
        n = len(order)
        half = max(_FEWEST, int(_WINDOW * n)) // 2
        sums = np.concatenate([[0.0], np.cumsum(residuals[order] ** 2)])
        first = np.maximum(0, np.arange(n) - half)
        last = np.minimum(n, np.arange(n) + half + 1)
        # Rounding can leave a sum of squares below 0.
        squares = np.maximum(sums[last] - sums[first], 0.0)
        return cls(predicted[order], np.sqrt(squares / (last - first)))

    def at(self, predicted: Float) -> Float:
        """Return the error of each prediction, shape (n,)."""
        return np.interp(predicted, self.predicted, self.errors)


class Surrogate:
    """A Gaussian process of each objective, with at most 800 inducing architectures.

    The kernel of each objective and its noise are those of a small grid that give held-out
    architectures the highest predictive density. With inducing architectures (Nyström), the time
    of a fit grows linearly with the number of evaluated architectures.

    Parameters
    ----------
    views : sequence of View
        What the kernel compares, one or two.

    References
    ----------
    Rasmussen, Williams: Gaussian Processes for Machine Learning, 2006, sections 5.4.2 and 8.3.
    """

    def __init__(self, views: list[View]) -> None:
        self.views = views

    def fit(self, architectures: Architectures, targets: Float, rng: np.random.Generator) -> Self:
        """Fit to evaluated architectures.

        Parameters
        ----------
        architectures : array, shape (n, n_positions)
        targets : array of float64, shape (n, n_objectives)
        rng : numpy.random.Generator
            Draws the architectures that choose hyperparameters, and the inducing ones.
        """
        seen = [view.features(architectures) for view in self.views]
        n = len(targets)
        self._means = targets.mean(axis=0)
        centred = targets - self._means
        some = _some(n, _CHOOSING, rng)
        chosen = _choose([each[some] for each in seen], centred[some])
        inducing = _some(n, _INDUCING, rng)
        self._inducing = [each[inducing] for each in seen]
        distances = _distances(seen, self._inducing)
        self._kernels = [kernel for kernel, _ in chosen]
        self._coefficients = []
        self._errors = []
        for column, (kernel, noise) in enumerate(chosen):
            matrix = kernel.of(distances)
            coefficients, residuals = _solve(matrix, inducing, centred[:, column], noise)
            self._coefficients.append(coefficients)
            self._errors.append(Errors.of(targets[:, column] - residuals, residuals))
        return self

    def predict(self, architectures: Architectures) -> tuple[Float, Float]:
        """Return the mean and the standard error of each objective, shape (n, n_objectives)."""
        new = [view.features(architectures) for view in self.views]
        distances = _distances(new, self._inducing)
        matrices = {kernel: kernel.of(distances) for kernel in set(self._kernels)}
        pairs = zip(self._kernels, self._coefficients, strict=True)
        means = np.column_stack([matrices[kernel] @ c for kernel, c in pairs]) + self._means
        errors = [each.at(mean) for each, mean in zip(self._errors, means.T, strict=True)]
        return means, np.column_stack(errors)


def _some(n: int, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _distances(one: list[Float], other: list[Float]) -> list[Float]:
    """Return the squared distances in each view: the share of decisions that differ."""
    return [euclidean_distances(a, b, squared=True) for a, b in zip(one, other, strict=True)]


def _choose(features: list[Float], targets: Float) -> list[tuple[Kernel, float]]:
    """Return the kernel and the noise of each objective, by leave-one-out predictive density."""
    distances = _distances(features, features)
    mixtures = _mixtures(len(features))
    tried: list[tuple[Kernel, float]] = []
    losses = []
    for decay, weights in product(_DECAYS, mixtures):
        kernel = Kernel(decay, weights)
        values, vectors = np.linalg.eigh(kernel.of(distances))
        rotated, squares = vectors.T @ targets, vectors**2
        for noise in _NOISES:
            inverse = 1.0 / (np.maximum(values, 0.0) + noise)
            precision = squares @ inverse
            residuals = (vectors @ (inverse[:, np.newaxis] * rotated)) / precision[:, np.newaxis]
            # The scale of the process is the one that maximises the density.
            scale = (residuals**2 * precision[:, np.newaxis]).mean(axis=0)
            losses.append(np.log(np.maximum(scale, 1e-300)) - np.log(precision).mean())
            tried.append((kernel, noise))
    return [tried[row] for row in np.argmin(losses, axis=0).tolist()]


def _mixtures(n: int) -> list[tuple[float, ...]]:
    """Return the weights of the views that are tried: one view alone, or two alike."""
    pairs = combinations_with_replacement(np.eye(n), 2)
    return [tuple(((one + other) / 2).tolist()) for one, other in pairs]


def _solve(
    matrix: Float, inducing: NDArray[np.int64], targets: Float, noise: float
) -> tuple[Float, Float]:
    """Return the coefficients of the inducing architectures, and leave-one-out residuals.

    Parameters
    ----------
    matrix : array, shape (n, n_inducing)
        Kernel of all architectures and the inducing ones.
    inducing : array of int64, shape (n_inducing,)
        Rows of the inducing architectures.
    targets : array, shape (n,)
    noise : float
    """
    identity = np.eye(len(inducing))
    root = np.linalg.cholesky(matrix[inducing] + _JITTER * identity)
    inputs = solve_triangular(root, matrix.T, lower=True)
    factor = np.linalg.cholesky(inputs @ inputs.T + noise * identity)
    scaled = solve_triangular(factor, inputs, lower=True)
    weights = solve_triangular(factor.T, scaled @ targets)
    leverage = np.minimum((scaled**2).sum(axis=0), 0.999)
    residuals = (targets - inputs.T @ weights) / (1.0 - leverage)
    return solve_triangular(root.T, weights), residuals
