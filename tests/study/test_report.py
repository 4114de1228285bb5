"""Published figures beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hwnas.study._published import compare
from hwnas.study._report import Material
from hwnas.study._report_sizes import TrainSizes

ROWS = pd.DataFrame(
    [
        {"axis.predictor": p, "axis.data": d, "axis.n_train": n, "axis.seed": s,
         "axis.stand_in": True if d == "c" else None, "provenance.kind": kind,
         "scores.kendall_tau": tau + 0.01 * s}
        for p, d, n, tau, kind in [
            ("ridge", "a", 11, 0.5, "measured"),
            ("ridge", "b", 11, 0.7, "measured"),
            ("ridge", "c", 11, 0.9, "measured"),
            ("ridge", "a", 55, 0.6, "measured"),
            ("ridge", "b", 55, 0.8, "measured"),
            ("xgb", "a", 11, 0.3, "measured"),
        ]
        for s in (0, 2)
    ]
)  # fmt: skip


def material(figures: list[dict[str, Any]], folder: Path, **changes: Any) -> Material:
    defaults: dict[str, Any] = {
        "title": "A study",
        "rows": ROWS,
        "published": {"source": "somewhere", "tolerance": 0.02, "figures": figures},
        "absent": {},
        "wanted": ("a", "b"),
        "folder": folder,
    }
    return Material(**(defaults | changes))


def verdict(figure: dict[str, Any], folder: Path, **changes: Any) -> list[str]:
    text = compare(material([figure], folder, **changes))
    line = next(row for row in text.splitlines() if f"| {figure['value']:g} |" in row)
    return [cell.strip() for cell in line.strip("|").split("|")][2:]


RIDGE_11 = {"where": {"predictor": "ridge", "n_train": 11}}


def test_a_mean_over_data_sets_counts_each_once(tmp_path: Path) -> None:
    """(0.51 + 0.71) / 2: seeds are averaged first, the stand-in is not among them."""
    assert verdict({**RIDGE_11, "value": 0.62}, tmp_path) == ["0.610", "agrees", "0.910"]
    assert verdict({**RIDGE_11, "value": 0.64}, tmp_path) == ["0.610", "off by -0.030", "0.910"]


def test_a_mean_over_other_data_sets_is_not_compared(tmp_path: Path) -> None:
    gone = verdict({**RIDGE_11, "value": 0.61}, tmp_path, absent={"b": "not here"})
    assert gone == ["", "data not here (1 of 2)", "0.910"]
    half = {"where": {"predictor": "xgb", "n_train": 11}, "value": 0.31}
    assert verdict(half, tmp_path)[1] == "not run yet"


def test_stand_ins_are_named(tmp_path: Path) -> None:
    text = compare(material([{**RIDGE_11, "value": 0.61}], tmp_path))
    assert text.endswith("for or against: c.")
    measured = ROWS.drop(columns="axis.stand_in")
    assert "Stand-ins" not in compare(material([], tmp_path, rows=measured))


def test_one_data_set_is_compared_by_itself(tmp_path: Path) -> None:
    one = {"where": {"predictor": "xgb", "n_train": 11, "data": "a"}, "value": 0.3}
    assert verdict(one, tmp_path) == ["0.310", "agrees", ""]


def test_estimated_values_are_never_compared(tmp_path: Path) -> None:
    rows = ROWS.assign(**{"provenance.kind": "estimated"})
    assert verdict({**RIDGE_11, "value": 0.61}, tmp_path, rows=rows)[:2] == ["", "estimated values"]


def test_selections_by_other_accuracies_are_never_compared(tmp_path: Path) -> None:
    accuracies = {"provenance.accuracy_on": "digits", "provenance.accuracy_wanted": "cifar10"}
    rows = ROWS.assign(**accuracies)
    other = verdict({**RIDGE_11, "value": 0.61}, tmp_path, rows=rows)
    assert other == ["", "other accuracies", ""]
    same = ROWS.assign(**(accuracies | {"provenance.accuracy_on": "cifar10"}))
    assert verdict({**RIDGE_11, "value": 0.61}, tmp_path, rows=same)[1] == "agrees"


def test_curves_and_their_table(tmp_path: Path) -> None:
    text = TrainSizes().write(material([{**RIDGE_11, "value": 0.61}], tmp_path))
    table = pd.read_csv(tmp_path / "sizes.csv", index_col="predictor")
    assert table.loc["ridge", "55"] == pytest.approx(0.71)
    assert "| xgb | 0.310 |  |" in text
    assert (tmp_path / "sizes_centred.png").stat().st_size > 10_000
