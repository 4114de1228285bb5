"""Reading of CSV files that other programs wrote, with errors that name the line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._damage import foreign_content
from hwnas.dataset._missing import MISSING_WORDS
from hwnas.errors import UserError, nearest
from hwnas.files import reason_of
from hwnas.space import Architectures, SearchSpace

T = TypeVar("T")

#: The delimiters that a file may have. The last one is rare, and architecture strings contain it.
DELIMITERS = (",", ";", "\t", "|")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OPEN_END = "; this last line has no line break, so the file may be cut off"
#: A row with its number of cells, and the line on which it starts.
_Row = tuple[int, list[str]]


@dataclass(frozen=True)
class TextTable:
    """The cells of a CSV file.

    Parameters
    ----------
    path : Path
        The file, for error messages.
    cells : dict of str to list of str, each of length n
        The cells of each column, without surrounding spaces. ``""`` is a blank cell.
    lines : list of int, length n
        The line of the file on which each row starts. The first line of the file is line 1.
    delimiter : str
    open_end : bool
        Whether the file ends without a line break. Then its last row may be cut off.
    """

    path: Path
    cells: dict[str, list[str]]
    lines: list[int]
    delimiter: str = ","
    open_end: bool = False

    def __len__(self) -> int:
        return len(self.lines)

    def strings(self, name: str) -> list[str]:
        """Return the cells of a column.

        Raises
        ------
        UserError
            If there is no such column.
        """
        if name not in self.cells:
            raise UserError(f"{self.path}: no column {name!r}; {nearest(name, list(self.cells))}")
        return self.cells[name]

    def floats(self, name: str) -> NDArray[np.float64]:
        """Return the numbers of a column, shape (n,).

        A blank cell, an infinite number or one of `MISSING_WORDS`, such as ``OOM``, becomes NaN.
        Negative numbers stay, because not every column is a measurement (see `missing_as_nan`).
        If the delimiter is not the comma and no number of the column has a point, a comma in a
        number is a decimal comma.

        Raises
        ------
        UserError
            If there is no such column, or a cell is neither a number nor missing. The error names
            the file and the line.
        """
        cells = self.strings(name)
        comma = self.delimiter != "," and not any("." in cell for cell in cells)
        numbers = np.empty(len(cells))
        for row, cell in enumerate(cells):
            number = _number(cell, comma)
            if number is None:
                raise self.error(row, f"column {name!r} has {cell[:40]!r}, which is not a number")
            numbers[row] = number
        return numbers

    def is_numeric(self, name: str) -> bool:
        """Return whether a column has at least one number, and all other cells are missing."""
        cells = self.strings(name)
        comma = self.delimiter != "," and not any("." in cell for cell in cells)
        numbers = [_number(cell, comma) for cell in cells]
        return None not in numbers and not np.isnan(np.array(numbers, dtype=np.float64)).all()

    def parsed(self, name: str, parse: Callable[[str], T]) -> list[T]:
        """Return a column's cells, each converted by a function.

        Parameters
        ----------
        name : str
        parse : callable
            Takes a cell and raises `ValueError` if it cannot convert the cell.

        Raises
        ------
        UserError
            If there is no such column, or `parse` refuses a cell. The error names the file and the
            line.
        """
        results = []
        for row, cell in enumerate(self.strings(name)):
            try:
                results.append(parse(cell))
            except ValueError as error:
                raise self.error(row, f"column {name!r}: {error}") from error
        return results

    def architectures(self, name: str, space: SearchSpace) -> Architectures:
        """Return the architectures of a column of architecture strings, shape (n, n_positions).

        Raises
        ------
        UserError
            If there is no such column, or a cell is not an architecture of the space. The error
            names the file and the line.
        """
        rows = self.parsed(name, space.parse)
        return np.array(rows, dtype=np.int8).reshape(len(rows), space.n_positions)

    def error(self, row: int, problem: str, remedy: str | None = None) -> UserError:
        """Return an error about a row, which names the file and the line.

        Examples
        --------
        >>> table = TextTable(Path("board.csv"), {"latency": ["fast"]}, [2])
        >>> print(table.error(0, "not a number"))
        board.csv, line 2: not a number
        """
        if self.open_end and row == len(self) - 1:
            problem += _OPEN_END
        return UserError(f"{self.path}, line {self.lines[row]}: {problem}", remedy)


def read_delimited(path: Path) -> TextTable:
    r"""Read a CSV file whose first line names the columns.

    The delimiter is found from the file: comma, semicolon, tab or ``|``. A byte order mark, Windows
    line ends, blank lines and quoted cells are allowed. Columns without a name are left out.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UserError
        If the file cannot be read, is not text, has no header, names a column twice, or has a row
        with another number of cells than the header. The error names the file and, where there is
        one, the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "board.csv"
    ...     _ = path.write_text("network;latency_ms\r\na;1,5\r\nb;OOM\r\n")
    ...     table = read_delimited(path)
    >>> table.strings("network"), table.floats("latency_ms").tolist()
    (['a', 'b'], [1.5, nan])
    """
    text = _decode(path)
    delimiter = _delimiter(path, text)
    rows = _rows(path, text, delimiter)
    line, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise UserError(f"{path}, line {line}: two columns have the name {repeated[0]!r}")
    if not any(names):
        raise UserError(f"{path}: the file has no line with the names of the columns")
    open_end = not text.endswith(("\n", "\r"))
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in names]
    for line, row in rows:
        cells = [cell.strip() for cell in row]
        # Spreadsheets end short rows with delimiters.
        while len(cells) > len(names) and not cells[-1]:
            cells.pop()
        if len(cells) != len(names):
            table = TextTable(path, {}, [line], delimiter, open_end and next(rows, None) is None)
            raise table.error(
                0,
                f"the row has {len(cells)} cells, but the header has {len(names)} "
                f"(delimiter {delimiter!r})",
            )
        lines.append(line)
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell)
    named = {name: column for name, column in zip(names, columns, strict=True) if name}
    return TextTable(path, named, lines, delimiter, open_end)


def _decode(path: Path) -> str:
    try:
        foreign = foreign_content(path)
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({reason_of(error)})") from error
    if foreign is not None:
        raise UserError(f"{path} is {foreign}, not a CSV file")
    try:
        return raw.decode("utf-16" if raw.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}, line {line}: not text in UTF-8 ({error.reason})",
            remedy="save the table as CSV in UTF-8",
        ) from error


def _delimiter(path: Path, text: str) -> str:
    """Return the delimiter that splits the header and gives the rows as many cells as it."""
    best, key = DELIMITERS[0], (False, 0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for _, row in _rows(path, text, delimiter)]
        except UserError:
            # The file is not well-formed with this delimiter. The real one may be another.
            continue
        width = len(rows[0]) if rows else 0
        if width > 1 and (even := all(len(row) == width for row in rows), width) > key:
            best, key = delimiter, (even, width)
    return best


def _rows(path: Path, text: str, delimiter: str) -> Iterator[_Row]:
    """Yield the rows that are not blank, each with the line on which it starts."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {line}: not a row of a CSV file ({error})") from error


def _number(cell: str, comma: bool) -> float | None:
    """Return the number of a cell, NaN if it is missing, or None if it is neither."""
    if cell.lower() in MISSING_WORDS:
        return float("nan")
    # Python allows underscores in numbers, files do not.
    if "_" in cell:
        return None
    try:
        number = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None
    return number if np.isfinite(number) else float("nan")
