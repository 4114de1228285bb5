"""Report part: scores by number of training measurements, compared for each dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.errors import check_choice
from hwnas.figures import curve, label_ends, save_figure, size_axis
from hwnas.files import write_text
from hwnas.paths import elsewhere
from hwnas.scores import SCORES
from hwnas.selection import SELECTION_SCORES
from hwnas.study.report._markdown import MARK_NOTE
from hwnas.study.report._paired import comparison_table
from hwnas.study.report._published import published_table
from hwnas.study.report._ranks import ranks_text
from hwnas.study.report._report import Material
from hwnas.study.report._scores import (
    DATA,
    METRIC,
    NAME,
    SIZE,
    VALUE,
    Scores,
    table_of_data,
    table_of_means,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TAU = "scores.kendall_tau"
_KNOWN = (
    *(f"{part}.{score.name}" for part in ("scores", "scores_all") for score in SCORES),
    *(f"selection.{score.name}" for score in SELECTION_SCORES),
    *(f"timings.{name}_seconds" for name in ("tune", "fit")),
)
_COLUMNS = 3


@dataclass(frozen=True)
class TrainSizes:
    """A score of each predictor against its number of training measurements.

    Parameters
    ----------
    score : str
        Column of the score in the results.
    title : str
        Name of the score in the figures and the text.
    lowest_is_best : bool
        Whether lower scores are better, as for ``selection.mra_all_percent``.

    Raises
    ------
    UserError
        If there is no such score.
    """

    score: str = TAU
    title: str = "Kendall's τ"
    lowest_is_best: bool = False

    def __post_init__(self) -> None:
        check_choice("reports.score", self.score, _KNOWN)

    def write(self, material: Material) -> str:
        """Write the tables and figures, and return the text in Markdown.

        ``sizes.csv`` holds mean, standard deviation and number of seeds for each dataset,
        ``sizes.png`` the curves and ``sizes_ranks.png`` the ranks. The files of another score than
        τ have its name in theirs.
        """
        scores = Scores.of(material, self.score, self.title, self.lowest_is_best)
        if scores.rows.empty:
            return f"## {self.title}\n\nNo experiment has this score yet."
        stem = "sizes" if self.score == TAU else f"sizes_{self.score.rpartition('.')[2]}"
        folder = material.folder
        groups = scores.rows.groupby([METRIC, DATA, NAME, SIZE])[VALUE]
        summary = groups.agg(["mean", "std", "count"]).to_csv()
        write_text(folder / f"{stem}.csv", summary, elsewhere("outputs"))
        self._draw(scores, folder / f"{stem}.png", material)
        parts = [
            f"## {self.title} by number of training measurements",
            *self._tables(scores, material.estimated),
            comparison_table(scores),
            ranks_text(scores, folder / f"{stem}_ranks.png"),
            published_table(material) if self.score == TAU else "",
        ]
        return "\n\n".join(part for part in parts if part)

    def _tables(self, scores: Scores, estimated: set[str]) -> list[str]:
        parts = []
        for (metric, data), rows in scores.rows.groupby([METRIC, DATA], sort=False):
            title = str(data) if str(metric) in str(data) else f"{data}, {metric}"
            title += " (ESTIMATED values)" if data in estimated else ""
            parts.append(f"### {title}\n\n{table_of_data(scores, rows)}")
        best = "lowest" if scores.lowest_is_best else "highest"
        note = (
            f"{scores.title}: mean ± standard deviation over seeds, for each number of training "
            f"measurements. The {best} of each column is bold."
        )
        for metric in scores.metrics:
            rows = scores.of_metric(metric)
            n_data = rows[DATA].nunique()
            # Scores of different metrics are never averaged: some metrics are easy to predict.
            if n_data > 1:
                table = table_of_means(scores, rows)
                parts.append(f"### Mean over the {n_data} datasets of {metric}\n\n{table}")
        marked = any("[" in part for part in parts)
        return [*parts, note[:-1] + MARK_NOTE + "." if marked else note]

    def _draw(self, scores: Scores, path: Path, material: Material) -> None:
        data = list(dict.fromkeys(scores.rows[DATA]))
        columns = min(_COLUMNS, len(data))
        lines = -(-len(data) // columns)

        def draw(figure: Figure) -> None:
            panels = figure.subplots(lines, columns, squeeze=False).flat
            for axes, label in zip(panels, data, strict=False):
                _curves(axes, scores.rows[scores.rows[DATA] == label])
                axes.set_title(label, fontsize="small")
                axes.set_ylabel(scores.title)
            for axes in list(figure.axes)[len(data) :]:
                axes.remove()
            note = " (ESTIMATED values)" if material.estimated else ""
            figure.suptitle(f"{material.title}{note}\nbands: ± 1 standard deviation over seeds")

        save_figure(path, draw, figsize=(4.6 * columns, 1.0 + 3.4 * lines))


def _curves(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw mean and standard deviation over seeds of every predictor."""
    for name, own in rows.groupby(NAME, sort=False):
        spread = own.groupby(SIZE)[VALUE].agg(["mean", "std"])
        mean, std = spread["mean"], spread["std"].fillna(0.0)
        band = (list(mean - std), list(mean + std)) if len(mean) > 1 else None
        curve(axes, list(mean.index), list(mean), band, str(name))
    size_axis(axes, sorted(set(rows[SIZE])))
    label_ends(axes)
