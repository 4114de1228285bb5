"""Checks that datasets share: of the metric and its unit, and of the search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.space import Architectures, Choices, SearchSpace


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


def check_space(owner: str, space: SearchSpace, name: str) -> None:
    """Raise `UserError` unless the search space has this name.

    Parameters
    ----------
    owner : str
        Name of the dataset, for the message.
    space : SearchSpace
    name : str
        Name of the dataset's only space.
    """
    if space.name != name:
        raise UserError(
            f"dataset={owner} covers the space {name}, not {space.name}", remedy=f"space={name}"
        )


def dimension_rows(
    space: SearchSpace, columns: Mapping[str, NDArray[Any]], where: object
) -> Architectures:
    """Return the architectures of a file with one column for each dimension of a space.

    Parameters
    ----------
    space : SearchSpace
    columns : mapping of str to array, shape (n,)
    where : object
        The file, for the message.

    Raises
    ------
    UserError
        If the space is not one of named dimensions, or a value does not fit its dimension.
    """
    if not isinstance(space, Choices):
        raise UserError(f"{where}: the space {space.name} has no named dimensions")
    try:
        return space.from_columns(columns)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error
