"""Report part: scores by number of training measurements, as a table and as curves."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from hwnas.figures import curve, label_ends, save_figure, size_axis
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
        spreads = self._spreads(material.rows)

        def draw(figure: Figure) -> None:
            axes = figure.subplots()
            for predictor, line in means.iterrows():
                known = line.dropna()
                if known.empty:
                    continue
                sizes = [float(size) for size in known.index]
                spread = [spreads.get((predictor, size), math.nan) for size in sizes]
                band = None
                if len(known) > 1 and not any(map(math.isnan, spread)):
                    band = list(known - spread), list(known + spread)
                curve(axes, sizes, list(known), band, str(predictor))
            size_axis(axes, [float(size) for size in means.columns])
            axes.set_ylabel(label)
            note = " (ESTIMATED values)" if material.estimated else ""
            axes.set_title(f"{material.title}{note}\nbands: ± 1 standard deviation over seeds")
            label_ends(axes)

        save_figure(material.folder / name, draw, figsize=(8, 5))

    def _spreads(self, rows: pd.DataFrame) -> dict[Any, float]:
        """Return the standard deviation over seeds of the mean over datasets."""
        cell = ["axis.predictor", "axis.n_train"]
        if "axis.seed" not in rows:
            return {}
        of_seed = rows.groupby([*cell, "axis.seed"])[self.score].mean()
        return dict(of_seed.groupby(level=cell).std().items())
