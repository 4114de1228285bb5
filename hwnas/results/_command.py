"""The command ``hwnas results``: finished results as a table, as CSV or as Parquet."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from hwnas.console import print_table
from hwnas.errors import UserError, command
from hwnas.results._compare import by_fields, compare, note_on
from hwnas.results._fields import chosen, fields_of
from hwnas.results._find import Finished, find

Form = Literal["table", "csv", "parquet"]


def show(
    paths: Sequence[Path], filters: Sequence[str], by: str = "tau", form: Form = "table"
) -> None:
    """Write finished results to standard output.

    Parameters
    ----------
    paths : sequence of Path
        See `find`.
    filters : sequence of str
        See `chosen`.
    by : str
        The score by which the table is sorted, a key of `hwnas.results.MEASURES`.
    form : {"table", "csv", "parquet"}
        A table that compares them, with one line for all seeds; or a file with a row for each.

    Raises
    ------
    UserError
        If there is no result, a filter is unknown, or a Parquet file would go to a terminal.
    """
    if form == "parquet" and sys.stdout.isatty():
        raise UserError(
            "--parquet: a Parquet file is not a text",
            remedy=command("results --parquet > results.parquet"),
        )
    found = chosen(find(paths), filters)
    if form == "table":
        table = compare(by_fields(found), by)
        print_table(table)
        print(f"\n{len(found):,} results. {note_on(table)}", flush=True)  # noqa: T201
        return
    rows = [row_of(each) for each in found]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = pa.table({name: [row.get(name) for row in rows] for name in names})
    pq.write_table(columns, sys.stdout.buffer)


def row_of(finished: Finished) -> dict[str, Any]:
    """Return a result as one row: its fields, its scores by dotted name, and its folder."""
    result = finished.result
    parts = {
        "scores": result.scores,
        "scores_all": result.scores_all,
        "selection": result.selection or {},
        "timings": vars(result.timings),
    }
    row: dict[str, Any] = {**fields_of(finished), "unit": result.identity["unit"]}
    for part, values in parts.items():
        for name, value in values.items():
            if isinstance(value, int | float | str) or value is None:
                row[f"{part}.{name}"] = value
    return row | {"folder": str(finished.folder)}
