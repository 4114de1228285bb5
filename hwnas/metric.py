"""Hardware metrics: unit, direction and bounds of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Metric:
    """A hardware metric, for example latency in ms.

    Parameters
    ----------
    name : str
        The word for the metric in paths, configurations and tables, e.g. ``"latency"``.
    unit : str
        Unit of every value, e.g. ``"ms"``.
    direction : {"minimize", "maximize"}
        Whether lower or higher values are better.
    lower, upper : float
        Bounds of the physically possible values, both inclusive. Values outside count as missing.
    title : str
        The metric's name in plots. Default: `name`.

    Raises
    ------
    UserError
        If `direction` is neither "minimize" nor "maximize".

    Examples
    --------
    >>> latency = Metric("latency", "ms")
    >>> latency.label
    'latency [ms]'
    >>> latency.missing([3.0, -1.0, float("nan"), float("inf")]).tolist()
    [False, True, True, True]
    """

    name: str
    unit: str
    direction: Direction = "minimize"
    lower: float = 0.0
    upper: float = float("inf")
    title: str = ""

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            raise UserError(
                f"metric.direction={self.direction}: it must be minimize or maximize",
                remedy="metric.direction=minimize",
            )

    @property
    def label(self) -> str:
        """The label of a plot's axis: title and unit."""
        return f"{self.title or self.name} [{self.unit}]"

    def missing(self, values: NDArray[np.float64] | list[float]) -> NDArray[np.bool_]:
        """Return which values are missing: NaN, infinite, or outside the metric's bounds.

        HW-NAS-Bench writes -1 for a failed measurement. The bound `lower` excludes it.
        """
        array = np.asarray(values, dtype=np.float64)
        return ~(np.isfinite(array) & (array >= self.lower) & (array <= self.upper))

    def cost(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values as costs to minimise: negated if higher values are better."""
        return values if self.direction == "minimize" else -values
