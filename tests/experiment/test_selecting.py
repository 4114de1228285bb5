"""The choice under a limit and the values measured on the device, in results and files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from hwnas.dataset import Table
from hwnas.encoding import Operations
from hwnas.experiment import Result, Split
from hwnas.experiment._report import report
from hwnas.experiment._result import Details
from hwnas.experiment._selecting import selection_scores
from hwnas.experiment._tables import save_selected
from hwnas.metric import Metric
from hwnas.predictor import Predictor
from hwnas.selection import CandidateSet, Constrained, Selection, Selector, select_front
from tests.commands import in_process
from tests.experiment.test_run import SMALL, result_of
from tests.experiment.test_split import table


def details(table: Table, selection: Selection) -> Details:
    """Return the details of an experiment whose predictions equal the true values."""
    rows = np.arange(len(table))
    predictor = Predictor(table.space, Operations(), LinearRegression())
    return Details(table, Split(table, rows, rows), predictor, table.values, selection, rows, ())


def test_selection_scores_with_limit_names_the_chosen_architecture() -> None:
    whole = table(50)
    rank = whole.space.rank(whole.architectures)
    # Odd rows were measured, and even rows are copies of them. The accuracy of row 3 is unknown.
    accuracy = np.linspace(10.0, 90.0, 50)
    accuracy[3] = np.nan
    halves = replace(whole, representative=np.repeat(rank[1::2], 2), accuracy=accuracy)
    candidates = CandidateSet.of(halves)
    rows = candidates.rows
    assert rows.tolist() == [1, *range(5, 50, 2)]

    predicted = halves.values + 0.5
    chosen = select_front(accuracy[rows], halves.values[rows], predicted[rows])
    named = selection_scores(
        replace(chosen, constraint=Constrained(2, 0.9, False, True, 1.0)), candidates, predicted
    )["constraint"]
    assert named == {
        "architecture": halves.space.to_strings(halves.architectures)[7],
        "predicted": 7.5,
        "true": 7.0,
        "accuracy_percent": accuracy[7],
        # The accuracies have no known number of classes, so there is no chance level.
        "below_twice_chance": False,
        "probability": 0.9,
        "violated": False,
        "dominated": True,
        "reduction_percent": 1.0,
    }
    nothing = replace(chosen, constraint=Constrained(None, 0.0, False, False, float("nan")))
    assert selection_scores(nothing, candidates, predicted)["constraint"]["architecture"] is None
    assert "constraint" not in selection_scores(chosen, candidates, predicted)


def test_save_selected_verify_device_has_both_values(tmp_path: Path) -> None:
    # By the values measured on the device, row 1 dominates row 0. By those of the table it does
    # not.
    speed = replace(table(4), values=np.array([4.0, 2.0, 8.0, 1.0]))
    accuracy = np.array([80.0, 90.0, 70.0, 60.0])
    speed = replace(speed, accuracy=accuracy, metric=Metric("speed", "1/s", "maximize"))
    on_device = np.array([3.0, 5.0, 16.0, 0.0])
    selection = Selector(verify="device").run(
        accuracy,
        -speed.values,
        -speed.values,
        np.random.default_rng(0),
        measure=lambda rows: -on_device[rows],
    )
    file = tmp_path / "selected.csv"
    save_selected(file, details(speed, selection))
    rows = list(csv.DictReader(file.open()))
    columns = ("true_1/s", "measured_1/s", "verified")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("2.0", "5.0", "True"),
        ("4.0", "3.0", "False"),
        ("8.0", "16.0", "True"),
    ]
    # The ratios of measured value and table's value are 2.5, 0.75 and 2.
    device_scores = selection_scores(selection, CandidateSet.of(speed), speed.values)["device"]
    assert device_scores == {"n_measured": 3, "median_ratio": 2.0}


def test_save_selected_verify_table_has_no_measured_values(tmp_path: Path) -> None:
    whole = replace(table(4), accuracy=np.array([80.0, 90.0, 70.0, 60.0]))
    assert whole.accuracy is not None
    selection = Selector().run(whole.accuracy, whole.values, whole.values, np.random.default_rng(0))
    save_selected(tmp_path / "x.csv", details(whole, selection))
    assert "measured_ms" not in (tmp_path / "x.csv").read_text()
    assert "device" not in selection_scores(selection, CandidateSet.of(whole), whole.values)


@pytest.mark.thorough
def test_run_verify_device_reports_the_measurements(tmp_path: Path) -> None:
    run = in_process(
        "run", "tracking=off", "tuning=none", *SMALL[1:], "selection.verify=device",
        "selection.n_candidates=40", f"paths.outputs={tmp_path}",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    folder, result = result_of(run.stdout)
    selection: dict[str, Any] = result["selection"]
    device = selection["device"]
    assert device["n_measured"] == selection["n_selected"]
    assert f"verified on the device: {device['n_measured']} measured on this machine" in run.stdout
    rows = list(csv.DictReader((folder / "selected.csv").open()))
    ratios = [float(row["measured_ms"]) / float(row["true_ms"]) for row in rows]
    assert device["median_ratio"] == float(np.median(ratios))
    without = {key: value for key, value in selection.items() if key != "device"}
    assert "verified on the device" not in report(
        Result.from_dict(result | {"selection": without}), folder
    )
