"""The paper's published values beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hwnas.study.report._report import Material

AGREES, NO_DATA = "agrees", "no data"


def published_table(material: Material) -> str:
    """Return Markdown tables of the published values, ours, and whether they agree.

    A published value without the key ``data`` is a mean over datasets, and one with a list of
    datasets is the mean over these. It is compared only if results on all of them are there, the
    values are measured, and the accuracies are those of the wanted image sets. Our mean over
    stand-ins, datasets that the paper did not use, has a column of its own and is not compared.

    Whole tables of the paper (``tables``) have a row for each dataset and a column for each
    predictor and size. A cell holds the published value and ours, or why they are not compared.
    """
    published = material.published
    if not published:
        return ""
    tolerance = float(published["tolerance"])
    head = ["## Published values beside ours", ""]
    head += [f"Source: {published['source']}. Tolerance ±{tolerance:g}.", ""]
    lines, verdicts = _figures(material, published["figures"], tolerance)
    for table in published.get("tables") or []:
        more_lines, more_verdicts = _whole_table(material, table, tolerance)
        lines += ["", *more_lines]
        verdicts += more_verdicts
    agree = verdicts.count(AGREES)
    compared = agree + sum(verdict.startswith("off") for verdict in verdicts)
    no_data = sum(verdict.startswith(NO_DATA) for verdict in verdicts)
    text = (
        f"{agree} of {compared} compared values agree; {len(verdicts) - compared} not compared, "
        f"{no_data} of them because there are no data."
    )
    stand_ins = sorted(set(_stand_in_rows(material)["axis.data"]))
    if stand_ins:
        text += f" Stand-ins are datasets that the paper did not use: {', '.join(stand_ins)}."
    return "\n".join([*head, *lines, "", text])


def _figures(
    material: Material, figures: Sequence[Mapping[str, Any]], tolerance: float
) -> tuple[list[str], list[str]]:
    """Return the lines of the table of single published values, and their verdicts."""
    lines = ["| score | published | ours | verdict | ours on stand-ins |", "|---|---|---|---|---|"]
    verdicts = []
    for entry in figures:
        ours, verdict = _judge(material, entry, tolerance)
        verdicts.append(verdict)
        lines.append(
            f"| {_name(entry)} | {entry['value']:g} | {_number(ours)} | {verdict} | "
            f"{_number(_mean_over_stand_ins(material, entry))} |"
        )
    return lines, verdicts


def _whole_table(
    material: Material, table: Mapping[str, Any], tolerance: float
) -> tuple[list[str], list[str]]:
    """Return the lines of a whole table of the paper, and the verdicts of its values."""
    columns = table["columns"]
    titles = (" ".join(map(str, column["where"].values())) for column in columns)
    lines = [f"{table['title']}, as published / ours:", "", f"| dataset | {' | '.join(titles)} |"]
    lines.append("|---|" + "---|" * len(columns))
    verdicts = []
    for data, values in table["rows"].items():
        cells = []
        for column, value in zip(columns, values, strict=True):
            entry = {**column, "where": {**column["where"], "data": data}, "value": value}
            ours, verdict = _judge(material, entry, tolerance)
            verdicts.append(verdict)
            shown = verdict if ours is None else f"{ours:.3f}"
            off = "" if ours is None or verdict == AGREES else " (off)"
            cells.append(f"{value:.3f} / {shown}{off}")
        lines.append(f"| {data} | {' | '.join(cells)} |")
    return lines, verdicts


def _judge(
    material: Material, entry: Mapping[str, Any], tolerance: float
) -> tuple[float | None, str]:
    """Return our value for a published one, and whether they agree or why they are not compared."""
    given = entry["where"].get("data", list(material.wanted))
    labels = given if isinstance(given, list) else [given]
    absent = [label for label in labels if label in material.absent]
    if absent:
        share = f" ({len(absent)} of {len(labels)} datasets)" if len(labels) > 1 else ""
        return None, f"{NO_DATA}{share}"
    if material.estimated & set(labels):
        return None, "estimated values"
    if material.other_accuracies.keys() & set(labels):
        return None, "other accuracies"
    where = {key: value for key, value in entry["where"].items() if key != "data"}
    rows = _matching(material.rows, where)
    rows = rows[rows["axis.data"].isin(labels)]
    if set(labels) - set(rows["axis.data"]):
        return None, "not run yet"
    ours = _mean(rows, entry)
    off = ours - float(entry["value"])
    return ours, AGREES if abs(off) <= tolerance else f"off by {off:+.3f}"


def _mean_over_stand_ins(material: Material, entry: Mapping[str, Any]) -> float | None:
    if "data" in entry["where"]:
        return None
    rows = _matching(_stand_in_rows(material), entry["where"])
    return None if rows.empty else _mean(rows, entry)


def _stand_in_rows(material: Material) -> pd.DataFrame:
    rows = material.rows
    if "axis.stand_in" not in rows:
        return rows.iloc[:0]
    stand_in = rows["axis.stand_in"].eq(True)
    other = rows["axis.data"].isin(material.other_accuracies)
    return rows[stand_in & (rows["provenance.kind"] == "measured") & ~other]


def _matching(rows: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    for key, value in where.items():
        column = f"axis.{key}" if f"axis.{key}" in rows else key
        rows = rows[rows[column] == value]
    return rows


def _mean(rows: pd.DataFrame, entry: Mapping[str, Any]) -> float:
    score = entry.get("score", "scores.kendall_tau")
    # Each dataset has the same weight, although the number of finished seeds may differ.
    return float(rows.groupby("axis.data")[score].mean().mean())


def _name(entry: Mapping[str, Any]) -> str:
    words = entry.get("label")
    if words is None:
        words = ", ".join(f"{key} {value}" for key, value in entry["where"].items())
    score = entry.get("score", "kendall_tau").rpartition(".")[2]
    return f"{words}: {score}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
