"""Values that several charts share, so that the page holds each of them once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hwnas.page._chart import numbers, text
from hwnas.seeding import generator

Rows = NDArray[np.int64]


class Store:
    """The architectures, true values and accuracies of a data set that its charts show.

    Parameters
    ----------
    key : str
        Id of the data set in the page.
    table : pandas.DataFrame
        The predictions of one experiment; the true values and accuracies are those of the data set.
    n_sampled : int
        Number of architectures that the charts of whole tables show.
    """

    def __init__(self, key: str, table: pd.DataFrame, n_sampled: int) -> None:
        self.key = key
        self.table = table
        self.sample: Rows = np.arange(len(table))
        if n_sampled < len(table):
            drawn = generator(0, "page", "sample").permutation(len(table))[:n_sampled]
            self.sample = np.sort(drawn)
        self._place: dict[int, int] = {}

    @property
    def sampled(self) -> bool:
        """Whether the charts leave out architectures."""
        return len(self.sample) < len(self.table)

    def place(self, row: int) -> int:
        """Return the place of an architecture among the shared values."""
        return self._place.setdefault(row, len(self._place))

    def values(self) -> dict[str, list[Any]]:
        """Return the shared values, after all charts were made."""
        used = self.table.iloc[list(self._place)]
        values: dict[str, list[Any]] = {
            "architecture": [text(each) for each in used["architecture"]],
            "true": numbers(used["true"]),
        }
        if "accuracy" in used:
            values["accuracy"] = numbers(used["accuracy"])
        return values


class Shown:
    """The architectures that the charts of one experiment show, with their predicted values.

    Parameters
    ----------
    store : Store
    key : str
        Id of the experiment in the page.
    predicted : array of float64
        Predicted value of each row of the table.
    """

    def __init__(self, store: Store, key: str, predicted: NDArray[np.float64]) -> None:
        self.store = store
        self.key = key
        self._predicted = predicted
        self._index: dict[int, int] = {}
        self.rows(store.sample)

    def rows(self, rows: Rows) -> dict[str, Any]:
        """Return what a trace says to show some rows of the table, in this order."""
        index = [self._index.setdefault(int(row), len(self._index)) for row in rows]
        # The sample, and other rows in the order in which they came, need no list.
        whole = index == list(range(len(index)))
        return {"table": self.key, "rows": len(index) if whole else index}

    def values(self) -> dict[str, Any]:
        """Return the table that the traces name, after all of them were made."""
        shown = list(self._index)
        return {
            "data": self.store.key,
            "place": [self.store.place(row) for row in shown],
            "predicted": numbers(self._predicted[shown]),
        }
