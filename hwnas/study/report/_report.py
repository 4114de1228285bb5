"""A part of a study's report, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from hwnas.errors import UserError


@dataclass(frozen=True)
class Material:
    """What a part of a report is made of.

    Parameters
    ----------
    title : str
        Title of the study.
    rows : pandas.DataFrame
        The rows of ``results.parquet``.
    published : mapping
        The experiment's ``published`` node: the paper's values, their source and a tolerance.
    absent : mapping of str to UserError
        The error that tells why a dataset is not here, by its label on the axis ``data``.
    wanted : tuple of str
        Labels of all datasets that the paper used, whether they are here or not.
    folder : Path
        Folder for tables and figures.
    points : tuple of mapping
        The labels of every grid point of the study on its axes.
    """

    title: str
    rows: pd.DataFrame
    published: Mapping[str, Any]
    absent: Mapping[str, UserError]
    wanted: tuple[str, ...]
    folder: Path
    points: tuple[Mapping[str, Any], ...] = ()

    @property
    def estimated(self) -> set[str]:
        """Labels of the datasets whose values a model computed."""
        kinds = self.rows.groupby("axis.data")["provenance.kind"].first()
        return set(kinds.index[kinds == "estimated"])

    @property
    def other_accuracies(self) -> dict[str, str]:
        """The image sets of accuracies that replace those the study asks for, by dataset label."""
        if "provenance.accuracy_on" not in self.rows:
            return {}
        used, wanted = (self.rows[f"provenance.accuracy_{name}"] for name in ("on", "wanted"))
        # Only simulations have these columns.
        other = used.notna() & (used != wanted)
        return dict(zip(self.rows["axis.data"][other], used[other], strict=True))


class Report(Protocol):
    """One part of a report. The key ``reports`` of an experiment lists its parts."""

    def write(self, material: Material) -> str:
        """Write the tables and figures of the part, and return its text in Markdown."""
