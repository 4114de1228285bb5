"""Results that are kept a row at a time, so that a run that was cut off can go on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path


def append(path: Path, columns: Sequence[str], row: Sequence[object]) -> None:
    """Add one row to a CSV file, its header first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(columns)
        writer.writerow(row)
