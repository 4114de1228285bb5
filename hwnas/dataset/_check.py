"""Checks that datasets share."""

from __future__ import annotations

from collections.abc import Iterable

from hwnas.errors import UserError, nearest
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


def check_choice(key: str, value: str, known: Iterable[str], where: object = "") -> None:
    """Raise `UserError` naming the known values unless `value` is one of them."""
    names = list(known)
    if value not in names:
        place = f" in {where}" if where else ""
        raise UserError(f"{key}: no {value!r}{place}; {nearest(value, names)}")


def check_number(key: str, value: int, lowest: int, highest: int | None = None) -> None:
    """Raise `UserError` unless a number of the configuration lies within its bounds."""
    if value < lowest:
        raise UserError(f"{key}={value}: at least {lowest} is needed", mend=f"{key}={lowest}")
    if highest is not None and value > highest:
        raise UserError(f"{key}={value}: at most {highest} is possible", mend=f"{key}={highest}")
