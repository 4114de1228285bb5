"""Reading the cells of a user's table from a CSV or a Parquet file."""

from __future__ import annotations

from pathlib import Path

from hwnas.dataset._delimited import TextTable, read_delimited
from hwnas.dataset._official import MB
from hwnas.errors import UserError

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
    if path.is_dir() or not path.exists():
        what = "is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {what}", remedy="table=FILE.csv")
    try:
        if path.stat().st_size > LIMIT:
            raise UserError(f"{path}: more than the {LIMIT // MB} MB allowed for a table")
        return _parquet(path) if path.suffix == ".parquet" else read_delimited(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error


def _parquet(path: Path) -> TextTable:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except pa.ArrowException as error:
        line = str(error).splitlines()[0]
        raise UserError(
            f"{path}: not a whole Parquet file ({line})", remedy="copy or write the file again"
        ) from error
    cells = {
        name: ["" if value is None else str(value).strip() for value in table[name].to_pylist()]
        for name in table.column_names
    }
    # A Parquet file has no lines; errors name the row, of which the first is row 1.
    return TextTable(path, cells, list(range(1, table.num_rows + 1)))
