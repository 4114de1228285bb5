"""The report of ``hwnas doctor``: statistics of every table in the data folder."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._catalogue import described_classes, families
from hwnas.dataset._described import Column
from hwnas.errors import UserError, command
from hwnas.paths import Paths
from hwnas.space import Architectures, Identities, SearchSpace

_HEAD = ("table", "column", "unit", "rows", "missing", "ties", "near 0", "copies", "tau(accuracy)")
_NOTE = """
ties    rows that share their value with another row
near 0  rows below 1 % of the median
copies  rows that share their value with another architecture that computes the same function
tau     Kendall's correlation with accuracy: how much the metric and accuracy conflict"""
_NEAR_ZERO = 0.01
#: Kendall's tau is not computed from fewer pairs than this.
_MIN_PAIRS = 3


def doctor(paths: Paths) -> tuple[str, list[str]]:
    """Describe the bundled tables and every table under ``paths.data``.

    Parameters
    ----------
    paths : Paths

    Returns
    -------
    text : str
        The report: one row for each column, and a legend.
    faults : list of str
        One error message for each file that cannot be read.
    """
    rows: list[tuple[str, ...]] = []
    faults: list[str] = []
    classes = _Classes()
    for each in described_classes():
        try:
            # Columns are described one at a time, so that those before a damaged file are kept.
            for column in each.columns(paths):
                rows.append(describe(column, classes))
        except UserError as error:
            # Several classes may read the same damaged file, which is reported once.
            faults = list(dict.fromkeys([*faults, str(error)]))
    return f"{_align([_HEAD, *rows])}\n{_NOTE}{_hint(paths)}", faults


def _hint(paths: Paths) -> str:
    files = (file for family in families().values() for file in family)
    if any(file.find(paths) for file in files):
        return ""
    return f"\n\n{paths.data} contains no official file; to download one: {command('fetch hwnas')}"


def doctor_columns(columns: Iterable[Column]) -> str:
    """Describe columns of one table, one row for each.

    Parameters
    ----------
    columns : iterable of Column

    Examples
    --------
    >>> print(doctor_columns([Column("board", "latency_ms", "ms", np.array([1.0, 2.0]))]))
    table  column      unit  rows  missing  ties  near 0  copies  tau(accuracy)
    board  latency_ms  ms       2        0     0       0       -              -
    ...
    """
    classes = _Classes()
    return f"{_align([_HEAD, *(describe(column, classes) for column in columns)])}\n{_NOTE}"


class _Classes:
    """Cache of isomorphism classes, so that columns with equal architectures share them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Identities] = {}

    def of(self, space: SearchSpace, architectures: Architectures) -> Identities:
        key = (space.name, architectures.tobytes())
        if key not in self._known:
            self._known[key] = space.representative(architectures)
        return self._known[key]


def describe(column: Column, classes: _Classes) -> tuple[str, ...]:
    """Return one row of the report, with a string for each word in `_HEAD`."""
    present = ~np.isnan(column.values)
    values = column.values[present]
    copies = "-"
    if column.space is not None and column.architectures is not None:
        groups = classes.of(column.space, column.architectures)[present]
        _, group = np.unique(groups, return_inverse=True)
        copies = str(_count_ties(np.stack([group.astype(np.float64), values], axis=1)))
    near_zero = int((values < _NEAR_ZERO * np.median(values)).sum()) if values.size else 0
    return (
        column.table,
        column.name,
        column.unit,
        str(len(column.values)),
        str(int((~present).sum())),
        str(_count_ties(values[:, np.newaxis])),
        str(near_zero),
        copies,
        _tau(column),
    )


def _count_ties(rows: NDArray[np.float64]) -> int:
    """Count the rows that are equal to another row."""
    _, counts = np.unique(rows, axis=0, return_counts=True)
    return int(counts[counts > 1].sum())


def _tau(column: Column) -> str:
    if column.accuracy is None:
        return "-"
    from scipy.stats import kendalltau

    both = ~np.isnan(column.values) & ~np.isnan(column.accuracy)
    if both.sum() < _MIN_PAIRS:
        return "-"
    return f"{kendalltau(column.values[both], column.accuracy[both]).statistic:.3f}"


def _align(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    # Names are aligned to the left, numbers to the right.
    n_names = 3
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < n_names else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
