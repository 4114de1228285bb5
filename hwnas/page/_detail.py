"""Charts of one experiment: predictions, deviations, fronts and tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hwnas.experiment import PREDICTIONS
from hwnas.metric import Metric
from hwnas.page._chart import Chart, Trace, layout, numbers, text
from hwnas.page._gather import Run
from hwnas.page._shared import Rows, Shown, Store
from hwnas.page._summary import NO_BREAK, digits_of
from hwnas.page._tuning import tuning_charts
from hwnas.selection import pareto_front

_BINS = 40
_COLUMNS = ("architecture", "true", "predicted", "part", "accuracy")


@dataclass(frozen=True)
class Detail:
    """One experiment that the page shows in detail.

    Parameters
    ----------
    key : str
        Its id in the page.
    label : str
        Predictor, number of measurements and seed.
    charts : tuple of Chart
    n_train : int
        Number of training measurements.
    selected : tuple of mapping
        The selected networks by descending accuracy: ``architecture``, ``accuracy``, ``true``,
        ``predicted``, ``verified``.
    digits : int
        The digits behind the point of their true and predicted values.
    """

    key: str
    label: str
    n_train: int
    charts: tuple[Chart, ...]
    selected: tuple[Mapping[str, Any], ...]
    digits: int


def predictions(run: Run) -> pd.DataFrame:
    """Return the predictions of an experiment, one row for each architecture of its table."""
    return _read(run.finished.folder / PREDICTIONS)


# A page that is too large is made again with fewer points.
@lru_cache(maxsize=64)
def _read(file: Path) -> pd.DataFrame:
    table = pd.read_parquet(file)
    return table[[name for name in _COLUMNS if name in table]]


def detail(run: Run, store: Store, key: str) -> tuple[Detail, dict[str, Any]]:
    """Return what the page shows of one experiment, and the table that its charts name.

    Parameters
    ----------
    run : Run
        With predictions.
    store : Store
        The shared values of its data set.
    key : str
        Its id in the page.
    """
    table = predictions(run)
    shown = Shown(store, key, table["predicted"].to_numpy())
    view = _View(run, table, store, shown, key)
    selected = view.selected()
    charts = [view.scatter(), view.deviations()]
    if len(selected):
        charts.append(view.fronts(selected))
    charts += tuning_charts(run, key)
    label = f"{run.predictor}, {run.n_train:,} measurements, seed {run.seed}"
    digits = digits_of(selected["true"]) if len(selected) else 0
    networks: Any = selected.to_dict("records")
    return Detail(key, label, run.n_train, tuple(charts), tuple(networks), digits), shown.values()


@dataclass(frozen=True)
class _View:
    run: Run
    table: pd.DataFrame
    store: Store
    shown: Shown
    key: str

    @cached_property
    def metric(self) -> Metric:
        node = dict(self.run.finished.config()["metric"])
        return Metric(**{name: node[name] for name in node if name != "_target_"})

    @property
    def _where(self) -> str:
        return (
            f"{self.run.predictor}, {self.run.n_train:,} training measurements, seed "
            f"{self.run.seed}."
        )

    @property
    def _sampling(self) -> str:
        if not self.store.sampled:
            return ""
        return (
            f" Shown: {len(self.store.sample):,} of {len(self.table):,} networks, drawn at random; "
            "the scores count all."
        )

    def _points(self, rows: Rows, x: str, y: str, name: str) -> Trace:
        """Return a trace whose hover shows architecture, true and predicted value, accuracy."""
        unit = text(self.metric.unit)
        columns = ["true", "predicted"]
        hover = f"%{{text}}<br>true %{{customdata[0]:.4g}} {unit}<br>"
        hover += f"predicted %{{customdata[1]:.4g}} {unit}"
        if "accuracy" in self.table:
            hover += "<br>accuracy %{customdata[2]:.2f} %"
            columns.append("accuracy")
        return {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": x,
            "y": y,
            "text": "architecture",
            "customdata": columns,
            "hovertemplate": f"<b>{name}</b><br>{hover}<extra></extra>",
        } | self.shown.rows(rows)

    def scatter(self) -> Chart:
        part = self.table["part"].to_numpy()
        traces = []
        for name, title, color, size in (
            ("rest", "other", "@grey", 4),
            ("test", "test", "@blue", 6),
            ("train", "training", "@orange", 6),
        ):
            rows = np.intersect1d(self.store.sample, np.flatnonzero(part == name))
            if len(rows):
                points = self._points(rows, "true", "predicted", title)
                traces.append(points | {"marker": {"color": color, "size": size, "opacity": 0.75}})
        true = self.table["true"]
        ends = numbers([true.min(), true.max()])
        traces.append(_diagonal(ends))
        scores = self.run.finished.result.scores
        finding = (
            f"On {scores['n']:,} networks of the test set, predictions deviate from the true "
            f"values by {scores['mae']:.3g}{NO_BREAK}{self.metric.unit} on average and rank them "
            f"with Kendall's τ = {scores['kendall_tau']:.3f}."
        )
        label = self.metric.label
        figure = {
            "data": traces,
            "layout": layout(f"true {label}", f"predicted {label}", showlegend=True),
        }
        note = f"{self._where}{self._sampling}"
        return Chart(f"{self.key}-scatter", "Predicted against true", finding, figure, note)

    def deviations(self) -> Chart:
        test = self.table[self.table["part"] == "test"]
        deviation = (test["predicted"] - test["true"]).to_numpy()
        counts, edges = np.histogram(deviation, bins=_BINS)
        unit = self.metric.unit
        median = float(np.median(deviation))
        bars: Trace = {
            "type": "bar",
            "x": numbers((edges[1:] + edges[:-1]) / 2),
            "y": [int(n) for n in counts],
            "width": float(edges[1] - edges[0]),
            "marker": {"color": "@blue"},
            "text": [f"{a:.3g} to {b:.3g} {unit}" for a, b in pairwise(edges)],
            "textposition": "none",
            "hovertemplate": "%{text}<br>%{y} networks<extra></extra>",
            "showlegend": False,
        }
        finding = (
            f"Deviations have the median {median:.3g}{NO_BREAK}{unit}, the mean "
            f"{deviation.mean():.3g}{NO_BREAK}{unit} and the standard deviation "
            f"{deviation.std():.3g}{NO_BREAK}{unit}."
        )
        figure = {
            "data": [
                bars,
                _upright(0.0, int(counts.max()), "no deviation", "@ink", "solid"),
                _upright(median, int(counts.max()), "median", "@orange", "dash"),
            ],
            "layout": layout(
                f"predicted − true {self.metric.label}",
                "networks of the test set",
                bargap=0.02,
                showlegend=True,
            ),
        }
        return Chart(f"{self.key}-deviations", "Deviations", finding, figure, self._where)

    def selected(self) -> pd.DataFrame:
        """Return the selected networks with their rows in the table; empty without a selection."""
        file = self.run.finished.folder / "selected.csv"
        if not file.is_file():
            return pd.DataFrame()
        unit = self.metric.unit
        names = {
            "accuracy_percent": "accuracy", f"true_{unit}": "true", f"predicted_{unit}": "predicted"
        }  # fmt: skip
        chosen = pd.read_csv(file).rename(columns=names)
        place = pd.Series(np.arange(len(self.table)), index=self.table["architecture"])
        chosen["row"] = place.reindex(chosen["architecture"]).to_numpy()
        return chosen[["architecture", "accuracy", "true", "predicted", "verified", "row"]]

    def fronts(self, selected: pd.DataFrame) -> Chart:
        selection = self.run.finished.result.selection
        assert selection is not None
        accuracy = self.table["accuracy"].to_numpy()
        lowest = selection["min_accuracy"] or 0.0
        candidates = np.flatnonzero(accuracy >= lowest)
        true = self.table["true"].to_numpy()
        front = candidates[pareto_front(accuracy[candidates], self.metric.cost(true[candidates]))]
        # Copies of a measurement are equal points; one of them is enough.
        _, first = np.unique(np.column_stack([accuracy, true])[front], axis=0, return_index=True)
        front = front[np.sort(first)]
        rows = selected["row"].to_numpy().astype(np.int64)
        kept = rows[selected["verified"].to_numpy(dtype=bool)]
        cloud = np.intersect1d(self.store.sample, candidates)
        kind = self.run.finished.result.provenance.values.kind
        step = "hv" if self.metric.direction == "minimize" else "vh"
        traces = [
            self._points(cloud, "true", "accuracy", "candidate")
            | {"marker": {"color": "@grey", "size": 4, "opacity": 0.6}},
            self._front(front, "true", "true front", "@blue", step, "solid"),
            self._front(rows, "predicted", "chosen, as predicted", "@orange", step, "dash"),
            self._points(rows, "true", "accuracy", f"chosen, as {kind}")
            | {"marker": {"color": "@orange", "size": 10, "symbol": "circle-open"}},
            self._points(kept, "true", "accuracy", "kept by verification")
            | {"marker": {"color": "@green", "size": 7}},
        ]
        finding = (
            f"The best possible choice, the true front, has {selection['n_true_front']:,} "
            f"networks. The predictions of `{self.run.predictor}` choose "
            f"{selection['n_selected']:,}, which lose {selection['mra_all_percent']:.3f}{NO_BREAK}"
            "percentage points of accuracy; those that verification keeps lose "
            f"{selection['mra_pareto_percent']:.3f}."
        )
        shown = accuracy[np.concatenate([front, rows])]
        low, high = float(shown.min()), float(accuracy[candidates].max())
        margin = 0.04 * (high - low) or 1.0
        figure = {
            "data": traces,
            "layout": layout(
                self.metric.label, "accuracy [%]", showlegend=True,
                yaxis={
                    "title": {"text": "accuracy [%]"},
                    "range": numbers([low - margin, high + margin]),
                },
            ),
        }  # fmt: skip
        note = (
            f"{self._where}{self._sampling} Fronts are whole. The accuracy axis starts just below "
            "the fronts, so less accurate candidates are left out."
        )
        return Chart(f"{self.key}-fronts", "Fronts", finding, figure, note, wide=True)

    def _front(self, rows: Rows, x: str, name: str, color: str, step: str, dash: str) -> Trace:
        accuracy, values = (self.table[column].to_numpy()[rows] for column in ("accuracy", x))
        order = np.lexsort((accuracy, values))
        line = {"color": color, "shape": step, "dash": dash, "width": 2}
        points = self._points(rows[order], x, "accuracy", name)
        return points | {
            "mode": "lines+markers", "line": line, "marker": {"color": color, "size": 5}
        }  # fmt: skip


def _upright(x: float, top: int, name: str, color: str, dash: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": numbers([x, x]),
        "y": [0, top],
        "name": name,
        "line": {"color": color, "width": 2, "dash": dash},
        "hoverinfo": "skip",
    }


def _diagonal(ends: list[float | None]) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": ends,
        "name": "predicted = true",
        "line": {"color": "@ink", "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
    }
