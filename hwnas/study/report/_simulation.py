"""Report part: scores of simulated selections by noise level and size of the candidate set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hwnas.figures import PALETTE, label_ends, save_figure
from hwnas.selection import SELECTION_SCORES, compare_simulations, read_rows, write_rows
from hwnas.study.report._markdown import MARK_NOTE, mark
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material

#: Columns of the results that ``simulation.csv`` does not have, besides axes and provenance.
_ONLY_IN_RESULTS = ("seed", "cpu_seconds")
#: Title of each score that the paper's figures show, by its column.
_SCORES = {
    score.name: f"{score.title}, {score.of}" if "MRA" in score.title else score.title
    for score in SELECTION_SCORES
    if score.published
}


if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class SelectionCost:
    """Scores of the selection simulator, as the paper's figures show them.

    Parameters
    ----------
    reference : str, optional
        Path of a ``simulation.csv`` of another run, with which the report compares the means.
    """

    reference: str | None = None

    def write(self, material: Material) -> str:
        """Write ``simulation.csv`` and ``simulation.png``, and return the text in Markdown."""
        rows = material.rows
        path = material.folder / "simulation.csv"
        columns = [str(column) for column in rows.columns]
        prefixes = ("axis.", "provenance.")
        dropped = [c for c in columns if c.startswith(prefixes) or c in _ONLY_IN_RESULTS]
        write_rows(path, [dict(row) for _, row in rows.drop(columns=dropped).iterrows()])
        self._plot(material)
        parts = [
            f"## What deviations cost a selection\n\n{path.name}, simulation.png",
            _table(rows),
        ]
        if self.reference is not None:
            found = compare_simulations(read_rows(path), read_rows(Path(self.reference)))
            parts.append(f"Compared with {Path(self.reference).name}: {found.summary()}.")
        return "\n\n".join([*parts, published_table(material)])

    def _plot(self, material: Material) -> None:
        def draw(figure: Figure) -> None:
            pairings = sorted(set(material.rows["pairing"]))
            n_data = material.rows["axis.data"].nunique()
            rows_of_panels = figure.subplots(len(pairings), len(_SCORES), squeeze=False)
            for pairing, panels in zip(pairings, rows_of_panels, strict=True):
                own = material.rows[material.rows["pairing"] == pairing]
                n_own = own.groupby("n_candidates")["axis.data"].nunique()
                for axes, (score, title) in zip(panels, _SCORES.items(), strict=True):
                    means = own.groupby(["n_candidates", "sigma"])[score].mean().unstack(0)
                    for place, (size, line) in enumerate(means.items()):
                        label = f"{size:,.0f}{mark((n_own[size], n_data, 'datasets'))}"
                        color = PALETTE[place * 3 % len(PALETTE)].light
                        axes.plot(line.index, line, color=color, label=label)
                    axes.set_title(f"{title}\npairing={pairing}")
                    label_ends(axes)
            figure.supxlabel("σ of the deviations [standard deviations of the metric]", fontsize=9)
            note = " (ESTIMATED values)" if material.estimated else ""
            figure.suptitle(f"{material.title}{note}; a line for each number of candidates")

        save_figure(material.folder / "simulation.png", draw, figsize=(15, 6.5))


def _table(rows: pd.DataFrame) -> str:
    """Return a Markdown table of the means for each pairing and noise level."""
    names = ["kendall_tau", *_SCORES]
    groups = rows.groupby(["pairing", "sigma"])
    means, sizes = groups[names].mean(), groups.size()
    marks = {key: mark((size, sizes.max(), "grid points")) for key, size in sizes.items()}
    lines = ["| pairing | σ |" + "".join(f" {name} |" for name in names)]
    lines.append("|---|---|" + "---|" * len(names))
    for key, line in means.iterrows():
        assert isinstance(key, tuple)
        columns = "".join(f" {line[name]:.3f} |" for name in names)
        lines.append(f"| {key[0]} | {key[1]}{marks[key]} |{columns}")
    mark_note = MARK_NOTE if any(marks.values()) else ""
    head = f"Means over datasets and sizes of the candidate set{mark_note}:"
    return "\n".join([head, "", *lines])
