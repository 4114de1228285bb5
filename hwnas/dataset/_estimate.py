"""Values that a roofline model of the device estimates, for use without a measured table."""

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
    """Warns that the values of a run are computed by a model of the device, not measured."""


def estimated_notice(device: str, metric: str, missing: str, fetch_command: str) -> str:
    """Return the text of the warning that values are estimated.

    Parameters
    ----------
    device, metric : str
    missing : str
        The reason why no measured table is used.
    fetch_command : str
        The shell command that downloads the measured table.

    Examples
    --------
    >>> print(estimated_notice("fpga", "latency", "a.pickle is not in data", "hwnas fetch hwnas"))
    ESTIMATED, not measured: the fpga latency is computed by a roofline model of the device,
    because a.pickle is not in data. For the measured table: hwnas fetch hwnas
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
    """Return estimated values in the metric's unit, shape (n,), and their provenance."""
    values = device.estimate(space, architectures, metric.name, image_set)
    provenance = Provenance(
        kind="estimated",
        source=f"roofline model, conf/device/{device.name}.yaml",
        sha256=device.roofline.sha256,
    )
    return values, provenance


def warn_estimated(text: str) -> None:
    """Issue an `EstimatedWarning`, a category that the command line displays in one line."""
    warnings.warn(text, EstimatedWarning, stacklevel=4)
