"""Tables as users have them: CSV files of NAS-Bench-201, made from the bundled measurements."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

import hwnas
from hwnas.dataset import Table

CELL = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"


@cache
def bundled() -> Table:
    """Return the bundled table of latencies."""
    return hwnas.load_dataset("local/cpu")


def rows(n: int, seed: int = 0) -> list[tuple[str, str, str]]:
    """Return `n` random architectures with latency in ms and accuracy in percent, as text."""
    table = bundled()
    assert table.accuracy is not None
    chosen = np.random.default_rng(seed).choice(len(table), n, replace=False)
    strings = table.space.to_strings(table.architectures[chosen])
    values, accuracy = table.values[chosen], table.accuracy[chosen]
    return [
        (string, f"{value:.4f}", f"{percent:.2f}")
        for string, value, percent in zip(strings, values, accuracy, strict=True)
    ]


def write_csv(path: Path, n: int = 60, seed: int = 0, column: str = "latency_ms") -> Path:
    """Write a table with the columns architecture, `column` and accuracy; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("architecture", column, "accuracy"), *rows(n, seed)])
    return path
