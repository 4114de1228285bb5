"""The check that all datasets share."""

from __future__ import annotations

from collections.abc import Mapping

from hwnas.errors import UserError
from hwnas.metric import Metric


def check_metric(owner: str, metric: Metric, units: Mapping[str, str]) -> None:
    """Raise `UserError` unless `owner` has the metric, in the unit that the metric says.

    Parameters
    ----------
    owner : str
        What has metrics, for the message.
    metric : Metric
    units : mapping of str to str
        Unit of each metric that there is.
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
