"""Charts of simulated selections: what deviations of a given size cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hwnas.figures import PALETTE
from hwnas.page._chart import Chart, numbers, text
from hwnas.selection import SELECTION_SCORES

SIGMA = "σ of the deviations [standard deviations of the metric]"
_DASHES = ("solid", "dash", "dot", "dashdot")


def simulation_charts(rows: pd.DataFrame, key: str) -> list[Chart]:
    """Return a chart for each score that the paper's figures show.

    Parameters
    ----------
    rows : pandas.DataFrame
        The simulations on one data set.
    key : str
        Its id in the page.
    """
    return [
        _chart(rows, f"{key}-{score.name}", score.name, f"{score.title}, {score.of}")
        for score in SELECTION_SCORES
        if score.published and score.name in rows
    ]


def _chart(rows: pd.DataFrame, key: str, name: str, title: str) -> Chart:
    pairings = sorted(set(rows["pairing"]))
    traces: list[dict[str, Any]] = []
    for place, (n, of_size) in enumerate(rows.groupby("n_candidates")):
        for pairing, own in of_size.groupby("pairing"):
            means = own.groupby("sigma")[name].mean()
            color = f"@p{(place * 3 + 5) % len(PALETTE)}"
            which = f"{n:,.0f} candidates" + (f", {pairing}" if len(pairings) > 1 else "")
            traces.append(
                {
                    "type": "scatter", "mode": "lines+markers", "name": text(which),
                    "x": numbers(means.index), "y": numbers(means),
                    "text": [f"<b>{text(which)}</b>"] * len(means),
                    "hovertemplate": "%{text}<br>σ = %{x}<br>%{y:.3f}<extra></extra>",
                    "line": {"color": color, "dash": _DASHES[pairings.index(pairing) % 4]},
                    "marker": {"color": color, "size": 6},
                }
            )  # fmt: skip
    over = rows.groupby("sigma")[name].mean()
    first, last = over.index[0], over.index[-1]
    finding = (
        f"From σ = {first:g} to σ = {last:g} the mean goes from {over.iloc[0]:.2f} to "
        f"{over.iloc[-1]:.2f}."
    )
    trials = int(rows["trials"].iloc[0])
    figure = {
        "data": traces,
        "layout": {
            "xaxis": {"title": {"text": SIGMA}},
            "yaxis": {"title": {"text": text(title)}},
            "showlegend": True,
        },
    }
    note = f"Means of {trials:,} trials of the simulator. {rows['axis.data'].iloc[0]}."
    return Chart(key, title, finding, figure, note)
