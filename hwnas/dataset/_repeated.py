"""Rows that measure the same thing again, merged into one row with the median."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Repeated:
    """The rows of a table, grouped by what they measure.

    Parameters
    ----------
    rows : array of int64, shape (n_groups,)
        The first row of each group, in ascending order.
    groups : array of int64, shape (n_rows,)
        The group of every row, as an index into `rows`.
    counts : array of int64, shape (n_groups,)
        The number of rows in each group.
    """

    rows: NDArray[np.int64]
    groups: NDArray[np.int64]
    counts: NDArray[np.int64]

    def median(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the median of each group.

        Parameters
        ----------
        values : array of float64, shape (n_rows,)
            NaN marks a missing value, and the median ignores it.

        Returns
        -------
        array of float64, shape (n_groups,)
            NaN for a group without a value.
        """
        present = np.flatnonzero(~np.isnan(values))
        order = present[np.lexsort((values[present], self.groups[present]))]
        sizes = np.bincount(self.groups[present], minlength=len(self.rows))
        medians = np.full(len(self.rows), np.nan)
        measured = sizes > 0
        start = (np.cumsum(sizes) - sizes)[measured]
        lower = values[order[start + (sizes[measured] - 1) // 2]]
        upper = values[order[start + sizes[measured] // 2]]
        medians[measured] = lower + (upper - lower) / 2
        return medians

    def details(self) -> dict[str, object]:
        """Return the facts for `Provenance.details`; empty if no group has two rows."""
        return repeated_details(self.counts)


def repeated_details(counts: NDArray[np.int64]) -> dict[str, object]:
    """Return the facts for `Provenance.details`; empty if no architecture has two rows.

    Parameters
    ----------
    counts : array of int64, shape (n,)
        The number of rows of each architecture.
    """
    several = counts[counts > 1]
    if not several.size:
        return {}
    return {
        "repeated": {
            "architectures": int(several.size),
            "rows": int(several.sum()),
            "most_rows": int(several.max()),
            "statistic": "median",
        }
    }


def group_repeated(keys: Iterable[Hashable]) -> Repeated:
    """Group rows with equal keys.

    Parameters
    ----------
    keys : iterable of hashable, length n_rows
        What each row measures, for example the architecture as a tuple of integers.

    Examples
    --------
    >>> repeated = group_repeated(["a", "b", "a", "a"])
    >>> repeated.median(np.array([1.0, 7.0, 9.0, 2.0])).tolist()
    [2.0, 7.0]
    >>> repeated.details()["repeated"]["rows"]
    3
    """
    first: dict[Hashable, int] = {}
    rows: list[int] = []
    groups: list[int] = []
    for row, key in enumerate(keys):
        group = first.setdefault(key, len(rows))
        if group == len(rows):
            rows.append(row)
        groups.append(group)
    members = np.array(groups, dtype=np.int64)
    counts = np.bincount(members, minlength=len(rows)).astype(np.int64)
    return Repeated(np.array(rows, dtype=np.int64), members, counts)
