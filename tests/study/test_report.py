"""The report of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from hwnas.errors import UserError
from hwnas.study.report import FewShot, LookupAgainstLinear, Material, published_table
from hwnas.study.report._simulation import _SCORES, _table

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
    text = published_table(material([figure], folder, **changes))
    line = next(row for row in text.splitlines() if f"| {figure['value']:g} |" in row)
    return [column.strip() for column in line.strip("|").split("|")][2:]


RIDGE_11 = {"where": {"predictor": "ridge", "n_train": 11}}


def test_published_table_mean_over_datasets_weighs_each_once(tmp_path: Path) -> None:
    """The mean is (0.51 + 0.71) / 2: over seeds first, and without the stand-in."""
    assert verdict({**RIDGE_11, "value": 0.62}, tmp_path) == ["0.610", "agrees", "0.910"]
    assert verdict({**RIDGE_11, "value": 0.64}, tmp_path) == ["0.610", "off by -0.030", "0.910"]


def test_published_table_dataset_missing_is_not_compared(tmp_path: Path) -> None:
    gone = verdict({**RIDGE_11, "value": 0.61}, tmp_path, absent={"b": UserError("not here")})
    assert gone == ["", "no data (1 of 2 datasets)", "0.910"]
    half = {"where": {"predictor": "xgb", "n_train": 11}, "value": 0.31}
    assert verdict(half, tmp_path)[1] == "not run yet"


def test_published_table_stand_ins_are_listed(tmp_path: Path) -> None:
    text = published_table(material([{**RIDGE_11, "value": 0.61}], tmp_path))
    assert text.endswith("paper did not use: c.")
    measured = ROWS.drop(columns="axis.stand_in")
    assert "Stand-ins" not in published_table(material([], tmp_path, rows=measured))


def test_published_table_value_of_one_dataset_is_compared(tmp_path: Path) -> None:
    one = {"where": {"predictor": "xgb", "n_train": 11, "data": "a"}, "value": 0.3}
    assert verdict(one, tmp_path) == ["0.310", "agrees", ""]


def test_published_table_list_of_datasets_is_compared_with_their_mean(tmp_path: Path) -> None:
    where = {"predictor": "ridge", "n_train": 11, "data": ["a", "c"]}
    figure = {"where": where, "value": 0.71, "label": "two datasets"}
    assert verdict(figure, tmp_path) == ["0.710", "agrees", ""]
    absent = {"c": UserError("not here")}
    assert verdict(figure, tmp_path, absent=absent)[1] == "no data (1 of 2 datasets)"
    assert "| two datasets: kendall_tau |" in published_table(material([figure], tmp_path))


def test_published_table_whole_table_shows_every_cell(tmp_path: Path) -> None:
    """A cell without data says so, and counts among the values that are not compared."""
    table = {
        "title": "Table 3",
        "columns": [
            {"where": {"predictor": "ridge", "n_train": 11}},
            {"where": {"predictor": "xgb", "n_train": 11}},
        ],
        "rows": {"a": [0.5, 0.4], "gone": [0.3, 0.2]},
    }
    published = {"source": "somewhere", "tolerance": 0.02, "figures": [], "tables": [table]}
    absent = {"gone": UserError("not here")}
    text = published_table(material([], tmp_path, published=published, absent=absent))
    assert "| dataset | ridge 11 | xgb 11 |" in text
    assert "| a | 0.500 / 0.510 | 0.400 / 0.310 (off) |" in text
    assert "| gone | 0.300 / no data | 0.200 / no data |" in text
    assert "1 of 2 compared values agree; 2 not compared, 2 of them because" in text


def test_published_table_estimated_values_are_not_compared(tmp_path: Path) -> None:
    rows = ROWS.assign(**{"provenance.kind": "estimated"})
    assert verdict({**RIDGE_11, "value": 0.61}, tmp_path, rows=rows)[:2] == ["", "estimated values"]


def test_published_table_other_accuracies_are_not_compared(tmp_path: Path) -> None:
    accuracies = {"provenance.accuracy_on": "digits", "provenance.accuracy_wanted": "cifar10"}
    rows = ROWS.assign(**accuracies)
    other = verdict({**RIDGE_11, "value": 0.61}, tmp_path, rows=rows)
    assert other == ["", "other accuracies", ""]
    same = ROWS.assign(**(accuracies | {"provenance.accuracy_on": "cifar10"}))
    assert verdict({**RIDGE_11, "value": 0.61}, tmp_path, rows=same)[1] == "agrees"


def test_lookup_dataset_with_fewer_seeds_is_marked(tmp_path: Path) -> None:
    rows = ROWS[(ROWS["axis.n_train"] == 11) & (ROWS["axis.data"] != "c")].drop(index=2)
    report = LookupAgainstLinear("xgb", "ridge", "scores.kendall_tau", n_train=11)
    text = report.write(material([], tmp_path, rows=rows))
    assert "| a | 0.310 | 0.510 |" in text
    assert "| b | | 0.720 [1 of 2 seeds] |" in text
    assert "a mean marked [n of m] covers fewer" in text


def test_simulation_table_fewer_grid_points_is_marked() -> None:
    scores = dict.fromkeys(["kendall_tau", *_SCORES], 0.5)
    points = [("architecture", 0.1), ("architecture", 0.1), ("sorted", 0.1)]
    rows = pd.DataFrame([{"pairing": p, "sigma": s, **scores} for p, s in points])
    text = _table(rows)
    assert "| architecture | 0.1 |" in text
    assert "| sorted | 0.1 [1 of 2 grid points] |" in text
    assert "a mean marked [n of m] covers fewer" in text
    assert "marked" not in _table(rows.iloc[:2])


def test_few_shot_random_and_chosen_measurements_have_rows_of_their_own(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"axis.predictor": predictor, "axis.data": "gpu", "axis.n_train": n, "axis.seed": seed,
         "scores_all.spearman": value + seed / 10, "interval.coverage": 0.9,
         "provenance.kind": "measured"}
        for predictor, n, value in [
            ("transfer", 3, 0.5), ("transfer", 10, 0.7), ("transfer (train=design)", 10, 0.8),
        ]
        for seed in (0, 1)
    )  # fmt: skip
    text = FewShot().write(material([], tmp_path, rows=rows, published={}))
    assert "| gpu | transfer | 0.550 ±0.071 | 0.750 ±0.071 |" in text
    assert "| gpu | transfer (train=design) |  | 0.850 ±0.071 |" in text
    assert "| gpu | transfer | 0.900 ±0.000 | 0.900 ±0.000 |" in text
    assert len(pd.read_csv(tmp_path / "few_shot.csv", header=[0, 1])) == 4
