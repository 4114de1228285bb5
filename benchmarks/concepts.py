"""The pictures of ``docs/concepts.md``, drawn from the bundled table.

python -m benchmarks.concepts
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import hwnas
from hwnas.dataset import Table
from hwnas.figures import save_figure
from hwnas.scores import kendall_tau
from hwnas.selection import pareto_front, select_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
#: Few measurements, and a seed with large errors: the pictures are there to show errors.
N_TRAIN, SEED = 8, 1
#: Candidates of the picture that explains the scores, and a draw in which each of them loses.
N_FEW, DRAW = 14, 54
#: Colours that stay apart for people with any kind of colour blindness (Okabe and Ito, 2008).
GREY, BLUE, ORANGE, GREEN, INK = "#9aa3ad", "#0072b2", "#d55e00", "#009e73", "#16191d"
LATENCY, ACCURACY = "true latency [ms]", "accuracy [%]"


@dataclass(frozen=True)
class Predicted:
    """Networks with their accuracy, and their true and predicted latency.

    Parameters
    ----------
    accuracy : array, shape (n,)
        In percent.
    true, predicted : array, shape (n,)
        In ms.
    """

    accuracy: Any
    true: Any
    predicted: Any

    def rows(self, rows: Any) -> Predicted:
        """Return some of the networks."""
        return Predicted(self.accuracy[rows], self.true[rows], self.predicted[rows])


def main() -> None:
    """Fit predictors, and draw what they get wrong and what that costs."""
    table = hwnas.load_dataset("local/cpu", metric="latency")
    one_of_each = table.networks()
    everything = Predicted(table.accuracy, table.values, _predicted(table, N_TRAIN)).rows(
        one_of_each
    )
    good = everything.rows(everything.accuracy > 85)
    few = good.rows(np.random.default_rng(DRAW).choice(len(good.true), N_FEW, replace=False))
    for name, draw, size in (
        ("deviations", partial(draw_deviations, networks=everything), (6, 4.4)),
        ("selection", partial(draw_selection, networks=good), (8, 4.4)),
        ("scores", partial(draw_scores, networks=few), (9, 4)),
        ("intervals", partial(draw_intervals, table=table), (8, 4)),
    ):
        save_figure(FOLDER / f"{name}.png", draw, dpi=120, figsize=size)


def _predicted(table: Table, n_train: int) -> Any:
    split = hwnas.split(table, n_train=n_train, n_test=625, seed=SEED)
    predictor = hwnas.make_predictor("ridge", table.space, seed=0)
    predictor.fit(split.train_architectures, split.train_values)
    return np.asarray(predictor.predict(table.architectures))


def draw_deviations(figure: Figure, networks: Predicted) -> None:
    """Draw predicted against true latency, and one deviation."""
    axes = _axes(figure.subplots(), LATENCY, "predicted latency [ms]")
    true, predicted = networks.true, networks.predicted
    axes.plot(true, predicted, ".", color=GREY, markersize=2)
    ends = [0, float(true.max())]
    axes.plot(ends, ends, color=INK, linewidth=1)
    axes.annotate("a perfect prediction", (ends[1], ends[1]), ha="right", va="bottom")
    worst = int(np.argmin(predicted - true))
    x, y = float(true[worst]), float(predicted[worst])
    axes.annotate(
        "", (x, y), (x, x), arrowprops={"arrowstyle": "<->", "color": ORANGE, "linewidth": 2}
    )
    axes.plot(x, y, "o", color=ORANGE)
    axes.annotate(f"deviation\n{y - x:+.2f} ms", (x - 0.06, y), ha="right", color=ORANGE)
    axes.set_title(f"ridge, {N_TRAIN} measurements: τ = {kendall_tau(true, predicted):.2f}")


def draw_selection(figure: Figure, networks: Predicted) -> None:
    """Draw the true front, the selected set, and what verification keeps of it."""
    axes = _axes(figure.subplots(), LATENCY, ACCURACY)
    chosen = select_front(networks.accuracy, networks.true, networks.predicted)
    selected, kept = networks.rows(chosen.selected), networks.rows(chosen.verified)
    true = networks.rows(pareto_front(networks.accuracy, networks.true))
    axes.plot(networks.true, networks.accuracy, ".", color=GREY, markersize=2)
    _staircase(axes, true, color=BLUE, label=f"true front ({len(true.true)})")
    axes.plot(
        selected.true, selected.accuracy, "o", mfc="none", color=ORANGE, markersize=9,
        label=f"selected set ({len(selected.true)})",
    )  # fmt: skip
    axes.plot(
        kept.true, kept.accuracy, "o", color=GREEN, markersize=5,
        label=f"kept by verification ({len(kept.true)})",
    )  # fmt: skip
    axes.legend(loc="lower right", frameon=False)
    axes.set_xlim(left=0)


def draw_scores(figure: Figure, networks: Predicted) -> None:
    """Draw reductions of accuracy, and the hypervolumes of the true front and a selection."""
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    chosen = select_front(networks.accuracy, networks.true, networks.predicted)
    selected = networks.rows(chosen.selected)
    true = networks.rows(pareto_front(networks.accuracy, networks.true))
    for axes in (left, right):
        _axes(axes, LATENCY, ACCURACY if axes is left else "")
        axes.plot(networks.true, networks.accuracy, ".", color=GREY)
        _staircase(axes, true, color=BLUE, label="true front")
        axes.plot(
            selected.true, selected.accuracy, "o", mfc="none", color=ORANGE, markersize=9,
            label="selected set",
        )  # fmt: skip
    left.legend(loc="lower right", frameon=False)
    for x, y in zip(selected.true, selected.accuracy, strict=True):
        best = true.accuracy[(true.true <= x) & (true.accuracy >= y)].max(initial=y)
        if best > y:
            arrow = {"arrowstyle": "->", "color": ORANGE, "linewidth": 2}
            left.annotate("", (x, y), (x, best), arrowprops=arrow)
    mean = chosen.scores["mra_all_percent"]
    left.set_title(f"MRA: the arrows, and 0 on the front;\nmean {mean:.2f} percentage points")
    bottom, end = float(networks.accuracy.min()) - 0.5, float(networks.true.max()) * 1.1
    measured = selected.rows(pareto_front(selected.accuracy, selected.true))
    for points, color, label in ((true, BLUE, "lost"), (measured, GREEN, "retained")):
        x, y = _steps(points, end)
        # White hides the area below, whose colour would mix with the next one.
        right.fill_between(x, y, bottom, step="post", color="white", linewidth=0)
        right.fill_between(
            x, y, bottom, step="post", color=color, alpha=0.3, linewidth=0, label=label
        )
    areas = right.get_legend_handles_labels()
    right.legend(areas[0][2:], areas[1][2:], loc="lower right", frameon=False)
    right.set_title("hypervolume: the area\nthat a front encloses")
    right.set_ylim(bottom=bottom)
    right.set_xlim(0, end)


def draw_intervals(figure: Figure, table: Table) -> None:
    """Draw the 90 % intervals of some test networks, in the order of their predictions."""
    axes = _axes(figure.subplots(), "40 test networks, by predicted latency", "latency [ms]")
    split = hwnas.split(table, n_train=55, n_test=40, seed=SEED)
    predictor = hwnas.make_predictor("ridge", table.space, seed=0)
    predictor.fit(split.train_architectures, split.train_values)
    mean = np.asarray(predictor.predict(split.test_architectures))
    lower, upper = predictor.predict_interval(split.test_architectures, coverage=0.9)
    order = np.argsort(mean)
    true = split.test_values
    mean, lower, upper, true = (v[order] for v in (mean, lower, upper, true))
    inside = (lower <= true) & (true <= upper)
    x = np.arange(len(mean))
    axes.vlines(x, lower, upper, color=BLUE, alpha=0.35, linewidth=5, label="90 % interval")
    axes.plot(x[inside], true[inside], ".", color=INK, label=f"measured, inside ({inside.sum()})")
    axes.plot(
        x[~inside], true[~inside], "X", color=ORANGE, label=f"measured, outside ({(~inside).sum()})"
    )
    axes.set_xticks([])
    axes.legend(loc="upper left", frameon=False)


def _axes(axes: Axes, x: str, y: str) -> Axes:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _steps(points: Predicted, end: float) -> tuple[Sequence[float], Sequence[float]]:
    """Return the corners of a front, from the fastest network to `end`."""
    order = np.argsort(points.true)
    x, y = points.true[order], points.accuracy[order]
    return [*x, end], [*y, y[-1]]


def _staircase(axes: Axes, points: Predicted, **style: Any) -> None:
    x, y = _steps(points, float(points.true.max()))
    axes.plot(x, y, drawstyle="steps-post", marker="o", markersize=3, **style)


if __name__ == "__main__":
    main()
