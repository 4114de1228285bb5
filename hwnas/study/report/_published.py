"""Published figures beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hwnas.study.report._report import Material

AGREES = "agrees"


def compare(material: Material) -> str:
    """Return a Markdown table of each published figure, ours, and whether they agree.

    A figure without ``data`` is a mean over data sets: it is compared only where all of them are
    here, measured, and selected from by the accuracies that it is about. What stand-ins give is
    printed too, and judged by nobody.
    """
    published = material.published
    if not published:
        return ""
    tolerance = float(published["tolerance"])
    head = [
        "## Published figures beside ours",
        "",
        f"Source: {published['source']}. Tolerance ±{tolerance:g}.",
        "",
        "| figure | published | ours | verdict | on stand-ins |",
        "|---|---|---|---|---|",
    ]
    lines, judged = [], []
    for entry in published["figures"]:
        ours, verdict = _judge(material, entry, tolerance)
        judged.append(verdict)
        lines.append(
            f"| {_name(entry)} | {entry['value']:g} | {_number(ours)} | {verdict} | "
            f"{_number(_stand_ins(material, entry))} |"
        )
    agree = judged.count(AGREES)
    compared = agree + sum(verdict.startswith("off") for verdict in judged)
    count = f"{agree} of {compared} compared figures agree; {len(judged) - compared} not compared."
    other = sorted(set(_stand_in_rows(material)["axis.data"]))
    if other:
        count += f" Stand-ins, other data that say nothing for or against: {', '.join(other)}."
    return "\n".join([*head, *lines, "", count])


def _judge(
    material: Material, entry: Mapping[str, Any], tolerance: float
) -> tuple[float | None, str]:
    labels = [entry["where"]["data"]] if "data" in entry["where"] else list(material.wanted)
    gone = [label for label in labels if label in material.absent]
    if gone:
        return None, f"data not here ({len(gone)} of {len(labels)})"
    if material.estimated & set(labels):
        return None, "estimated values"
    if material.other_accuracies.keys() & set(labels):
        return None, "other accuracies"
    rows = _select(material.rows, entry["where"])
    rows = rows[rows["axis.data"].isin(labels)]
    if set(labels) - set(rows["axis.data"]):
        return None, "not run yet"
    ours = _mean(rows, entry)
    off = ours - float(entry["value"])
    return ours, AGREES if abs(off) <= tolerance else f"off by {off:+.3f}"


def _stand_ins(material: Material, entry: Mapping[str, Any]) -> float | None:
    if "data" in entry["where"]:
        return None
    rows = _select(_stand_in_rows(material), entry["where"])
    return None if rows.empty else _mean(rows, entry)


def _stand_in_rows(material: Material) -> pd.DataFrame:
    rows = material.rows
    if "axis.stand_in" not in rows:
        return rows.iloc[:0]
    other = rows["axis.data"].isin(material.other_accuracies)
    return rows[rows["axis.stand_in"].eq(True) & (rows["provenance.kind"] == "measured") & ~other]


def _select(rows: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    for key, value in where.items():
        column = f"axis.{key}" if f"axis.{key}" in rows else key
        rows = rows[rows[column] == value]
    return rows


def _mean(rows: pd.DataFrame, entry: Mapping[str, Any]) -> float:
    score = entry.get("score", "scores.kendall_tau")
    # Each data set counts once, however many of its seeds are done.
    return float(rows.groupby("axis.data")[score].mean().mean())


def _name(entry: Mapping[str, Any]) -> str:
    words = ", ".join(f"{key} {value}" for key, value in entry["where"].items())
    score = entry.get("score", "kendall_tau").rpartition(".")[2]
    return f"{words}: {score}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
