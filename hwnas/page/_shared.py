"""Values that several charts share: architectures, true values and accuracies of a data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hwnas.page._chart import numbers, text
from hwnas.seeding import generator


class Store:
    """The shared values of a data set. Charts refer to them by place, so each is written once.

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
        self.sample: NDArray[np.int64] = np.arange(len(table))
        if n_sampled < len(table):
            drawn = generator(0, "page", "sample").permutation(len(table))[:n_sampled]
            self.sample = np.sort(drawn)
        self._place: dict[int, int] = {}

    @property
    def sampled(self) -> bool:
        """Whether the charts leave out architectures."""
        return len(self.sample) < len(self.table)

    def ref(self, name: str, rows: NDArray[np.int64]) -> dict[str, Any]:
        """Return a reference to the shared values of some rows, for the place of an array.

        Parameters
        ----------
        name : {"architecture", "true", "accuracy"}
        rows : array of int64, shape (n,)
            Rows of the table.
        """
        places = [self._place.setdefault(int(row), len(self._place)) for row in rows]
        return {"ref": [self.key, name], "rows": places}

    def values(self) -> dict[str, list[Any]]:
        """Return the shared values, after all references were made."""
        used = self.table.iloc[list(self._place)]
        values: dict[str, list[Any]] = {
            "architecture": [text(each) for each in used["architecture"]],
            "true": numbers(used["true"]),
        }
        if "accuracy" in used:
            values["accuracy"] = numbers(used["accuracy"])
        return values
