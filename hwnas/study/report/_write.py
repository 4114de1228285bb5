"""Writing the report of a study: the parts that its YAML lists, or those that suit its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from hydra.utils import instantiate
from omegaconf import OmegaConf

from hwnas.errors import UserError
from hwnas.files import write_text
from hwnas.paths import elsewhere
from hwnas.study._cost import Costs
from hwnas.study._results import Row
from hwnas.study._study import Study, table_key
from hwnas.study.report._report import Material, Report
from hwnas.study.report._simulation import SelectionCost
from hwnas.study.report._train_sizes import TAU, TrainSizes

_MRA = "selection.mra_all_percent"
#: Headings and short remarks are shorter, notes are longer.
_LONG = 150


def parts_of(study: Study) -> list[Report] | None:
    """Return the parts of the report that the experiment's YAML lists; None if it lists none.

    Raises
    ------
    hydra.errors.InstantiationException
        If a ``_target_`` does not exist or does not take an argument.
    """
    node = OmegaConf.to_container(study.cfg.experiment, resolve=True)
    assert isinstance(node, dict)
    listed = node.get("reports")
    if listed is None:
        return None
    return [instantiate(part, _convert_="all") for part in listed]


def suited_parts(rows: pd.DataFrame) -> list[Report]:
    """Return the parts of a report that suit the results of a study.

    Parameters
    ----------
    rows : pandas.DataFrame
        The rows of ``results.parquet``.
    """
    parts: list[Report] = []
    if TAU in rows:
        parts.append(TrainSizes())
    if _MRA in rows and rows[_MRA].notna().any():
        parts.append(
            TrainSizes(_MRA, "MRA of the selection [percentage points]", lowest_is_best=True)
        )
    if "sigma" in rows:
        parts.append(SelectionCost())
    return parts


def write_report(study: Study, rows: Sequence[Row], costs: Costs) -> tuple[str, Path]:
    """Write the folder ``report`` of a study.

    Parameters
    ----------
    study : Study
    rows : sequence of dict
        The rows of ``results.parquet``.
    costs : Costs
        CPU seconds of the finished grid points.

    Returns
    -------
    text : str
        The content of ``report.md``.
    path : Path
        The path of that file.
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
        title=study.title,
        rows=with_axes(pd.DataFrame(rows)),
        published=node.get("published") or {},
        absent=absent,
        wanted=tuple(wanted),
        folder=folder,
        points=tuple(point.axes for point in study.points),
    )
    marked = replace(material, rows=marked_designs(material.rows))
    listed = parts_of(study)
    parts = suited_parts(marked.rows) if listed is None else listed
    texts = [part.write(marked) for part in parts]
    texts += [_not_compared(material), _cost(study, costs)]
    text = _without_repeats("\n\n".join([f"# {material.title}", *texts]))
    path = folder / "report.md"
    write_text(path, text + "\n", elsewhere("outputs"))
    return text, path


def _without_repeats(text: str) -> str:
    """Drop long paragraphs that were there before: parts with other scores have the same notes."""
    paragraphs = [each.strip("\n") for each in text.split("\n\n")]
    found: list[str] = []
    for each in paragraphs:
        if each and (each not in found or len(each) < _LONG):
            found.append(each)
    return "\n\n".join(found)


def with_axes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows that have the axes predictor and n_train, also if their grid does not.

    Parameters
    ----------
    rows : pandas.DataFrame
        The rows of ``results.parquet``.

    Examples
    --------
    >>> rows = pd.DataFrame({"axis.seed": [0], "identity.predictor": ["ridge"]})
    >>> with_axes(rows)["axis.predictor"].tolist()
    ['ridge']
    """
    for name in ("predictor", "n_train"):
        axis, own = f"axis.{name}", f"identity.{name}"
        if own not in rows:
            continue
        # Another grid of the study may have the axis. Its rows keep their labels.
        labels = rows[axis] if axis in rows else rows[own]
        rows = rows.assign(**{axis: labels.where(labels.notna(), rows[own])})
    return rows


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
    head = "Datasets that are missing or estimated"
    if material.published:
        head = "Datasets that are not compared with published values"
    return "\n".join([f"## {head}", "", *lines])


def _cost(study: Study, costs: Costs) -> str:
    """State the CPU hours of what has run, and extrapolate them to the whole grid."""
    # The cost of grid points that were taken from earlier runs was not recorded here.
    if not costs.means:
        return "## Cost\n\nEvery grid point was taken from earlier runs."
    whole, n_unknown = costs.total(study.points)
    text = (
        f"{costs.n_done:,} of {len(study.points):,} grid points are done, "
        f"{costs.spent / 3600:.3f} CPU hours. The whole grid takes {whole / 3600:.2f} CPU hours, "
        "if each grid point costs as much as the mean of those of its kind: with the same "
        "predictor and the same numbers of training measurements and candidates"
    )
    if n_unknown:
        text += f"; this leaves out {n_unknown:,} grid points of a kind that has not run yet"
    return f"## Cost\n\n{text}."
