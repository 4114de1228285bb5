"""The scores of a study, with one label for everything that competes, and tables of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hwnas.study.report._markdown import mark
from hwnas.study.report._report import Material

#: Axes that are no property of a competitor: they say on what it was scored.
_NOT_COMPETING = {
    *("predictor", "data", "dataset", "image_set", "metric", "device", "space"),
    *("n_train", "n_test", "seed", "stand_in", "source"),
}
METRIC, DATA, SIZE, SEED, NAME, VALUE = "metric", "data", "n_train", "seed", "predictor", "value"


@dataclass(frozen=True)
class Scores:
    """One score of all experiments of a study.

    Parameters
    ----------
    rows : pandas.DataFrame
        The columns ``metric``, ``data``, ``predictor``, ``n_train``, ``seed`` and ``value``.
    title : str
        Name of the score.
    lowest_is_best : bool
    digits : int
        Decimal places in tables.
    """

    rows: pd.DataFrame
    title: str
    lowest_is_best: bool = False
    digits: int = 3

    @classmethod
    def of(cls, material: Material, column: str, title: str, lowest_is_best: bool) -> Scores:
        """Return the scores in a column of the results.

        Rows without the score are left out. Experiments that differ in another axis than the
        predictor, such as ``tuning``, are competitors of their own.
        """
        rows = material.rows
        rows = rows[rows[column].notna()] if column in rows else rows.iloc[:0]
        name = rows["axis.predictor"].astype(str)
        for axis in _competing_axes(rows):
            name = name + " " + axis + "=" + rows[f"axis.{axis}"].astype(str)
        found = {
            METRIC: rows["identity.metric"],
            DATA: rows["axis.data"].astype(str),
            NAME: name,
            SIZE: rows["axis.n_train"].astype(int),
            SEED: rows["axis.seed"],
            VALUE: rows[column].astype(float),
        }
        return cls(pd.DataFrame(found), title, lowest_is_best, 2 if lowest_is_best else 3)

    def of_metric(self, metric: str) -> pd.DataFrame:
        """Return the rows of one metric: its scores may be averaged over datasets."""
        return self.rows[self.rows[METRIC] == metric]

    @property
    def metrics(self) -> list[str]:
        """The metrics, in the order of the results."""
        return list(dict.fromkeys(self.rows[METRIC]))

    def best(self, means: pd.Series[float]) -> float:
        """Return the best of several means."""
        return float(means.min() if self.lowest_is_best else means.max())

    def ordered(self, table: pd.DataFrame) -> pd.DataFrame:
        """Sort a table of means, one line for each predictor, by its last column with all."""
        complete = [size for size in table.columns if table[size].notna().all()]
        by = complete[-1] if complete else table.columns[-1]
        order = table[by].sort_values(ascending=self.lowest_is_best).index
        return table.loc[order]


def _competing_axes(rows: pd.DataFrame) -> list[str]:
    axes = [str(column).removeprefix("axis.") for column in rows if str(column).startswith("axis.")]
    names = [axis for axis in axes if axis not in _NOT_COMPETING]
    return [axis for axis in names if rows[f"axis.{axis}"].nunique(dropna=False) > 1]


def table_of_data(scores: Scores, rows: pd.DataFrame) -> str:
    """Return a Markdown table of one dataset: mean ± standard deviation over seeds.

    The best mean of each number of training measurements is bold. A mean over fewer seeds than the
    predictor has elsewhere is marked.
    """
    groups = rows.groupby([NAME, SIZE])[VALUE].agg(["mean", "std", "count"])
    most = groups["count"].groupby(level=NAME).max()

    def text(key: tuple[Any, Any], best: bool) -> str:
        mean, std, count = groups.loc[key]
        shown = f"{mean:.{scores.digits}f}"
        shown += "" if count < 2 else f" ±{std:.{scores.digits}f}"
        return (f"**{shown}**" if best else shown) + mark((count, most[key[0]], "seeds"))

    return _table(scores, groups["mean"].unstack(), text)


def table_of_means(scores: Scores, rows: pd.DataFrame) -> str:
    """Return a Markdown table of means over the datasets of one metric.

    A mean that lacks a dataset is marked, and is not compared with the others.
    """
    by_data = rows.groupby([NAME, SIZE, DATA])[VALUE].mean()
    means, counts = (by_data.groupby(level=[NAME, SIZE]).agg(how) for how in ("mean", "count"))
    n_data = rows[DATA].nunique()

    def text(key: tuple[Any, Any], best: bool) -> str:
        shown = f"{means[key]:.{scores.digits}f}"
        return (f"**{shown}**" if best else shown) + mark((counts[key], n_data, "datasets"))

    return _table(scores, means.unstack(), text, complete=means.where(counts == n_data).unstack())


def _table(
    scores: Scores,
    means: pd.DataFrame,
    text: Callable[[tuple[Any, Any], bool], str],
    complete: pd.DataFrame | None = None,
) -> str:
    """Return a Markdown table with a line for each predictor and a column for each size."""
    compared = means if complete is None else complete
    best: dict[Any, set[Any]] = {
        size: set(compared.index[compared[size] == scores.best(compared[size])])
        for size in means.columns
    }
    lines = ["| predictor |" + "".join(f" {size:,} |" for size in means.columns)]
    lines.append("|---|" + "---|" * len(means.columns))
    for name, line in scores.ordered(means).iterrows():
        cells = [
            "" if pd.isna(value) else text((name, size), len(means) > 1 and name in best[size])
            for size, value in line.items()
        ]
        lines.append(f"| {name} |" + "".join(f" {cell} |" for cell in cells))
    return "\n".join(lines)
