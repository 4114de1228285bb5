"""Charts of simulated selections: what deviations of a given size cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hwnas.figures import PALETTE
from hwnas.page._chart import Chart, layout, numbers
from hwnas.page._summary import SELECTION_COLUMNS
from hwnas.selection import SELECTION_SCORES

_SIGMA = "σ of the deviations [standard deviations]"
#: What a score is, for people who do not know its name.
_WORDS = {
    "hypervolume": " Hypervolume: the area under the curve of the networks that remain, in a chart "
    "of accuracy (0 to 1) against the metric in its standard deviations.",
    "retained_hypervolume": " The area under the curve of the networks that remain, in % of the "
    "area under the best possible curve.",
}
_LOST = ("mra_all_percent", "mra_pareto_percent")
_PUBLISHED = [score for score in SELECTION_SCORES if score.published]


@dataclass(frozen=True)
class Simulated:
    """The simulations on one data set with one pairing.

    Parameters
    ----------
    key : str
        Its id in the page.
    label : str
        Data set and pairing.
    charts : tuple of Chart
    """

    key: str
    label: str
    charts: tuple[Chart, ...]


def simulations(rows: pd.DataFrame) -> list[Simulated]:
    """Return a group of charts for each data set and pairing.

    Parameters
    ----------
    rows : pandas.DataFrame
        The rows of simulation studies; may be empty.
    """
    if rows.empty:
        return []
    # As in the table of all scores, it is a percentage.
    rows = rows.assign(retained_hypervolume=100.0 * rows["retained_hypervolume"])
    found = []
    for place, (_, own) in enumerate(rows.groupby(["axis.data", "pairing"], sort=False)):
        label = f"{own['axis.data'].iloc[0]}, pairing={own['pairing'].iloc[0]}"
        charts = tuple(_chart(own, f"s{place}-{score.name}", score) for score in _PUBLISHED)
        found.append(Simulated(f"s{place}", label, charts))
    return found


def _chart(rows: pd.DataFrame, key: str, score: Any) -> Chart:
    """Return a score by σ, with a line for each size of the candidate set."""
    title = SELECTION_COLUMNS[score.name][0] if score.name in SELECTION_COLUMNS else score.title
    traces: list[dict[str, Any]] = []
    for place, (_, own) in enumerate(rows.groupby("n_candidates")):
        means = own.groupby("sigma")[score.name].mean()
        color = f"@p{(place * 3) % len(PALETTE)}"
        which = f"{own['n_candidates'].iloc[0]:,.0f}"
        traces.append(
            {
                "type": "scatter", "mode": "lines+markers", "name": which,
                "x": numbers(means.index), "y": numbers(means),
                "text": [f"<b>{which} candidates</b>"] * len(means),
                "hovertemplate": "%{text}<br>σ = %{x}<br>%{y:.3f}<extra></extra>",
                "line": {"color": color, "width": 2}, "marker": {"color": color, "size": 6},
            }
        )  # fmt: skip
    over = rows.groupby("sigma")[score.name].mean()
    finding = (
        f"From σ = {over.index[0]:g} to σ = {over.index[-1]:g} the mean over numbers of candidates "
        f"goes from {over.iloc[0]:.3f} to {over.iloc[-1]:.3f}."
    )
    axis: dict[str, Any] = {"title": {"text": title}}
    if score.name in _LOST:
        # Both charts have one scale, so that they can be compared.
        highest = rows.groupby(["n_candidates", "sigma"])[list(_LOST)].mean().max().max()
        axis["range"] = [0.0, 1.05 * float(highest) or 1.0]
    figure = {"data": traces, "layout": layout(_SIGMA, "", yaxis=axis)}
    note = (
        f"A line for each number of candidates. Means of {int(rows['trials'].iloc[0]):,} trials of "
        f"the simulator.{_WORDS.get(score.name, '')}"
    )
    return Chart(key, title, finding, figure, note)
