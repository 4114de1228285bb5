"""The companion of `best` on cells whose values are mostly noise: the model of ``predictor=gp``.

On such tables (TransNAS-Bench-101 micro) no model of `best` predicts much better than `gp`, and the
average of the two predicts better than either: their errors differ. On other tables, the average
would predict different values for architectures of equal cost, and rank worse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.encoding import Structure
from hwnas.predictor.gp import ExactGP
from hwnas.space import Architectures, CellSpace, SearchSpace

Array = NDArray[np.floating]

#: Numbers of measurements with which a companion is considered. With fewer, `gp` is much worse.
#: With more, a second process would take too long, and gains nothing.
_FEWEST, _MOST = 50, 400
#: Smallest share of the values' variance that `best` must leave unexplained.
_NOISE = 0.1
#: Largest factor by which the average may increase the mean square of left-out deviations. It is
#: above 1, because two estimates from so few measurements differ by chance.
_TOLERANCE = 1.03


def companion(space: SearchSpace, X: Architectures, y: Array, deviation: Array) -> ExactGP | None:
    """Return the fitted companion, or None if `best` should predict alone.

    Parameters
    ----------
    space : SearchSpace
        Only cells have a companion. Its encoding adds the live operations, which other spaces lack.
    X : array, shape (n, n_positions)
    y : array, shape (n,)
        Standardised values.
    deviation : array, shape (n,) if n is at most 400
        Deviations of `best` on each measurement, predicted from all others.
    """
    if not isinstance(space, CellSpace) or not _FEWEST <= len(y) <= _MOST:
        return None
    limit = 4.5 * np.median(np.abs(deviation))

    def mean_square(errors: Array) -> float:
        return float(np.mean(np.clip(errors, -limit, limit) ** 2))

    if mean_square(deviation) < _NOISE:
        return None
    process = ExactGP().fit(encoded(space, X), y)
    other, _ = left_out(process)
    joint = mean_square((deviation + other) / 2)
    return process if joint <= _TOLERANCE * mean_square(deviation) else None


def encoded(space: SearchSpace, X: Architectures) -> Array:
    """Return the features of the companion, shape (n, n_features)."""
    features: Array = Structure(space).fit_transform(X)
    return features


def left_out(process: ExactGP) -> tuple[Array, Array]:
    """Return deviations and variances, noise included, of all measurements when left out."""
    posterior = process.posterior_
    deviation, variance = posterior.left_out(np.arange(len(posterior.alpha)))
    return deviation, variance + np.exp(posterior.theta[-1])


def average(first: tuple[Array, Array], second: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return mean and variance of an even mixture of two predictions, given as such pairs."""
    mean = (first[0] + second[0]) / 2
    variance = (first[1] + second[1]) / 2 + (first[0] - second[0]) ** 2 / 4
    return mean, variance
