"""Means and spreads over seeds of the experiments on one data set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hwnas.page._gather import DataSet


@dataclass(frozen=True)
class Mean:
    """A mean over seeds.

    Parameters
    ----------
    mean : float
    std : float or None
        Standard deviation over seeds; None with one seed.
    n : int
        Number of seeds.
    """

    mean: float
    std: float | None
    n: int

    @classmethod
    def of(cls, values: pd.Series) -> Mean | None:
        """Return the mean of the values that are there; None without any."""
        known = pd.to_numeric(values).dropna()
        if known.empty:
            return None
        std = float(known.std()) if len(known) > 1 else None
        return cls(float(known.mean()), std, len(known))

    def text(self, digits: int = 3) -> str:
        """Return the mean and the spread, for sentences and tables.

        Parameters
        ----------
        digits : int
            Digits behind the point. A smaller spread gets as many as show it, up to three.

        Examples
        --------
        >>> Mean(0.9041, 0.0042, 4).text()
        '0.904 ± 0.004'
        >>> Mean(0.0987, 0.0042, 4).text(2)
        '0.099 ± 0.004'
        """
        if self.std:
            digits = min(3, max(digits, -math.floor(math.log10(self.std))))
        spread = "" if self.std is None else f" ± {self.std:.{digits}f}"
        return f"{self.mean:.{digits}f}{spread}"

    def significant(self) -> str:
        """Return the mean with three significant digits, and the spread with as many digits.

        Examples
        --------
        >>> Mean(31266.138, 1882.155, 3).significant()
        '31,266 ± 1,882'
        >>> Mean(0.02163, 0.0011, 3).significant()
        '0.0216 ± 0.0011'
        """
        scale = math.floor(math.log10(abs(self.mean))) if self.mean else 0
        digits = max(0, 2 - scale)
        spread = "" if self.std is None else f" ± {self.std:,.{digits}f}"
        return f"{self.mean:,.{digits}f}{spread}"


@dataclass(frozen=True)
class Cell:
    """One predictor with one number of training measurements, over all seeds.

    Parameters
    ----------
    predictor : str
    n_train : int
    rows : pandas.DataFrame
        One row for each seed.
    """

    predictor: str
    n_train: int
    rows: pd.DataFrame

    def mean(self, name: str) -> Mean | None:
        """Return the mean of a column over seeds; None if no seed has a value."""
        return Mean.of(self.rows[name])

    @property
    def tau(self) -> Mean:
        """Kendall's τ on the test set."""
        mean = self.mean("tau")
        assert mean is not None
        return mean

    @property
    def seconds(self) -> Mean | None:
        """Seconds of tuning and fitting. None if tuning was taken from stored trials."""
        own = self.rows[~self.rows["tuning_reused"].astype(bool)]
        return Mean.of(own["tune_seconds"] + own["fit_seconds"])


def cells(data: DataSet) -> list[Cell]:
    """Return the cells of a data set, by predictor and number of training measurements."""
    groups = data.rows.groupby(["predictor", "n_train"], sort=True)
    return [
        Cell(str(rows["predictor"].iloc[0]), int(rows["n_train"].iloc[0]), rows)
        for _, rows in groups
    ]


def at_size(found: list[Cell], n_train: int) -> list[Cell]:
    """Return the cells with so many training measurements, by descending mean of Kendall's τ."""
    return sorted((c for c in found if c.n_train == n_train), key=lambda cell: -cell.tau.mean)


def n_ahead(first: Cell, other: Cell) -> tuple[int, int]:
    """Return on how many seeds one predictor has a higher τ than another, and of how many."""
    taus: list[Any] = [cell.rows.set_index("seed")["tau"] for cell in (first, other)]
    both = pd.concat(taus, axis=1, join="inner", keys=["first", "other"])
    return int((both["first"] > both["other"]).sum()), len(both)


def most_useful_size(data: DataSet) -> int:
    """Return the size that the page opens with: the one nearest to hwnas's default of 124."""
    return min(data.sizes, key=lambda size: (abs(size - 124), size))
