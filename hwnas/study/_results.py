"""The table of a study's results, ``results.parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hwnas.files import write_atomically
from hwnas.paths import elsewhere
from hwnas.study._ledger import Progress

Row = dict[str, Any]
#: Name of the table in the folder of a study.
RESULTS = "results.parquet"


def rows_of(progress: Progress) -> list[Row]:
    """Return the rows of all finished grid points, with the axes as columns ``axis.<name>``."""
    return [
        {**{f"axis.{axis}": label for axis, label in point.axes.items()}, **row}
        for point, outcome in progress.done.items()
        for row in outcome.rows
    ]


def gather(rows: Sequence[Row], folder: Path) -> Path:
    """Write ``results.parquet`` and return its path.

    The columns are the axes of the grid and what the task of the study recorded, for an experiment
    the values of ``result.json`` by dotted key.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: _column([row.get(name) for row in rows]) for name in names})
    path = folder / RESULTS
    write_atomically(path, lambda partial: pq.write_table(table, partial), elsewhere("outputs"))
    return path


def _column(values: list[Any]) -> list[Any]:
    """Convert values to one type, since an axis may hold both numbers and words."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    if len(kinds) < 2:
        return values
    return [None if value is None else str(value) for value in values]
