"""The metric type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Metric:
    """A hardware metric.

    Parameters
    ----------
    name : str
        The word used in paths, configs and tables, e.g. ``"latency"``.
    unit : str
        Unit of every value, e.g. ``"ms"``.
    direction : {"minimize", "maximize"}
        Which values are better.
    lower, upper : float
        Bounds of a physically possible value, both inclusive.
    title : str
        The name in plots; defaults to `name`.

    Raises
    ------
    UserError
        If the direction is neither.

    Examples
    --------
    >>> latency = Metric("latency", "ms")
    >>> latency.label
    'latency [ms]'
    >>> latency.missing([3.0, -1.0, float("nan")]).tolist()
    [False, True, True]
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
                f"metric.direction={self.direction}: neither minimize nor maximize",
                remedy="metric.direction=minimize",
            )

    @property
    def label(self) -> str:
        """Axis label: title and unit."""
        return f"{self.title or self.name} [{self.unit}]"

    def missing(self, values: NDArray[np.float64] | list[float]) -> NDArray[np.bool_]:
        """Tell which values are no measurements: NaN, or outside the bounds (-1 = failed)."""
        array = np.asarray(values, dtype=np.float64)
        return ~((array >= self.lower) & (array <= self.upper))

    def cost(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values as something to minimise."""
        return values if self.direction == "minimize" else -values
