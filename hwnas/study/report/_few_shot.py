"""Report part: ranks and intervals with few measurements, one row for each predictor and choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hwnas.study.report._markdown import MARK_NOTE, mark
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material

_ROW = ["axis.data", "axis.predictor"]
_SIZE = "axis.n_train"


@dataclass(frozen=True)
class FewShot:
    """Spearman and the coverage of intervals, by number of measurements, and published values.

    Random and chosen measurements (``train=design``) are never in one row: a report marks the
    predictor's name.

    Parameters
    ----------
    score : str
        Column of the rank correlation in the results.
    coverage : str
        Column of the coverage in the results.
    """

    score: str = "scores_all.spearman"
    coverage: str = "interval.coverage"

    def write(self, material: Material) -> str:
        """Write ``few_shot.csv``, and return the text in Markdown."""
        rows = material.rows
        both = rows.groupby([*_ROW, _SIZE], sort=False)[[self.score, self.coverage]]
        both.agg(["mean", "std", "count"]).to_csv(material.folder / "few_shot.csv")
        most = int(rows.groupby([*_ROW, _SIZE])[self.score].count().max())
        parts = [
            "## Spearman by number of measurements",
            _table(rows, self.score, most),
            "Spearman over the whole table, mean ± standard deviation over "
            f"{most} seeds{MARK_NOTE}.",
            "## Coverage of the 90 % interval",
            _table(rows, self.coverage, most),
            "Share of the test set whose value is in its interval, mean ± standard deviation over "
            f"{most} seeds{MARK_NOTE}.",
            published_table(material),
        ]
        return "\n\n".join(part for part in parts if part)


def _table(rows: pd.DataFrame, column: str, most: int) -> str:
    """Return a Markdown table: a row for each dataset and predictor, a column for each size."""
    groups: dict[Any, Any] = dict(list(rows.groupby([*_ROW, _SIZE], sort=False)[column]))
    sizes = sorted(set(rows[_SIZE]))
    lines = ["| dataset | predictor |" + "".join(f" {size:,} |" for size in sizes)]
    lines.append("|---|---|" + "---|" * len(sizes))
    for data, predictor in sorted(set(zip(*(rows[name] for name in _ROW), strict=True))):
        cells = []
        for size in sizes:
            values = groups.get((data, predictor, size))
            if values is None:
                cells.append("")
                continue
            known = values.count()
            spread = "" if known < 2 else f" ±{values.std():.3f}"
            shown = "" if known == 0 else f"{values.mean():.3f}{spread}"
            cells.append(f"{shown}{mark((known, most, 'seeds'))}")
        lines.append(f"| {data} | {predictor} |" + "".join(f" {cell} |" for cell in cells))
    return "\n".join(lines)
