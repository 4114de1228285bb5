"""The command ``hwnas results``: finished results as a table, as CSV or as Parquet."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hwnas.console import print_table
from hwnas.files import write_atomically
from hwnas.results._compare import by_fields, compare, note_on
from hwnas.results._fields import chosen, fields_of
from hwnas.results._find import Finished, find

#: The name that stands for standard output.
STDOUT = "-"


def show(
    paths: Sequence[Path],
    filters: Sequence[str],
    by: str = "tau",
    csv_file: str | None = None,
    parquet_file: str | None = None,
) -> None:
    """Print a table that compares finished results, or write each of them as one row.

    Parameters
    ----------
    paths : sequence of Path
        See `find`.
    filters : sequence of str
        See `chosen`.
    by : str
        The score by which the table is sorted, a key of `MEASURES`.
    csv_file, parquet_file : str, optional
        A file to write in place of the table. "-" as a CSV file is standard output.

    Raises
    ------
    UserError
        If there is no result, or a filter is unknown.
    """
    found = chosen(find(paths), filters)
    if csv_file is None and parquet_file is None:
        table = compare(by_fields(found), by)
        print_table(table)
        print(f"\n{len(found):,} results. {note_on(table)}", flush=True)  # noqa: T201
        return
    rows = [row_of(each) for each in found]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if csv_file is not None:
        _write_csv(rows, names, csv_file)
    if parquet_file is not None:
        _write_parquet(rows, names, Path(parquet_file))


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


def _write_csv(rows: Sequence[dict[str, Any]], names: Sequence[str], file: str) -> None:
    if file == STDOUT:
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return

    def write(partial: Path) -> None:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(Path(file), write)


def _write_parquet(rows: Sequence[dict[str, Any]], names: Sequence[str], file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    write_atomically(file, lambda partial: pq.write_table(table, partial))
