"""The search space of a table: its dimensions are the table's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.space._choices import Choices
from hwnas.space._dimension import word


class ColumnSpace(Choices):
    """The space ``space=columns``, whose dimensions are inferred from the columns of a table.

    A column of numbers is a range from its lowest to its highest number. A column of words is a
    closed choice of the words in it. Dimensions that are given stay as they are.

    The space has no dimensions until `inferred` has seen a table.

    Parameters
    ----------
    dimensions : mapping of str to list or mapping, optional
        As in `Choices`: dimensions that are not to be inferred.
    name : str
        Name in paths, configs and tables.
    network, image_set
        As in `Choices`.

    Examples
    --------
    >>> space = ColumnSpace().inferred({"layers": [2, 4], "kind": ["conv", "pool"]})
    >>> space.described
    ['layers: a whole number from 2 to 4', 'kind: one of conv, pool']
    >>> rows = space.from_strings(["layers=6;kind=pool"])
    >>> rows, space.extrapolated(rows)
    (array([[6., 1.]]), array([ True]))
    """

    def __init__(
        self,
        dimensions: Mapping[str, Any] | None = None,
        name: str = "columns",
        network: str | None = None,
        image_set: str = "ImageNet",
    ) -> None:
        super().__init__(name, dimensions or {}, network, image_set)

    def inferred(self, columns: Mapping[str, Sequence[object] | NDArray[Any]]) -> ColumnSpace:
        """Return the space of a table.

        Parameters
        ----------
        columns : mapping of str to sequence, each of length n
            The columns that describe the architectures. Numbers may be written as text.

        Raises
        ------
        UserError
            If a given dimension is no column, if a column has missing values, or if it has too
            many words for a choice.
        """
        lacking = [each.name for each in self.dimensions if each.name not in columns]
        if lacking:
            raise UserError(
                f"space.dimensions: the table has no column {lacking[0]}; it has "
                f"{', '.join(columns)}"
            )
        dimensions = dict(self.parameters["dimensions"])
        for name, column in columns.items():
            if name not in dimensions:
                dimensions[name] = _inferred(name, column)
        return ColumnSpace(dimensions, self.name, self.skeleton, self.image_set)

    @property
    def described(self) -> list[str]:
        """One line for each dimension, which says what it can be."""
        return [f"{each.name}: {each.described}" for each in self.dimensions]


def _inferred(name: str, column: Sequence[object] | NDArray[Any]) -> dict[str, Any]:
    """Return the content of a dimension that has every value of a column."""
    given = np.asarray(column).tolist()
    missing = [row for row, each in enumerate(given, 1) if each is None or str(each) in ("", "nan")]
    if missing:
        raise UserError(
            f"column {name}: row {missing[0]} has no value, and {len(missing) - 1} others",
            remedy="remove these rows, or write a YAML of the space",
        )
    try:
        if any(isinstance(each, bool) for each in given):
            raise ValueError
        numbers = [float(each) for each in given]
    except ValueError:
        return {"choices": sorted({word(each) for each in given})}
    low, high = min(numbers), max(numbers)
    if all(number.is_integer() for number in numbers):
        return {"low": int(low), "high": int(high), "whole": True}
    return {"low": low, "high": high}
