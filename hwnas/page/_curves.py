"""Charts of one data set over its experiments: scores by training measurements and by time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hwnas.page._chart import Chart, Trace, curve, layout, size_axis
from hwnas.page._gather import DataSet
from hwnas.page._summary import Cell, Mean, at_size


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
        traces += curve(
            predictor,
            [at for _, at, _ in points],
            [mean.mean for _, _, mean in points],
            [spread or 0.0 for spread in spreads] if known else None,
            hover,
            details,
            lowest,
        )
    return traces, longest


def _tau(data: DataSet, found: Sequence[Cell]) -> Chart | None:
    sizes = [size for size in data.sizes if size > 0]
    traces, longest = _lines(found, lambda cell: cell.tau, _size, "τ = %{y:.3f}")
    if longest < 2:
        return None
    best = [(size, at_size(list(found), size)[0].predictor) for size in sizes]
    names = {name for _, name in best}
    if len({cell.predictor for cell in found}) == 1:
        finding = f"How well “{best[0][1]}” ranks networks, by number of training measurements."
    elif len(names) == 1:
        finding = f"“{best[0][1]}” has the highest τ at every number of training measurements."
    else:
        parts = ", ".join(f"“{name}” with {size:,}" for size, name in best)
        finding = f"The highest τ has {parts} measurements."
    figure = {
        "data": traces,
        "layout": layout("", "Kendall's τ on the test set", xaxis=size_axis(sizes)),
    }
    note = f"Mean of the seeds; the band is ± 1 standard deviation over seeds. {data.title}."
    return Chart(f"{data.key}-tau", "Ranking by training measurements", finding, figure, note)


def _loss(data: DataSet, found: Sequence[Cell]) -> list[Chart]:
    sizes = [size for size in data.sizes if size > 0]
    charts = []
    for name, title, what in (
        ("mra_all_percent", "Accuracy lost by choosing with predictions", "before verification"),
        ("mra_pareto_percent", "Accuracy still lost after verification", "after verification"),
    ):
        traces, longest = _lines(
            found,
            lambda cell, name=name: cell.mean(name),  # type: ignore[misc]
            _size,
            "loses %{y:.3f} percent points",
            lowest=0.0,
        )
        if longest < 2:
            continue
        figure = {
            "data": traces,
            "layout": layout(
                "", "MRA [percent points]", xaxis=size_axis(sizes),
                yaxis={"title": {"text": "MRA [percent points]"}, "rangemode": "tozero"},
            ),
        }  # fmt: skip
        largest = [cell for cell in found if cell.n_train == sizes[-1] and cell.mean(name)]
        least = min(largest, key=lambda cell: cell.mean(name).mean)  # type: ignore[union-attr]
        mean = least.mean(name)
        assert mean is not None
        finding = (
            f"With {sizes[-1]:,} measurements, “{least.predictor}” loses least {what}: "
            f"{mean.text(2)} percent points."
        )
        note = (
            "MRA, mean reduction in accuracy: how much less accurate the chosen networks are than "
            "the best ones that cost no more. Band: ± 1 standard deviation over seeds. "
            f"{data.title}."
        )
        charts.append(Chart(f"{data.key}-{name}", title, finding, figure, note))
    return charts


def _time(data: DataSet, found: Sequence[Cell]) -> Chart | None:
    if len({cell.predictor for cell in found}) < 2:
        return None
    timed = [cell for cell in found if cell.seconds is not None and cell.seconds.mean > 0]
    traces, _ = _lines(timed, lambda cell: cell.tau, _seconds, "%{x:.3g} s, τ = %{y:.3f}", False)
    if not traces:
        return None
    fastest = min(timed, key=lambda cell: _seconds(cell) or 0.0)
    slowest = max(timed, key=lambda cell: _seconds(cell) or 0.0)
    finding = (
        f"Tuning and fitting take from {_seconds(fastest):.2g} s (“{fastest.predictor}”, "
        f"{fastest.n_train:,} measurements) to {_seconds(slowest):.3g} s (“{slowest.predictor}”, "
        f"{slowest.n_train:,} measurements)."
    )
    figure = {
        "data": traces,
        "layout": layout(
            "", "Kendall's τ on the test set",
            xaxis={"title": {"text": "tuning and fitting [s]"}, "type": "log", "dtick": 1},
        ),
    }  # fmt: skip
    note = f"A point for each number of training measurements, mean over seeds. {data.title}."
    return Chart(f"{data.key}-time", "Time against ranking", finding, figure, note)


def _size(cell: Cell) -> float:
    return cell.n_train


def _seconds(cell: Cell) -> float | None:
    return None if cell.seconds is None else cell.seconds.mean
