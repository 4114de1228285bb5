"""What the covariance functions of `best` have in common: the priors of their hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Hyperparameters:
    """Names and priors of a covariance function's hyperparameters.

    Parameters
    ----------
    priors : mapping of str to pair of float
        Mean and standard deviation of the normal prior of each hyperparameter, by its name.

    Attributes
    ----------
    names : list of str
        Names of the hyperparameters, in their order.
    mean, deviation : array
        Means and standard deviations of the hyperparameters' normal priors.
    """

    #: Without it, the covariance matrix of a device without noise has no Cholesky factor.
    jitter = 1e-8

    def __init__(self, priors: Mapping[str, tuple[float, float]]) -> None:
        self.names = list(priors)
        self.mean, self.deviation = np.array(list(priors.values())).T

    def prior(self, features: object) -> tuple[Array, Array]:  # noqa: ARG002 (part of the protocol Kernel)
        """Return means and standard deviations of the hyperparameters' normal priors."""
        return self.mean, self.deviation
