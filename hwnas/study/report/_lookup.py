"""The lookup table against linear regression, data set by data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from hwnas.figures import save_figure
from hwnas.study.report._markdown import UNLIKE, mark
from hwnas.study.report._published import compare
from hwnas.study.report._report import Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LookupAgainstLinear:
    """Kendall's τ over all architectures of a table, of two predictors.

    Parameters
    ----------
    lookup, linear : str
        Labels of the axis ``predictor``.
    score : str
        Column of the results.
    """

    lookup: str = "paper/lut"
    linear: str = "paper/lin_reg"
    score: str = "scores_all.kendall_tau"

    def write(self, material: Material) -> str:
        """Write ``lookup.csv`` and ``lookup.png``."""
        groups = material.rows.groupby(["axis.data", "axis.predictor"], sort=False)[self.score]
        means = groups.mean().unstack().rename_axis(index="data", columns=None)
        means = means.reindex(columns=[self.lookup, self.linear])
        means.to_csv(material.folder / "lookup.csv")
        self._plot(material, means)
        lines = [
            "## Lookup table against linear regression",
            "",
            "| data | lookup table | linear regression |",
            "|---|---|---|",
        ]
        # Each of the two has a number of seeds of its own, the same for every data set.
        counts = groups.count()
        most = counts.groupby(level="axis.predictor").transform("max")
        marks = {
            cell: mark((n, m, "seeds")) for (cell, n), m in zip(counts.items(), most, strict=True)
        }
        for data, line in means.iterrows():
            cells = "".join(
                " |" if pd.isna(v) else f" {v:.3f}{marks[data, name]} |" for name, v in line.items()
            )
            lines.append(f"| {data} |{cells}")
        unlike = UNLIKE if any(marks.values()) else ""
        note = f"Kendall's τ over all architectures, mean over seeds{unlike}. Figure: lookup.png."
        return "\n\n".join(p for p in ("\n".join(lines), note, compare(material)) if p)

    def _plot(self, material: Material, means: pd.DataFrame) -> None:
        def draw(figure: Figure) -> None:
            axes = figure.subplots()
            places = range(len(means))
            axes.hlines(places, means.min(axis=1), means.max(axis=1), color="0.8")
            axes.plot(means[self.lookup], places, "o", label="lookup table, 25 measurements")
            axes.plot(means[self.linear], places, "s", label="linear regression")
            axes.set_yticks(list(places), [str(label) for label in means.index])
            axes.set_xlabel("Kendall's τ")
            axes.set_title(material.title + (" (ESTIMATED values)" if material.estimated else ""))
            figure.legend(loc="outside lower center", ncols=2)

        save_figure(material.folder / "lookup.png", draw, figsize=(8, 0.4 * len(means) + 1.5))
