"""Predictions of a saved predictor for architectures from a file, standard input or arguments."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from hwnas.dataset import read_delimited
from hwnas.errors import UserError
from hwnas.files import reason_of
from hwnas.predictor import Predictor
from hwnas.space import Architectures, Choices, SearchSpace

COLUMNS = ("architecture", "value", "std", "lower", "upper")
#: Probability with which a new measurement lies between the columns ``lower`` and ``upper``.
COVERAGE = 0.9
#: Number of architectures that are predicted at once. It bounds the memory.
_CHUNK = 10_000
_CELLS = re.compile(r"[,;\t]")


def read_strings(source: str, predictor: Predictor) -> tuple[list[str], list[int]]:
    """Return architecture strings, and the line of the file that each is from.

    Parameters
    ----------
    source : str
        A file, or ``-`` for standard input. It holds an architecture in each line, or it is a CSV
        file with a column ``architecture``, or with a column for each dimension of the space.
    predictor : Predictor

    Raises
    ------
    UserError
        If the file cannot be read, or holds no architectures.
    """
    if source == "-":
        try:
            lines = sys.stdin.read().splitlines()
        except UnicodeDecodeError as error:
            raise UserError("standard input is not text in UTF-8") from error
    else:
        path = Path(source).expanduser()
        lines = _lines(path)
        table = _table(path, lines, predictor.space)
        if table is not None:
            return table
    numbered = [(line.strip(), number) for number, line in enumerate(lines, start=1)]
    numbered = [(line, number) for line, number in numbered if line and line != "architecture"]
    if not numbered:
        raise _empty(source)
    return [line for line, _ in numbered], [number for _, number in numbered]


def _empty(source: object) -> UserError:
    return UserError(f"{source}: holds no architectures", remedy="an architecture a line")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "not text in UTF-8"
        raise UserError(
            f"{path}: cannot be read ({reason})", remedy="a file with an architecture a line"
        ) from error


def _table(
    path: Path, lines: Sequence[str], space: SearchSpace
) -> tuple[list[str], list[int]] | None:
    """Return the architectures of a CSV file and their lines, or None if the file is not a CSV."""
    header = next((line for line in lines if line.strip()), "")
    names = {cell.strip().strip('"') for cell in _CELLS.split(header)}
    if len(names) > 1 and "architecture" in names:
        table = read_delimited(path)
        if not table.lines:
            raise _empty(path)
        return table.strings("architecture"), table.lines
    if not (isinstance(space, Choices) and {each.name for each in space.dimensions} <= names):
        return None
    table = read_delimited(path)
    if not table.lines:
        raise _empty(path)
    try:
        return space.to_strings(space.from_columns(table.cells)), table.lines
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error


def write_predictions(
    predictor: Predictor, strings: Sequence[str], lines: Sequence[int] | None, out: TextIO
) -> int:
    """Write predictions as CSV with the columns architecture, value, std, lower and upper.

    ``lower`` and ``upper`` are the 90 % interval. A field is empty if the predictor does not know
    it. On a space of ranges, the column ``extrapolated`` marks architectures outside of them.

    Parameters
    ----------
    predictor : Predictor
        Fitted.
    strings : sequence of str
        Architectures in the notation of the predictor's space.
    lines : sequence of int or None
        The line of each in its file, for error messages.
    out : text stream

    Returns
    -------
    int
        The number of extrapolated architectures.

    Raises
    ------
    UserError
        If a string is not an architecture of the predictor's space. Nothing is written then.
    """
    rows = _parsed(predictor, strings, lines)
    space, n_outside = predictor.space, 0
    ranges = isinstance(space, Choices)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *(["extrapolated"] if ranges else [])])
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        columns: list[Iterable[object]] = [strings[start : start + _CHUNK]]
        columns += _predicted(predictor, chunk)
        if isinstance(space, Choices):
            outside = space.extrapolated(chunk)
            n_outside += int(outside.sum())
            columns.append(["yes" if each else "no" for each in outside])
        writer.writerows(zip(*columns, strict=True))
    return n_outside


def _parsed(
    predictor: Predictor, strings: Sequence[str], lines: Sequence[int] | None
) -> Architectures:
    """Return the rows of all strings, shape (n, n_positions)."""
    rows = []
    for index, string in enumerate(strings):
        try:
            rows.append(predictor.space.parse(string))
        except ValueError as error:
            where = "" if lines is None else f"line {lines[index]}: "
            raise UserError(
                f"{where}{error}", remedy=f"architectures of the space {predictor.space.name}"
            ) from error
    return predictor.space.validate(np.array(rows).reshape(len(rows), -1))


def _predicted(predictor: Predictor, rows: Architectures) -> list[list[str]]:
    """Return the texts of the columns value, std, lower and upper."""
    n = len(rows)
    if predictor.knows_uncertainty:
        value, std = predictor.predict(rows, return_std=True)
        texts = [_texts(value), _texts(std)]
    else:
        texts = [_texts(predictor.predict(rows)), [""] * n]
    if predictor.interval_source_ is None:
        return [*texts, [""] * n, [""] * n]
    return [*texts, *map(_texts, predictor.predict_interval(rows, COVERAGE))]


def _texts(values: Iterable[float]) -> list[str]:
    return [f"{value:.6g}" for value in values]
