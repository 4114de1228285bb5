"""The check of a metric and its unit, which all datasets use."""

from __future__ import annotations

from collections.abc import Mapping

from hwnas.errors import UserError
from hwnas.metric import Metric


def check_metric(owner: str, metric: Metric, units: Mapping[str, str]) -> None:
    """Raise `UserError` unless the metric is in `units`, with the same unit.

    Parameters
    ----------
    owner : str
        Name of the dataset or device, for the message.
    metric : Metric
    units : mapping of str to str
        Unit of each metric that the owner has values of, by the metric's name.
    """
    if metric.name not in units:
        names = list(units)
        raise UserError(
            f"{owner} has no metric {metric.name}; it has: {', '.join(names)}",
            remedy=f"metric={names[0]}" if names else None,
        )
    unit = units[metric.name]
    if metric.unit != unit:
        raise UserError(
            f"metric.unit={metric.unit}: {owner} has {metric.name} in {unit}",
            remedy=f"metric.unit={unit}",
        )
