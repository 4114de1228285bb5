"""Report part: scores of simulated selections by noise level and size of the candidate set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hwnas.figures import save_figure
from hwnas.selection import SELECTION_SCORES, compare_simulations, read_rows, write_rows
from hwnas.study.report._markdown import MARK_NOTE, mark
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material

#: Columns of the results that ``simulation.csv`` does not have, besides axes and provenance.
_ONLY_IN_RESULTS = ("seed", "cpu_seconds")
#: Title of each score that the paper's figures show, by its column.
_SCORES = {
    score.name: f"{score.title}, {score.of}" for score in SELECTION_SCORES if score.published
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
            panels = figure.subplots(2, 2).flat
            for axes, (score, title) in zip(panels, _SCORES.items(), strict=True):
                for pairing in pairings:
                    own = material.rows[material.rows["pairing"] == pairing]
                    means = own.groupby(["n_candidates", "sigma"])[score].mean().unstack(0)
                    n_own = own.groupby("n_candidates")["axis.data"].nunique()
                    for place, (size, line) in enumerate(means.items()):
                        style = "-" if pairing == "architecture" else ":"
                        label = f"{size} {pairing}{mark((n_own[size], n_data, 'datasets'))}"
                        axes.plot(line.index, line, style, color=f"C{place}", label=label)
                axes.set_xlabel("σ of the deviations [standard deviations of the metric]")
                axes.set_ylabel(title)
                axes.grid(alpha=0.3)
            handles, labels = axes.get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside right upper", fontsize="small")
            note = " (ESTIMATED values)" if material.estimated else ""
            figure.suptitle(material.title + note)

        save_figure(material.folder / "simulation.png", draw, figsize=(11, 7))


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
