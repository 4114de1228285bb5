"""Report part: the lookup table and linear regression compared on each dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from hwnas.figures import predictor_style, save_figure
from hwnas.files import write_text
from hwnas.paths import elsewhere
from hwnas.study.report._markdown import MARK_NOTE, mark
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class LookupAgainstLinear:
    """Kendall's τ of the lookup table and of linear regression on each dataset.

    Parameters
    ----------
    lookup, linear : str
        Labels of the two predictors on the axis ``predictor``.
    score : str
        Column of the score in the results.
    n_train : int
        Number of training measurements of linear regression.
    """

    lookup: str = "paper/lut"
    linear: str = "paper/lin_reg"
    score: str = "scores_all.kendall_tau"
    n_train: int = 124

    def write(self, material: Material) -> str:
        """Write ``lookup.csv`` and ``lookup.png``, and return the text in Markdown."""
        # The lookup table chooses its measurements itself, so it takes part at any size.
        own = material.rows["axis.predictor"] == self.lookup
        rows = material.rows[own | (material.rows["axis.n_train"] == self.n_train)]
        groups = rows.groupby(["axis.data", "axis.predictor"], sort=False)[self.score]
        means = groups.mean().unstack().rename_axis(index="data", columns=None)
        means = means.reindex(columns=[self.lookup, self.linear])
        write_text(material.folder / "lookup.csv", means.to_csv(), elsewhere("outputs"))
        self._plot(material, means)
        lines = [
            "## Lookup table against linear regression",
            "",
            "| dataset | lookup table | linear regression |",
            "|---|---|---|",
        ]
        # The two predictors may have different numbers of seeds. Each is complete with its own.
        counts = groups.count()
        complete = counts.groupby(level="axis.predictor").transform("max")
        marks = {
            key: mark((n, whole, "seeds"))
            for (key, n), whole in zip(counts.items(), complete, strict=True)
        }
        for data, line in means.iterrows():
            columns = "".join(
                " |" if pd.isna(v) else f" {v:.3f}{marks[data, name]} |" for name, v in line.items()
            )
            lines.append(f"| {data} |{columns}")
        mark_note = MARK_NOTE if any(marks.values()) else ""
        note = (
            f"Kendall's τ over all architectures, linear regression with {self.n_train:,} "
            f"measurements, mean over seeds{mark_note}. Figure: lookup.png."
        )
        return "\n\n".join(p for p in ("\n".join(lines), note, published_table(material)) if p)

    def _plot(self, material: Material, means: pd.DataFrame) -> None:
        def draw(figure: Figure) -> None:
            axes = figure.subplots()
            places = range(len(means))
            axes.hlines(places, means.min(axis=1), means.max(axis=1), color="0.8")
            for name, label in (
                (self.lookup, "lookup table, 25 measurements"),
                (self.linear, "linear regression"),
            ):
                style = predictor_style(name)
                axes.plot(
                    means[name], places, linestyle="none", marker=style.marker, markersize=6,
                    color=style.color.light, label=label,
                )  # fmt: skip
            axes.set_yticks(list(places), [str(label) for label in means.index])
            axes.set_xlabel("Kendall's τ")
            # Centred on the figure, because the names of the datasets take much of its width.
            note = " (ESTIMATED values)" if material.estimated else ""
            figure.suptitle(material.title + note, fontsize="medium")
            figure.legend(loc="outside lower center", ncols=2)

        save_figure(material.folder / "lookup.png", draw, figsize=(8, 0.4 * len(means) + 1.5))
