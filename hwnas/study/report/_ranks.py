"""Mean ranks of predictors, and the picture of them with the critical difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hwnas.figures import save_figure
from hwnas.study.report._scores import DATA, NAME, SEED, SIZE, VALUE, Scores

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Share of the datasets and sizes of a metric that a predictor must have to be ranked.
_LEAST_COVERED = 0.5


@dataclass(frozen=True)
class Ranks:
    """The mean ranks of the predictors of one metric.

    Parameters
    ----------
    metric : str
    mean : pandas.Series
        Mean rank by predictor, the best first. 1 is the best rank.
    n_blocks : int
        Number of pairs of a dataset and a seed with all of these predictors.
    """

    metric: str
    mean: pd.Series[float]
    n_blocks: int

    @property
    def critical_difference(self) -> float:
        """The difference from which two mean ranks differ at the level 0.05, by Nemenyi's test.

        References
        ----------
        Demšar: Statistical comparisons of classifiers over multiple data sets. JMLR 7 (2006).
        """
        from scipy.stats import studentized_range

        k = len(self.mean)
        quantile = studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2)
        return float(quantile * np.sqrt(k * (k + 1) / (6 * self.n_blocks)))

    def groups(self) -> list[tuple[int, int]]:
        """Return the first and the last place of predictors that do not differ clearly."""
        ranks, found = self.mean.to_numpy(), list[tuple[int, int]]()
        for first in range(len(ranks)):
            last = int(np.flatnonzero(ranks - ranks[first] <= self.critical_difference)[-1])
            if last > first and (not found or last > found[-1][1]):
                found.append((first, last))
        return found


def ranks_of(scores: Scores, metric: str) -> Ranks | None:
    """Return the mean ranks of the predictors of one metric.

    Predictors are ranked for each dataset, number of training measurements and seed. The ranks of
    a dataset and seed are averaged first, because results with different numbers of training
    measurements of one seed are not independent.

    Parameters
    ----------
    scores : Scores
    metric : str

    Returns
    -------
    Ranks or None
        None with fewer than two predictors to rank, or fewer than two pairs of dataset and seed.
    """
    rows = scores.of_metric(metric)
    table = rows.pivot_table(index=[DATA, SIZE, SEED], columns=NAME, values=VALUE)
    cells = table.groupby(level=[DATA, SIZE]).count() > 0
    # A lookup table has results for one size only. It would reduce all others to that size.
    covered = cells.sum() >= _LEAST_COVERED * len(cells)
    complete = table.loc[:, covered[covered].index].dropna()
    ranks = complete.rank(axis="columns", ascending=scores.lowest_is_best)
    blocks = ranks.groupby(level=[DATA, SEED]).mean()
    if blocks.shape[0] < 2 or blocks.shape[1] < 2:
        return None
    return Ranks(metric, blocks.mean().sort_values(), len(blocks))


def ranks_text(scores: Scores, path: Path) -> str:
    """Draw the ranks of every metric, and return them as Markdown; "" if there are none."""
    found = [ranks for metric in scores.metrics if (ranks := ranks_of(scores, metric)) is not None]
    if not found:
        return ""
    save_figure(
        path,
        lambda figure: _draw(figure, found, scores.title),
        figsize=(8, sum(1.0 + 0.22 * len(ranks.mean) for ranks in found)),
    )
    lines = [f"### {scores.title}: mean ranks", ""]
    for ranks in found:
        listed = ", ".join(f"{name} {rank:.2f}" for name, rank in ranks.mean.items())
        lines.append(
            f"- {ranks.metric}: {listed}; critical difference {ranks.critical_difference:.2f} "
            f"with {ranks.n_blocks} pairs of dataset and seed"
        )
    return "\n".join([*lines, "", f"Figure: {path.name}.", "", _NOTE])


_NOTE = (
    "1 is the best rank. Predictors were ranked for each dataset, number of training measurements "
    "and seed. Two predictors differ clearly (Nemenyi's test, level 0.05) if their mean ranks "
    "differ by more than the critical difference."
)


def _draw(figure: Figure, found: list[Ranks], title: str) -> None:
    heights = [1.0 + 0.22 * len(ranks.mean) for ranks in found]
    panels = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, ranks in zip(panels, found, strict=True):
        _draw_ranks(axes, ranks)
    figure.suptitle(f"{title}: mean rank, 1 is the best", fontsize="medium")


def _draw_ranks(axes: Axes, ranks: Ranks) -> None:
    """Draw names at their ranks, bars that join what does not differ, and the difference."""
    n, groups = len(ranks.mean), ranks.groups()
    # Heights from the top: the axis, a line for each name, one for each bar, the difference.
    at = n + 0.5
    for place, (name, rank) in enumerate(ranks.mean.items()):
        axes.plot([rank, rank], [-1, place], color="0.7", linewidth=0.8, zorder=1)
        axes.plot(rank, place, "o", color="C0", markersize=5, zorder=3)
        side, offset = ("left", (7, 0)) if rank < (n + 1) / 2 else ("right", (-7, 0))
        axes.annotate(
            f"{name}  {rank:.2f}", (rank, place), offset, textcoords="offset points",
            ha=side, va="center", fontsize="small", zorder=2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    for first, last in groups:
        ends = [ranks.mean.iloc[first] - 0.04, ranks.mean.iloc[last] + 0.04]
        axes.plot(ends, [at, at], color="black", linewidth=3, solid_capstyle="butt")
        at += 0.6
    width = ranks.critical_difference
    axes.errorbar(0.5 + width / 2, at + 0.3, xerr=width / 2, color="C3", capsize=3)
    axes.annotate(
        f"critical difference {width:.2f}", (min(0.5 + width, 0.7 * n), at + 0.3), (6, 0),
        textcoords="offset points", va="center", fontsize="small", color="C3",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )  # fmt: skip
    axes.set_xlim(0.5, n + 0.5)
    axes.set_ylim(at + 0.9, -1)
    axes.set_title(f"{ranks.metric}, {ranks.n_blocks} pairs of dataset and seed", fontsize="small")
    axes.xaxis.tick_top()
    axes.set_xticks(range(1, n + 1))
    axes.set_yticks([])
    for name in ("left", "right", "bottom"):
        axes.spines[name].set_visible(False)
