"""One Parquet table of everything that is done."""

from __future__ import annotations

import os
from pathlib import Path

from hwnas.study._ledger import Progress
from hwnas.study._study import Study


def gather(study: Study, progress: Progress) -> Path:
    """Write ``results.parquet``: a row for each row of each finished cell.

    The columns are the axes of the grid (``axis.<name>``) and the values of `result.json` by
    dotted key.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {**{f"axis.{axis}": label for axis, label in cell.axes.items()}, **row}
        for cell, outcome in progress.done.items()
        for row in outcome.rows
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: _column([row.get(name) for row in rows]) for name in names})
    path = study.folder / "results.parquet"
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(table, partial)
    partial.replace(path)
    return path


def _column(values: list[object]) -> list[object]:
    """Make a column of one type: an axis may hold numbers and words."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) < 2:
        return [float(v) if isinstance(v, int) and float in kinds else v for v in values]
    return [None if value is None else str(value) for value in values]
