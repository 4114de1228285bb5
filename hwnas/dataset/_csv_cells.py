"""Reading the cells of a user's table from a CSV or a Parquet file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from hwnas.dataset._delimited import TextTable, read_delimited
from hwnas.dataset._official import MB
from hwnas.errors import UserError
from hwnas.files import reason_of
from hwnas.space import Architectures, Choices, SearchSpace, spaces

#: Column with the architectures, in the notation of the search space.
ARCHITECTURE = "architecture"
#: Largest file in bytes. A table of a million architectures takes about 100 MB.
LIMIT = 512 * MB


def read_cells(path: Path) -> TextTable:
    """Return the cells of a table as texts.

    Parameters
    ----------
    path : Path
        Parquet if the name ends in ``.parquet``, otherwise CSV.

    Raises
    ------
    UserError
        If the file is missing, too large or damaged.
    """
    # os.path answers also for what can be no path, such as a name that is too long.
    if os.path.isdir(path) or not os.path.exists(path):  # noqa: PTH110, PTH112
        what = "is a folder" if os.path.isdir(path) else "no such file"  # noqa: PTH112
        raise UserError(f"{path}: {what}", remedy="table=FILE.csv")
    try:
        if path.stat().st_size > LIMIT:
            raise UserError(f"{path}: more than the {LIMIT // MB} MB allowed for a table")
        return _parquet(path) if path.suffix == ".parquet" else read_delimited(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({reason_of(error)})") from error


def read_architectures(cells: TextTable, space: SearchSpace) -> Architectures:
    """Return the architecture of every row of a table, shape (n, n_positions).

    Parameters
    ----------
    cells : TextTable
        With the column ``architecture``, or with one column for each dimension of the space.
    space : SearchSpace

    Raises
    ------
    UserError
        If the columns are missing, or a row holds no architecture of the space.
    """
    if ARCHITECTURE not in cells.cells and isinstance(space, Choices):
        try:
            return space.from_columns(cells.cells)
        except ValueError as error:
            raise UserError(f"{cells.path}: {error}") from error
    if ARCHITECTURE not in cells.cells:
        raise UserError(
            f"{cells.path}: no column {ARCHITECTURE!r}; columns: {', '.join(cells.cells)}",
            remedy=f"name the column {ARCHITECTURE}, or space=columns for a column a dimension",
        )
    try:
        rows = cells.parsed(ARCHITECTURE, space.parse)
    except UserError as error:
        others = _spaces_of(cells.strings(ARCHITECTURE), space)
        if not others:
            raise
        raise UserError(error.problem, remedy=f"space={others[0]}") from error
    return space.validate(np.array(rows).reshape(len(rows), space.n_positions))


def _spaces_of(strings: list[str], excluded: SearchSpace) -> list[str]:
    """Return the names of other spaces that the first string is an architecture of."""
    found = []
    for name, space in spaces().items():
        try:
            if strings and space != excluded:
                space.parse(strings[0])
                found.append(name)
        except ValueError:
            continue
    return found


def _parquet(path: Path) -> TextTable:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        cells = {
            name: ["" if value is None else str(value).strip() for value in table[name].to_pylist()]
            for name in table.column_names
        }
    # Texts that are not UTF-8 are found where they are read.
    except (pa.ArrowException, UnicodeDecodeError) as error:
        line = str(error).splitlines()[0]
        raise UserError(
            f"{path}: not a whole Parquet file ({line})", remedy="copy or write the file again"
        ) from error
    # A Parquet file has no lines; errors name the row, of which the first is row 1.
    return TextTable(path, cells, list(range(1, table.num_rows + 1)))
