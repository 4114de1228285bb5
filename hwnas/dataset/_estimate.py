"""Stand-in for a measured table that is not here: a model of the device."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._table import Provenance
from hwnas.device import Device
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.space import Architectures, SearchSpace


class EstimatedWarning(UserWarning):
    """Values of this run are computed, not measured."""


def estimated_notice(device: str, metric: str, missing: str, fetch_command: str) -> str:
    """Return what a user must be told when values are estimated.

    Parameters
    ----------
    device, metric : str
    missing : str
        What would be needed, and where it is not.
    fetch_command : str
        What gets it.

    Examples
    --------
    >>> print(estimated_notice("fpga", "latency", "it is not in data", "hwnas fetch hwnas"))
    ESTIMATED, not measured: the fpga latency is computed by a roofline model of the device,
    because it is not in data. For the measured table: hwnas fetch hwnas
    """
    return (
        f"ESTIMATED, not measured: the {device} {metric} is computed by a roofline model of the "
        f"device, because {missing}. For the measured table: {fetch_command}"
    )


def estimate(
    device: Device,
    metric: Metric,
    space: SearchSpace,
    image_set: ImageSet,
    architectures: Architectures,
) -> tuple[NDArray[np.float64], Provenance]:
    """Return estimated values, shape (n,), in the metric's unit, and where they come from."""
    values = device.estimate(space, architectures, metric.name, image_set)
    provenance = Provenance(
        kind="estimated",
        source=f"roofline model, conf/device/{device.name}.yaml",
        sha256=device.roofline.sha256,
    )
    return values, provenance


def warn_estimated(text: str) -> None:
    """Warn with the category that the entry points show in their own way."""
    warnings.warn(text, EstimatedWarning, stacklevel=4)
