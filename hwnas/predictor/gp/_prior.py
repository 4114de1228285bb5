"""The prior of a Gaussian process's hyperparameters: independent normal distributions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def add_prior(
    value: float, gradient: Array, theta: Array, prior: tuple[Array, Array]
) -> tuple[float, Array]:
    """Add the log density of `theta` under the prior to a log likelihood and its gradient."""
    mean, deviation = prior
    distance = (theta - mean) / deviation
    slope: Array = gradient - distance / deviation
    return value - 0.5 * float(distance @ distance), slope


def density_with_hyperparameters(
    value: float,
    n: int,
    theta: Array,
    mean: Array,
    deviation: Array,
    noise_prior: tuple[float, float],
) -> float:
    """Add the constant of `n` normal densities, and the log density of the hyperparameters.

    Parameters
    ----------
    value : float
        Log likelihood of the measurements, as `log_marginal_likelihood` returns it.
    n : int
    theta : array
    mean, deviation, noise_prior
        See `Posterior.log_density`.
    """
    prior = np.append(mean, noise_prior[0]), np.append(deviation, noise_prior[1])
    with_prior, _ = add_prior(value, np.zeros(len(theta)), theta, prior)
    return with_prior - 0.5 * n * float(np.log(2 * np.pi))
