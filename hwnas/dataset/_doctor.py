"""What is in the tables that are here, and what is odd about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._catalogue import described_classes, families
from hwnas.dataset._described import Column
from hwnas.errors import UserError, command
from hwnas.paths import Paths
from hwnas.space import Architectures, SearchSpace

_HEAD = ("table", "column", "unit", "rows", "missing", "ties", "near 0", "copies", "tau(accuracy)")
_NOTE = """
ties    rows that share their value with another row
near 0  rows below 1 % of the median
copies  rows that share their value with another architecture that computes the same function
tau     Kendall's correlation with accuracy: how much the metric and accuracy conflict"""
_NEAR_ZERO = 0.01
#: Fewer pairs than this are not correlated.
_FEW = 3


def doctor(paths: Paths) -> tuple[str, list[str]]:
    """Describe every table under ``paths.data``.

    Parameters
    ----------
    paths : Paths

    Returns
    -------
    text : str
        A table, with its legend; the bundled measurements are always in it.
    faults : list of str
        What is wrong with the files that could not be read, a line each.
    """
    rows: list[tuple[str, ...]] = []
    faults: list[str] = []
    classes = _Classes()
    for each in described_classes():
        try:
            # One at a time: what a class yields before a damaged file is kept.
            for column in each.columns(paths):
                rows.append(describe(column, classes))
        except UserError as error:
            # Several classes may read the same file.
            faults = list(dict.fromkeys([*faults, str(error)]))
    return f"{_align([_HEAD, *rows])}\n{_NOTE}{_hint(paths)}", faults


def _hint(paths: Paths) -> str:
    files = (file for family in families().values() for file in family)
    if any(file.find(paths) for file in files):
        return ""
    return f"\n\nno official file is in {paths.data}; to get one: {command('fetch hwnas')}"


class _Classes:
    """The isomorphism classes of each list of architectures, computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], NDArray[np.int64]] = {}

    def of(self, space: SearchSpace, architectures: Architectures) -> NDArray[np.int64]:
        key = (space.name, architectures.tobytes())
        if key not in self._known:
            self._known[key] = space.representative(architectures)
        return self._known[key]


def describe(column: Column, classes: _Classes) -> tuple[str, ...]:
    """Return one line of the doctor's table, as many strings as its head has."""
    present = ~np.isnan(column.values)
    values = column.values[present]
    copies = "-"
    if column.space is not None and column.architectures is not None:
        groups = classes.of(column.space, column.architectures)[present]
        copies = str(_shared(np.stack([groups.astype(np.float64), values], axis=1)))
    near_zero = int((values < _NEAR_ZERO * np.median(values)).sum()) if values.size else 0
    return (
        column.table,
        column.name,
        column.unit,
        str(len(column.values)),
        str(int((~present).sum())),
        str(_shared(values[:, np.newaxis])),
        str(near_zero),
        copies,
        _tau(column),
    )


def _shared(rows: NDArray[np.float64]) -> int:
    """Count the rows that are equal to another one."""
    _, counts = np.unique(rows, axis=0, return_counts=True)
    return int(counts[counts > 1].sum())


def _tau(column: Column) -> str:
    if column.accuracy is None:
        return "-"
    from scipy.stats import kendalltau

    both = ~np.isnan(column.values) & ~np.isnan(column.accuracy)
    if both.sum() < _FEW:
        return "-"
    return f"{kendalltau(column.values[both], column.accuracy[both]).statistic:.3f}"


def _align(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    # Names to the left, numbers to the right.
    n_names = 3
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < n_names else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
