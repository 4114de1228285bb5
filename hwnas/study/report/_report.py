"""Writing the report of a study, and what its parts are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from hydra.utils import instantiate
from omegaconf import OmegaConf

from hwnas.errors import UserError
from hwnas.study._results import Row
from hwnas.study._study import Study, table_key


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


def write_report(study: Study, rows: Sequence[Row]) -> str:
    """Write the folder ``report`` of a study.

    Parameters
    ----------
    study : Study
    rows : sequence of dict
        The rows of ``results.parquet``.

    Returns
    -------
    str
        The text of ``report.md``, and the path of the file.
    """
    folder = study.folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    node = OmegaConf.to_container(study.cfg.experiment, resolve=True)
    assert isinstance(node, dict)
    tables = [(str(point.axes["data"]), study.tables[table_key(point)]) for point in study.points]
    absent = {label: table for label, table in tables if isinstance(table, UserError)}
    wanted = dict.fromkeys(
        str(point.axes["data"]) for point in study.points if not point.axes.get("stand_in")
    )
    material = Material(
        title=node["title"],
        rows=pd.DataFrame(rows),
        published=node.get("published") or {},
        absent=absent,
        wanted=tuple(wanted),
        folder=folder,
        points=tuple(point.axes for point in study.points),
    )
    marked = replace(material, rows=marked_designs(material.rows))
    parts = [instantiate(part, _convert_="all").write(marked) for part in node.get("reports") or []]
    parts += [_not_compared(material), _cost(study, material)]
    text = "\n\n".join([f"# {node['title']}", *parts])
    path = folder / "report.md"
    path.write_text(text + "\n", encoding="utf-8")
    return f"\n{text}\n\nreport     {path}"


def marked_designs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which chosen training measurements are marked, in the name of the predictor.

    Scores with chosen and with random training measurements are never in one group then.

    Parameters
    ----------
    rows : pandas.DataFrame
        The rows of ``results.parquet``.

    Examples
    --------
    >>> rows = {"axis.predictor": ["best", "best"], "identity.train": ["random", "design"]}
    >>> marked_designs(pd.DataFrame(rows))["axis.predictor"].tolist()
    ['best', 'best (train=design)']
    """
    if "identity.train" not in rows or "axis.predictor" not in rows:
        return rows
    design = rows["identity.train"] == "design"
    named = rows["axis.predictor"].where(~design, rows["axis.predictor"] + " (train=design)")
    return rows.assign(**{"axis.predictor": named})


def _not_compared(material: Material) -> str:
    """List the datasets that are missing, estimated, or used with other accuracies."""
    lines = [f"- {label}: {error.problem}" for label, error in material.absent.items()]
    lines += [f"- {label}: ESTIMATED by a model" for label in sorted(material.estimated)]
    other = sorted(material.other_accuracies.items())
    lines += [f"- {label}: with accuracies on {image_set}" for label, image_set in other]
    if not lines:
        return "All datasets of this study are here and measured."
    remedies = {error.remedy for error in material.absent.values() if error.remedy is not None}
    lines += ["", *(f"Try: {remedy}" for remedy in sorted(remedies))]
    return "\n".join(["## Datasets that are not compared with published values", "", *lines])


def _cost(study: Study, material: Material) -> str:
    """State the CPU hours of what has run, and extrapolate them to the whole grid."""
    rows = material.rows
    columns = [str(column) for column in rows.columns]
    spent = rows.drop_duplicates([c for c in columns if c.startswith("axis.")])
    axes = [a for a in ("predictor", "n_train", "n_candidates") if f"axis.{a}" in columns]
    # The cost of grid points that were taken from earlier runs was not recorded here.
    ran = spent[spent["cpu_seconds"] > 0]
    if ran.empty:
        return "## Cost\n\nEvery grid point was taken from earlier runs."
    # Grids may have different axes. A grid point without an axis has None there, a row has NaN.
    keys = [tuple(None if pd.isna(v) else v for v in key) for key in _keys(ran, axes)]
    mean_seconds = ran.groupby(pd.Series(keys, index=ran.index))["cpu_seconds"].mean().to_dict()
    whole, unknown = 0.0, 0
    for point in study.points:
        seconds = mean_seconds.get(tuple(point.axes.get(axis) for axis in axes))
        whole += seconds or 0.0
        unknown += seconds is None
    text = (
        f"{len(spent):,} of {len(study.points):,} grid points are done, "
        f"{ran['cpu_seconds'].sum() / 3600:.3f} CPU hours. The whole grid takes "
        f"{whole / 3600:.2f} CPU hours, if each grid point costs as much as the mean of those with "
        f"the same {' and '.join(axes)}"
    )
    if unknown:
        text += f"; this leaves out {unknown:,} grid points of a kind that has not run yet"
    return f"## Cost\n\n{text}."


def _keys(rows: pd.DataFrame, axes: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return rows[[f"axis.{axis}" for axis in axes]].itertuples(index=False, name=None)
