"""Checks that datasets share."""

from __future__ import annotations

from collections.abc import Iterable

from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.space import SearchSpace


def check_space(dataset: str, space: SearchSpace, *known: SearchSpace) -> None:
    """Raise `UserError` unless the space is one of those the dataset has."""
    if space not in known:
        names = " or ".join(each.name for each in known)
        raise UserError(
            f"dataset={dataset} has the space {names}, not {space.name}",
            mend=f"space={known[0].name}",
        )


def check_metric(owner: str, metric: Metric, known: Iterable[str]) -> None:
    """Raise `UserError` unless the metric is one of those that `owner` has."""
    names = list(known)
    if metric.name not in names:
        raise UserError(
            f"{owner} has no metric {metric.name}; it has: {', '.join(names)}",
            mend=f"metric={names[0]}" if names else None,
        )
