"""Rows for a user's table that are not measured yet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._column_names import ColumnName
from hwnas.dataset._csv_cells import ARCHITECTURE
from hwnas.dataset._delimited import TextTable
from hwnas.space import Architectures, Choices, SearchSpace


def new_rows(
    cells: TextTable,
    space: SearchSpace,
    architectures: Architectures,
    accuracy: NDArray[np.float64] | None,
    accuracy_unit: str | None,
) -> list[list[str]]:
    """Return rows with the columns of a table, in which only what is known is filled in.

    Parameters
    ----------
    cells : TextTable
        The table.
    space : SearchSpace
    architectures : array, shape (n, n_positions)
    accuracy : array, shape (n,), optional
        Percent, NaN where unknown.
    accuracy_unit : str, optional
        Unit of a column of accuracies whose name has no unit.

    Returns
    -------
    list of list of str
        The header, and n rows.
    """
    filled: dict[str, list[str]] = {ARCHITECTURE: space.to_strings(architectures)}
    if isinstance(space, Choices):
        named = [space.named(row) for row in architectures.tolist()]
        filled |= {
            each.name: [str(values.get(each.name, "")) for values in named]
            for each in space.dimensions
        }
    for column in map(ColumnName.of, cells.cells):
        if column.is_accuracy and accuracy is not None:
            fraction = (column.unit or accuracy_unit) == "fraction"
            scaled = accuracy / 100 if fraction else accuracy
            filled[column.name] = ["" if np.isnan(each) else f"{each:.6g}" for each in scaled]
    blank = [""] * len(architectures)
    columns = [filled.get(name, blank) for name in cells.cells]
    return [list(cells.cells), *map(list, zip(*columns, strict=True))]
