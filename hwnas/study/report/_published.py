"""The paper's published values beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hwnas.study.report._report import Material

AGREES = "agrees"


def published_table(material: Material) -> str:
    """Return a Markdown table of the published values, ours, and whether they agree.

    A published value without the key ``data`` is a mean over datasets. It is compared only if
    results on all of them are there, the values are measured, and the accuracies are those of the
    wanted image sets. Our mean over stand-ins, datasets that the paper did not use, has a column of
    its own and is not compared.
    """
    published = material.published
    if not published:
        return ""
    tolerance = float(published["tolerance"])
    head = [
        "## Published values beside ours",
        "",
        f"Source: {published['source']}. Tolerance ±{tolerance:g}.",
        "",
        "| score | published | ours | verdict | ours on stand-ins |",
        "|---|---|---|---|---|",
    ]
    lines, verdicts = [], []
    for entry in published["figures"]:
        ours, verdict = _judge(material, entry, tolerance)
        verdicts.append(verdict)
        lines.append(
            f"| {_name(entry)} | {entry['value']:g} | {_number(ours)} | {verdict} | "
            f"{_number(_mean_over_stand_ins(material, entry))} |"
        )
    agree = verdicts.count(AGREES)
    compared = agree + sum(verdict.startswith("off") for verdict in verdicts)
    text = f"{agree} of {compared} compared values agree; {len(verdicts) - compared} not compared."
    stand_ins = sorted(set(_stand_in_rows(material)["axis.data"]))
    if stand_ins:
        text += f" Stand-ins are datasets that the paper did not use: {', '.join(stand_ins)}."
    return "\n".join([*head, *lines, "", text])


def _judge(
    material: Material, entry: Mapping[str, Any], tolerance: float
) -> tuple[float | None, str]:
    """Return our value for a published one, and whether they agree or why they are not compared."""
    labels = [entry["where"]["data"]] if "data" in entry["where"] else list(material.wanted)
    absent = [label for label in labels if label in material.absent]
    if absent:
        return None, f"data not here ({len(absent)} of {len(labels)})"
    if material.estimated & set(labels):
        return None, "estimated values"
    if material.other_accuracies.keys() & set(labels):
        return None, "other accuracies"
    rows = _matching(material.rows, entry["where"])
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
    words = ", ".join(f"{key} {value}" for key, value in entry["where"].items())
    score = entry.get("score", "kendall_tau").rpartition(".")[2]
    return f"{words}: {score}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
