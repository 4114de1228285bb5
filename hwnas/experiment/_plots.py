"""The plots of an experiment. Their titles name the data and say whether it is measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.experiment._report import on_images
from hwnas.experiment._result import Details
from hwnas.experiment._split import Split
from hwnas.figures import BLUE, GREEN, GREY, ORANGE, save_figure
from hwnas.scores import kendall_tau

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GREY, _BLUE, _ORANGE, _GREEN = (color.light for color in (GREY, BLUE, ORANGE, GREEN))


def save_plots(folder: Path, details: Details) -> None:
    """Write the plots of an experiment into its result folder.

    The plots are ``predicted_vs_true``, ``deviations`` and, if there is a selection, ``fronts``,
    each as PNG and PDF.
    """
    table, split, predicted = details.table, details.split, details.predicted
    _save(folder / "predicted_vs_true.png", table, _predicted_vs_true, table, split, predicted)
    _save(folder / "deviations.png", table, _deviations, table, split, predicted)
    if details.selection is not None:
        _save(folder / "fronts.png", table, _fronts, details)


def _save(path: Path, table: Table, draw: Callable[..., None], *data: object) -> None:
    def fill(figure: Figure) -> None:
        axes = figure.add_subplot()
        draw(axes, *data)
        figure.suptitle(_title(table), fontsize=9)

    save_figure(path, fill, dpi=130, figsize=(6.0, 4.6))


def _title(table: Table) -> str:
    source = f"{table.provenance.source}, {table.provenance.sha256[:8]}"
    kind = "ESTIMATED, not measured" if table.estimated else "measured"
    return f"{table.space.name} / {table.dataset} / {table.device}\n{kind}: {source}"


def _predicted_vs_true(
    axes: Axes, table: Table, split: Split, predicted: NDArray[np.float64]
) -> None:
    true = table.values
    axes.scatter(
        true, predicted, s=3, color=_GREY, linewidths=0, label=f"all ({len(true):,})",
        rasterized=True,
    )  # fmt: skip
    for rows, color, name in ((split.test, _BLUE, "test"), (split.train, _ORANGE, "training")):
        tau = f", τ = {kendall_tau(true[rows], predicted[rows]):.3f}" if name == "test" else ""
        axes.scatter(
            true[rows], predicted[rows], s=9, color=color, linewidths=0, rasterized=True,
            label=f"{name} ({len(rows):,}{tau})",
        )  # fmt: skip
    ends = [float(true.min()), float(true.max())]
    axes.plot(ends, ends, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel(f"true {table.metric.label}")
    axes.set_ylabel(f"predicted {table.metric.label}")
    axes.legend()


def _deviations(axes: Axes, table: Table, split: Split, predicted: NDArray[np.float64]) -> None:
    deviations = (predicted - table.values)[split.test]
    axes.hist(deviations, bins=50, color=_BLUE)
    axes.axvline(0.0, color="black", linewidth=0.8, linestyle="--")
    axes.set_title(
        f"mean {deviations.mean():.3g}, standard deviation {deviations.std():.3g} "
        f"{table.metric.unit}",
        fontsize=9,
    )
    axes.set_xlabel(f"deviation on the test set: predicted - true {table.metric.label}")
    axes.set_ylabel("architectures of the test set")


def _fronts(axes: Axes, details: Details) -> None:
    table, predicted, selection = details.table, details.predicted, details.selection
    accuracy, true, rows = table.accuracy, table.values, details.candidates
    assert selection is not None
    assert accuracy is not None
    assert rows is not None
    axes.scatter(
        true[rows], accuracy[rows], s=3, color=_GREY, linewidths=0, label="candidate set",
        rasterized=True,
    )  # fmt: skip
    front, selected = rows[selection.true_front], rows[selection.selected]
    verified = rows[selection.verified]
    # A front of several metrics is no line in a picture of one of them.
    solid, dashed = (".", "x") if details.further else ("-", "--")
    _draw_front(axes, true[front], accuracy[front], _BLUE, solid, f"true front ({len(front)})")
    _draw_front(
        axes, predicted[selected], accuracy[selected], _ORANGE, dashed,
        f"predicted front ({len(selected)})",
    )  # fmt: skip
    axes.scatter(
        true[selected], accuracy[selected], s=26, facecolors="none", edgecolors=_ORANGE,
        label="selected set, true values",
    )  # fmt: skip
    axes.scatter(
        true[verified], accuracy[verified], s=14, color=_GREEN,
        label=f"after verification ({len(verified)})",
    )  # fmt: skip
    axes.set_title(
        f"MRA {selection.scores['mra_all_percent']:.2f} percentage points, after verification "
        f"{selection.scores['mra_pareto_percent']:.2f}; retained hypervolume "
        f"{selection.scores['retained_hypervolume']:.3f}",
        fontsize=9,
    )
    # Some candidates have a very low accuracy. With an axis for all of them, the fronts would look
    # flat. So the axis starts at the 3 % quantile, or at the lowest point of a front or set.
    shown = np.concatenate([front, selected, verified])
    lowest = min(float(np.quantile(accuracy[rows], 0.03)), float(accuracy[shown].min()))
    highest = float(accuracy[rows].max())
    margin = 0.03 * (highest - lowest) or 1.0
    axes.set_ylim(lowest - margin, highest + margin)
    axes.set_xlabel(table.metric.label)
    provenance = table.accuracy_provenance
    assert provenance is not None
    axes.set_ylabel(f"accuracy{on_images(provenance.details)} [%]")
    # The legend is below the axes because, with some metrics, the fronts cover every corner.
    axes.figure.legend(loc="outside lower center", ncols=2)


def _draw_front(
    axes: Axes,
    values: NDArray[np.float64],
    accuracy: NDArray[np.float64],
    color: str,
    style: str,
    label: str,
) -> None:
    """Draw a Pareto front as a step line, or as points if the style is a marker."""
    order = np.lexsort((accuracy, values))
    marker, line = (style, "") if style in ".x" else ("", style)
    axes.step(
        values[order], accuracy[order], where="post", color=color, linewidth=1.4, label=label,
        marker=marker, linestyle=line,
    )  # fmt: skip
