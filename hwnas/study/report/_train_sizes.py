"""Report part: scores by number of training measurements, as a table and as curves."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from hwnas.figures import save_figure
from hwnas.study.report._markdown import MARK_NOTE, mark
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class TrainSizes:
    """Each predictor's score against its number of training measurements.

    Parameters
    ----------
    score : str
        Column of the score in the results.
    title : str
        Name of the score in the figures and the text.
    """

    score: str = "scores.kendall_tau"
    title: str = "Kendall's τ"

    def write(self, material: Material) -> str:
        """Write the tables and figures, and return the text in Markdown.

        ``sizes.csv`` and ``sizes.png`` hold means over datasets, ``sizes_by_data.csv`` means over
        seeds. ``sizes_centred.png`` shows the differences from the average of the predictors.
        """
        groups = material.rows.groupby(["axis.predictor", "axis.data", "axis.n_train"])
        by_data = groups[self.score].agg(["mean", "std", "count"])
        by_data.to_csv(material.folder / "sizes_by_data.csv")
        by_size = by_data.dropna(subset="mean").groupby(level=["axis.predictor", "axis.n_train"])
        means = by_size["mean"].mean().unstack().rename_axis(index="predictor", columns="n_train")
        means = means.sort_values(means.columns[-1], ascending=False)
        means.to_csv(material.folder / "sizes.csv")
        data = sorted(set(material.rows["axis.data"]))
        # A curve through means over different datasets would compare datasets, not predictors.
        self._curves(means.where(by_size.size().unstack() == len(data)), material)
        seeds = int(by_data["count"].max())
        marks = {
            key: mark((len(counts), len(data), "datasets"), (counts.min(), seeds, "seeds"))
            for key, counts in by_size["count"]
        }
        note = (
            f"{self.title} on the test set, mean over {len(data)} datasets ({', '.join(data)}), "
            f"up to {seeds} seeds each{MARK_NOTE if any(marks.values()) else ''}. "
            "Figures of the means over all datasets: sizes.png, sizes_centred.png."
        )
        parts = [self._table(means, marks), note, published_table(material)]
        return "\n\n".join(part for part in parts if part)

    def _table(self, means: pd.DataFrame, marks: Mapping[tuple[Hashable, ...], str]) -> str:
        lines = [f"## {self.title} by number of training measurements", ""]
        lines.append("| predictor |" + "".join(f" {size} |" for size in means.columns))
        lines.append("|---|" + "---|" * len(means.columns))
        for name, line in means.iterrows():
            columns = "".join(
                f" {'' if pd.isna(v) else f'{v:.3f}{marks[name, size]}'} |"
                for size, v in line.items()
            )
            lines.append(f"| {name} |{columns}")
        return "\n".join(lines)

    def _curves(self, means: pd.DataFrame, material: Material) -> None:
        self._plot(means, material, "sizes.png", f"{self.title}, mean over datasets")
        # The lookup table has a single point. The average of the predictors is that of the curves.
        curves = means[means.notna().sum(axis=1) > 1]
        centred = (curves if len(curves) else means).pipe(lambda table: table - table.mean())
        self._plot(centred, material, "sizes_centred.png", f"{self.title} − average of predictors")

    def _plot(self, means: pd.DataFrame, material: Material, name: str, label: str) -> None:
        def draw(figure: Figure) -> None:
            axes = figure.subplots()
            markers = "osv^D<>pP*X"
            for place, (predictor, line) in enumerate(means.iterrows()):
                known = line.dropna()
                if known.empty:
                    continue
                style = f"{'-' if place < 10 else '--'}{markers[place % len(markers)]}"
                axes.plot(known.index, known, style, label=predictor, markersize=4, linewidth=1.2)
            axes.set_xscale("log")
            axes.set_xticks(list(means.columns), [f"{size:,}" for size in means.columns])
            axes.minorticks_off()
            axes.set_xlabel("training measurements")
            axes.set_ylabel(label)
            note = " (ESTIMATED values)" if material.estimated else ""
            axes.set_title(material.title + note)
            axes.grid(alpha=0.3)
            if axes.lines:
                figure.legend(loc="outside right upper", fontsize="small")

        save_figure(material.folder / name, draw, figsize=(8, 5))
