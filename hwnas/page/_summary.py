"""Means and spreads over seeds of the experiments on one data set."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from hwnas.page._gather import SCORES, DataSet

#: The space between a number and its unit, at which no line breaks.
NO_BREAK = "\u00a0"
#: The name of each score of a selection on the page, and the digits behind its point.
SELECTION_COLUMNS = {
    "mra_all_percent": ("Accuracy lost [pp]", 3),
    "mra_pareto_percent": ("Accuracy lost after verification [pp]", 3),
    "retained_hypervolume": ("Area kept [%]", 2),
}


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

    def text(self, digits: int = 3) -> str:
        """Return the mean and the spread with no-break spaces, for sentences and tables.

        Parameters
        ----------
        digits : int
            Digits behind the point.

        Examples
        --------
        >>> Mean(0.9041, 0.0042, 4).text().replace(NO_BREAK, " ")
        '0.904 ± 0.004'
        >>> Mean(31266.138, None, 1).text(0)
        '31,266'
        """
        spread = "" if self.std is None else f"{NO_BREAK}±{NO_BREAK}{self.std:,.{digits}f}"
        return f"{self.mean:,.{digits}f}{spread}"

    def within_spread_of(self, other: Mean) -> bool:
        """Return whether two means differ by less than the larger of their spreads.

        False if neither spread is known.

        Examples
        --------
        >>> Mean(0.58, 0.22, 4).within_spread_of(Mean(0.60, 0.79, 4))
        True
        """
        spreads = [mean.std for mean in (self, other) if mean.std is not None]
        return bool(spreads) and abs(self.mean - other.mean) < max(spreads)


@dataclass(frozen=True)
class Cell:
    """One predictor with one number of training measurements, over all seeds.

    Parameters
    ----------
    predictor : str
    n_train : int
    means : mapping of str to Mean or None
        The mean of each score; None if no seed has it. ``seconds`` are those of tuning and fitting,
        of seeds whose tuning was not taken from stored trials. ``retained_hypervolume`` is in
        percent.
    taus : mapping of int to float
        Kendall's τ on the test set by seed.
    """

    predictor: str
    n_train: int
    means: Mapping[str, Mean | None]
    taus: Mapping[int, float]

    def mean(self, name: str) -> Mean | None:
        """Return the mean of a score over seeds; None if no seed has a value."""
        return self.means[name]

    @property
    def tau(self) -> Mean:
        """Kendall's τ on the test set."""
        mean = self.means["tau"]
        assert mean is not None
        return mean

    @property
    def seconds(self) -> Mean | None:
        """Seconds of tuning and fitting. None if tuning was taken from stored trials."""
        return self.means["seconds"]


def cells(data: DataSet) -> list[Cell]:
    """Return the cells of a data set, by predictor and number of training measurements."""
    rows = data.rows
    seconds = rows["tune_seconds"] + rows["fit_seconds"]
    rows = rows.assign(seconds=seconds.where(~rows["tuning_reused"].astype(bool)))
    scores = [*SCORES, "seconds"]
    rows[scores] = rows[scores].apply(pd.to_numeric)
    rows["retained_hypervolume"] *= 100.0
    groups = rows.groupby(["predictor", "n_train"], sort=True)
    # All means at once, because a large study has thousands of cells.
    of = {how: groups[scores].agg(how).to_dict("index") for how in ("mean", "std", "count")}
    taus = {
        key: dict(zip(own["seed"].tolist(), own["tau"].tolist(), strict=True))
        for key, own in groups
    }
    found = []
    for key in of["mean"]:
        assert isinstance(key, tuple)
        means = {name: _mean(*(of[how][key][name] for how in of)) for name in scores}
        found.append(Cell(str(key[0]), int(key[1]), means, taus[key]))
    return found


def _mean(mean: float, std: float, n: float) -> Mean | None:
    return Mean(mean, None if n < 2 else std, int(n)) if n else None


def digits_of(values: Iterable[float]) -> int:
    """Return how many digits behind the point show three significant ones of the smallest value.

    Examples
    --------
    >>> digits_of([2.1, 0.0216]), digits_of([31266.1])
    (4, 0)
    """
    smallest = min((abs(value) for value in values if value), default=1.0)
    return max(0, 2 - math.floor(math.log10(smallest)))


def at_size(found: list[Cell], n_train: int) -> list[Cell]:
    """Return the cells with so many training measurements, by descending mean of Kendall's τ."""
    return sorted((c for c in found if c.n_train == n_train), key=lambda cell: -cell.tau.mean)


def n_ahead(first: Cell, other: Cell) -> tuple[int, int]:
    """Return on how many seeds one predictor has a higher τ than another, and of how many."""
    both = first.taus.keys() & other.taus.keys()
    return sum(first.taus[seed] > other.taus[seed] for seed in both), len(both)


def most_useful_size(data: DataSet) -> int:
    """Return the size that the page opens with: the one nearest to hwnas's default of 124."""
    return min(data.sizes, key=lambda size: (abs(size - 124), size))
