"""The report of a study: tables and figures, published figures beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from hydra.utils import instantiate
from omegaconf import OmegaConf

from hwnas.errors import UserError
from hwnas.study._results import Row
from hwnas.study._study import Study, table_of


@dataclass(frozen=True)
class Material:
    """What a report is made of.

    Parameters
    ----------
    title : str
    rows : pandas.DataFrame
        As in ``results.parquet``.
    published : mapping
        The experiment's ``published`` node: figures of the study that is reproduced.
    absent : mapping of str to str
        By label of the axis ``data``: why it is not here.
    wanted : tuple of str
        Labels of the data that the published figures are about, here or not.
    folder : Path
        Where tables and figures go.
    """

    title: str
    rows: pd.DataFrame
    published: Mapping[str, Any]
    absent: Mapping[str, str]
    wanted: tuple[str, ...]
    folder: Path

    @property
    def estimated(self) -> set[str]:
        """Labels of the data whose values a model computed."""
        kinds = self.rows.groupby("axis.data")["provenance.kind"].first()
        return set(kinds.index[kinds == "estimated"])

    @property
    def other_accuracies(self) -> dict[str, str]:
        """By label of the data: the image set of accuracies that stand in for the wanted one's."""
        if "provenance.accuracy_on" not in self.rows:
            return {}
        on, wanted = (self.rows[f"provenance.accuracy_{name}"] for name in ("on", "wanted"))
        return dict(zip(self.rows["axis.data"][on != wanted], on[on != wanted], strict=True))


class Report(Protocol):
    """One part of a report, named in an experiment's ``reports``."""

    def write(self, material: Material) -> str:
        """Write its tables and figures; return Markdown to read."""


def report(study: Study, rows: Sequence[Row]) -> str:
    """Write ``report/`` in the study's folder; return the text of ``report.md``."""
    folder = study.folder / "report"
    folder.mkdir(parents=True, exist_ok=True)
    node = OmegaConf.to_container(study.cfg.experiment, resolve=True)
    assert isinstance(node, dict)
    reasons = {
        str(point.axes["data"]): str(study.tables[table_of(point)])
        for point in study.points
        if isinstance(study.tables[table_of(point)], UserError)
    }
    wanted = dict.fromkeys(
        str(point.axes["data"]) for point in study.points if not point.axes.get("stand_in")
    )
    material = Material(
        title=node["title"],
        rows=pd.DataFrame(rows),
        published=node.get("published") or {},
        absent=reasons,
        wanted=tuple(wanted),
        folder=folder,
    )
    parts = [instantiate(part).write(material) for part in node.get("reports") or []]
    text = "\n\n".join([f"# {node['title']}", *parts, _absent(material), _cost(study, material)])
    path = folder / "report.md"
    path.write_text(text + "\n", encoding="utf-8")
    return f"\n{text}\n\nreport     {path}"


def _absent(material: Material) -> str:
    absent = material.absent.items()
    lines = [f"- {label}: {reason.partition('. Try')[0]}" for label, reason in absent]
    if material.estimated:
        lines += [f"- {label}: ESTIMATED by a model" for label in sorted(material.estimated)]
    other = sorted(material.other_accuracies.items())
    lines += [f"- {label}: with accuracies on {image_set}" for label, image_set in other]
    if not lines:
        return "All data of this study are here."
    remedy = {reason.partition("Try: ")[2] for _, reason in absent} - {""}
    lines += ["", *(f"Try: {step}" for step in sorted(remedy))]
    return "\n".join(["## Not compared, because the data are not here", "", *lines])


def _cost(study: Study, material: Material) -> str:
    """State the CPU hours of what is done, and what the whole grid costs at that rate."""
    rows = material.rows
    columns = [str(column) for column in rows.columns]
    spent = rows.drop_duplicates([c for c in columns if c.startswith("axis.")])
    axes = [a for a in ("axis.predictor", "axis.n_train", "axis.n_candidates") if a in columns]
    # Grid points that were taken from an earlier run cost nothing and say nothing about the rate.
    ran = spent[spent["cpu_seconds"] > 0]
    if ran.empty:
        return "## Cost\n\nEvery grid point was taken from earlier runs."
    rate = ran.groupby(axes)["cpu_seconds"].mean() if axes else None
    whole, unknown = 0.0, 0
    for point in study.points:
        key = tuple(point.axes[axis.removeprefix("axis.")] for axis in axes)
        seconds = rate.get(key if len(key) > 1 else key[0]) if rate is not None else None
        whole += float(seconds) if seconds is not None else 0.0
        unknown += seconds is None
    text = (
        f"{len(spent):,} of {len(study.points):,} grid points are done, "
        f"{ran['cpu_seconds'].sum() / 3600:.3f} CPU hours. At the same cost a grid point of "
        f"{' and '.join(axis.removeprefix('axis.') for axis in axes)}, the whole grid takes "
        f"{whole / 3600:.2f} CPU hours"
    )
    if unknown:
        text += f" (without {unknown:,} grid points of which none has run yet)"
    return f"## Cost\n\n{text}."
