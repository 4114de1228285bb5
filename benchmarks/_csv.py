"""Results that are kept a row at a time, so that a run that was cut off can go on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd


def finished(path: Path, columns: Sequence[str], key: Sequence[str]) -> set[tuple[Any, ...]]:
    """Return the values of some columns of each row of a CSV file, which may not exist yet."""
    known = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(columns))
    return set(known[list(key)].itertuples(index=False, name=None))


def append(path: Path, columns: Sequence[str], row: Sequence[object]) -> None:
    """Add one row to a CSV file, its header first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(columns)
        writer.writerow(row)
