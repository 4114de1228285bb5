"""Charts of one data set over its experiments: scores by training measurements and by time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hwnas.page._answer import RISES
from hwnas.page._chart import Chart, Trace, curve, layout, size_axis, text
from hwnas.page._gather import DataSet
from hwnas.page._summary import NO_BREAK, SELECTION_COLUMNS, Cell, Mean, at_size

_BAND = "Mean of the seeds; the band is ± 1 standard deviation over seeds."
#: The title of the chart of each loss, and a note.
_LOST = {
    "mra_all_percent": ("Accuracy lost by choosing with predictions", ""),
    "mra_pareto_percent": ("Accuracy lost after verification", RISES),
}


def curves(data: DataSet, found: Sequence[Cell]) -> list[Chart]:
    """Return the charts that the experiments on a data set have values for."""
    charts = [_tau(data, found), *_loss(data, found), _time(data, found)]
    return [chart for chart in charts if chart is not None]


def _lines(
    found: Sequence[Cell],
    value: Callable[[Cell], Mean | None],
    x: Callable[[Cell], float | None],
    hover: str,
    bands: bool = True,
    lowest: float = -np.inf,
) -> tuple[list[Trace], int]:
    """Return the lines of all predictors, and the largest number of points in one of them."""
    traces: list[Trace] = []
    longest = 0
    for predictor in sorted({cell.predictor for cell in found}):
        points = [
            (cell, at, mean)
            for cell in found
            if cell.predictor == predictor
            and (at := x(cell)) is not None
            and at > 0
            and (mean := value(cell)) is not None
        ]
        if not points:
            continue
        longest = max(longest, len(points))
        spreads = [mean.std for _, _, mean in points]
        known = bands and len(points) > 1 and all(spread is not None for spread in spreads)
        details = [
            f"{cell.n_train:,} measurements, {mean.n} seed{'s' * (mean.n > 1)}"
            + ("" if mean.std is None else f", ± {mean.std:.3g}")
            for cell, _, mean in points
        ]
        line = curve(
            predictor,
            [at for _, at, _ in points],
            [mean.mean for _, _, mean in points],
            [spread or 0.0 for spread in spreads] if known else None,
            hover,
            details,
            lowest,
        )
        traces.append(line)
    return traces, longest


def _tau(data: DataSet, found: Sequence[Cell]) -> Chart | None:
    sizes = [size for size in data.sizes if size > 0]
    traces, longest = _lines(found, lambda cell: cell.tau, _size, "τ = %{y:.3f}")
    if longest < 2:
        return None
    findings = {}
    for size in data.sizes:
        best, *others = at_size(list(found), size)
        how = "best: " if others else "with "
        findings[size] = (
            f"With {size:,} measurements, `{best.predictor}` ranks networks {how}"
            f"τ = {best.tau.text()}."
        )
    figure = {
        "data": traces,
        "layout": layout("", "Kendall's τ on the test set", xaxis=size_axis(sizes)),
    }
    title = "Ranking by number of measurements"
    return Chart(f"{data.key}-tau", title, "", figure, _BAND, findings=findings)


def _loss(data: DataSet, found: Sequence[Cell]) -> list[Chart]:
    sizes = [size for size in data.sizes if size > 0]
    means = [mean for cell in found for name in _LOST if (mean := cell.mean(name)) is not None]
    # Both charts have one scale, so that they can be compared.
    top = 1.05 * max((mean.mean + (mean.std or 0.0) for mean in means), default=0.0) or 1.0
    charts = []
    for name, (title, note) in _LOST.items():
        traces, longest = _lines(
            found,
            lambda cell, name=name: cell.mean(name),  # type: ignore[misc]
            _size,
            "loses %{y:.3f} percentage points",
            lowest=0.0,
        )
        if longest < 2:
            continue
        axis = {"title": {"text": SELECTION_COLUMNS[name][0].lower()}, "range": [0.0, top]}
        figure = {"data": traces, "layout": layout("", "", xaxis=size_axis(sizes), yaxis=axis)}
        findings = {size: _least(found, size, name) for size in data.sizes}
        cut = any(mean.std is not None and mean.std > mean.mean for mean in means)
        words = [note, _BAND, "No loss is below 0, so bands are cut there." if cut else ""]
        note = " ".join(filter(None, words))
        charts.append(Chart(f"{data.key}-{name}", title, "", figure, note, findings=findings))
    return charts


def _least(found: Sequence[Cell], size: int, name: str) -> str:
    """Say whose selection loses the least accuracy with so many measurements."""
    losses = {
        cell.predictor: mean
        for cell in found
        if cell.n_train == size and (mean := cell.mean(name)) is not None
    }
    if not losses:
        return f"With {size:,} measurements, no experiment made a selection."
    least = min(losses, key=lambda predictor: losses[predictor].mean)
    mean = losses.pop(least)
    text = f"With {size:,} measurements, `{least}` loses {'least: ' if losses else ''}"
    text += f"{mean.text()}{NO_BREAK}percentage points"
    near = [f"`{other}`" for other, loss in losses.items() if loss.within_spread_of(mean)]
    if near:
        text += f"; {', '.join(near)} cannot be told from it, within the spread over seeds"
    return f"{text}."


def _time(data: DataSet, found: Sequence[Cell]) -> Chart | None:
    if len({cell.predictor for cell in found}) < 2:
        return None
    timed = [cell for cell in found if cell.seconds is not None and cell.seconds.mean > 0]
    traces, _ = _lines(timed, lambda cell: cell.tau, _seconds, "%{x:.3g} s, τ = %{y:.3f}", False)
    if not traces:
        return None
    labels = [_ends(trace, timed) for trace in traces]
    findings = {}
    for size in data.sizes:
        own = sorted((c for c in timed if c.n_train == size), key=lambda c: _seconds(c) or 0.0)
        findings[size] = f"With {size:,} measurements, tuning and fitting take " + (
            f"from {_seconds(own[0]):.2g}{NO_BREAK}s (`{own[0].predictor}`) to "
            f"{_seconds(own[-1]):.3g}{NO_BREAK}s (`{own[-1].predictor}`)."
            if len(own) > 1
            else f"{_seconds(own[0]):.2g}{NO_BREAK}s (`{own[0].predictor}`)."
            if own
            else "a time that is not known."
        )
    figure = {
        "data": traces + labels,
        "layout": layout(
            "", "Kendall's τ on the test set",
            xaxis={"title": {"text": "tuning and fitting [s]"}, "type": "log", "dtick": 1},
        ),
    }  # fmt: skip
    note = "A point for each number of measurements, which the ends of a line name. Mean of seeds."
    title = "Time against ranking"
    return Chart(f"{data.key}-time", title, "", figure, note, findings=findings)


def _ends(line: Trace, timed: Sequence[Cell]) -> Trace:
    """Return a trace that writes the number of measurements at the ends of a predictor's line."""
    sizes = [c.n_train for c in timed if text(c.predictor) == line["name"]]
    ends = [0, -1] if len(sizes) > 1 else [0]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [line["x"][end] for end in ends],
        "y": [line["y"][end] for end in ends],
        "text": [f"{sizes[end]:,}" for end in ends],
        "textposition": ["bottom center", "top left"],
        "cliponaxis": False,
        "textfont": {"color": line["line"]["color"]},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _size(cell: Cell) -> float:
    return cell.n_train


def _seconds(cell: Cell) -> float | None:
    return None if cell.seconds is None else cell.seconds.mean
