"""The device type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.device._roofline import Roofline
from hwnas.errors import UserError, command
from hwnas.image_set import ImageSet
from hwnas.network import count_layers
from hwnas.space import Architectures, SearchSpace


@dataclass(frozen=True)
class Device:
    """A device: which metrics it is measured in, and a model that estimates them.

    Parameters
    ----------
    name : str
        The word used in paths, configs and tables.
    title : str
        The name in plots.
    metrics : tuple of str
        Names of its metrics.
    roofline : Roofline
    """

    name: str
    title: str
    metrics: tuple[str, ...]
    roofline: Roofline

    def __post_init__(self) -> None:
        # A YAML list arrives as a list; a device must be hashable.
        object.__setattr__(self, "metrics", tuple(self.metrics))

    def estimate(
        self,
        space: SearchSpace,
        architectures: Architectures,
        metric_name: str,
        image_set: ImageSet,
    ) -> NDArray[np.float64]:
        """Estimate a metric of many architectures.

        Parameters
        ----------
        space : SearchSpace
        architectures : array of int8, shape (n, n_positions)
        metric_name : str
            One of `metrics`.
        image_set : ImageSet

        Returns
        -------
        array of float64, shape (n,)
            Latency in ms, energy in mJ, arithmetic intensity in ops/byte.

        Raises
        ------
        UserError
            If the device has no such metric, or its model cannot estimate the metric.
        """
        estimators = {
            "latency": self.roofline.latency,
            "energy": self.roofline.energy,
            "arithmetic_intensity": self.roofline.arithmetic_intensity,
        }
        if metric_name not in self.metrics:
            raise UserError(
                f"device {self.name} has no metric {metric_name}; "
                f"it has: {', '.join(self.metrics)}",
                remedy=f"metric={self.metrics[0]}",
            )
        if metric_name not in estimators:
            raise UserError(
                f"device {self.name}: {metric_name} cannot be estimated, only measured",
                remedy=command("fetch hwnas"),
            )
        networks = count_layers(
            space, architectures, image_set, dead_edges=self.roofline.dead_edges
        )
        return estimators[metric_name](networks)
