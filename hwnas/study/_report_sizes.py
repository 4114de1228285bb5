"""Scores by number of training measurements: table, curves, curves centred on the average."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hwnas.study._published import compare
from hwnas.study._report import Material


@dataclass(frozen=True)
class TrainSizes:
    """Each predictor's score against its number of training measurements.

    Parameters
    ----------
    score : str
        Column of the results.
    title : str
        Its name on axes.
    """

    score: str = "scores.kendall_tau"
    title: str = "Kendall's τ"

    def write(self, material: Material) -> str:
        """Write ``sizes.csv``, ``sizes.png`` and ``sizes_centred.png``."""
        rows = material.rows
        by_data = rows.groupby(["axis.predictor", "axis.data", "axis.n_train"])[self.score].agg(
            ["mean", "std", "count"]
        )
        by_data.to_csv(material.folder / "sizes_by_data.csv")
        means = (
            by_data["mean"].groupby(level=["axis.predictor", "axis.n_train"]).mean().unstack()
        ).rename_axis(index="predictor", columns="n_train")
        means = means.sort_values(means.columns[-1], ascending=False)
        means.to_csv(material.folder / "sizes.csv")
        self._plot(means, material, "sizes.png", f"{self.title}, mean over data sets")
        # A single point, as the lookup table's, is no curve to centre on.
        curves = means[means.notna().sum(axis=1) > 1]
        centred = (curves if len(curves) else means).pipe(lambda table: table - table.mean())
        self._plot(centred, material, "sizes_centred.png", f"{self.title} − average of predictors")
        seeds = int(by_data["count"].max())
        data = sorted(set(rows["axis.data"]))
        about = f"{self.title} on the test set, mean over {len(data)} data sets ({', '.join(data)})"
        table = ["| predictor |" + "".join(f" {size} |" for size in means.columns)]
        table.append("|---|" + "---|" * len(means.columns))
        for name, line in means.iterrows():
            cells = "".join(f" {'' if pd.isna(v) else f'{v:.3f}'} |" for v in line)
            table.append(f"| {name} |{cells}")
        text = "\n".join([f"## {self.title} by number of training measurements", "", *table])
        note = f"{about}, up to {seeds} seeds each. Figures: sizes.png, sizes_centred.png."
        return "\n\n".join(part for part in (text, note, compare(material)) if part)

    def _plot(self, means: pd.DataFrame, material: Material, name: str, label: str) -> None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        markers = "osv^D<>pP*X"
        for place, (predictor, line) in enumerate(means.iterrows()):
            known = line.dropna()
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
        figure.legend(loc="outside right upper", fontsize="small")
        figure.savefig(material.folder / name, dpi=150)
