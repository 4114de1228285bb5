"""A day of an edge engineer: from a CSV file as it is to predictions of networks not measured."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import hwnas as api
from tests.commands import Hwnas
from tests.tables_of_users import bundled, rows


def _write_board(path: Path) -> None:
    """Write 40 networks: rounded values with ties, a failure, and one network measured thrice."""
    measured = [(string, f"{float(value):.1f}", share) for string, value, share in rows(40)]
    first, second = measured[0], measured[1]
    measured[1] = (second[0], "OOM", second[2])
    measured += [(first[0], "90.0", first[2]), (first[0], first[1], first[2])]
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(
        [("architecture", "latency_ms", "accuracy"), *measured]
    )
    # As a spreadsheet saves it: with a byte order mark and Windows line ends.
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())


def test_engineer_fits_and_predicts_from_a_csv_with_ties_a_failure_and_a_repeated_row(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write_board(tmp_path / "my board.csv")

    table = api.load_dataset("csv", path="my board.csv")
    assert (table.device, table.metric.unit, len(table)) == ("my_board", "ms", 39)
    assert len(np.unique(table.values)) < len(table)
    # The median of three measurements leaves the one that is far off.
    assert table.values[0] == float(f"{float(rows(40)[0][1]):.1f}")
    assert table.provenance.details["rows"] == 42
    assert table.provenance.details["without_value"] == 1
    assert table.provenance.details["repeated"] == {
        "architectures": 1,
        "rows": 3,
        "most_rows": 3,
        "statistic": "median",
    }

    fitted = hwnas("fit", "table=my board.csv", "predictor=best", "out=board.hwnas")
    assert fitted.returncode == 0, fitted.stderr
    assert "fitted to all 39 measurements of my_board latency [ms]" in fitted.stdout
    assert "1 architecture was measured several times and counts with the median" in fitted.stdout
    assert "Kendall's tau" in fitted.stdout

    shown = hwnas("show", "board.hwnas").stdout
    assert table.provenance.sha256 in shown
    assert "latency [ms]" in shown

    others = rows(200, seed=1)
    (tmp_path / "architectures.txt").write_text("\n".join(string for string, _, _ in others))
    predicted = hwnas("predict", "board.hwnas", "architectures.txt")
    assert predicted.returncode == 0, predicted.stderr
    answers = list(csv.DictReader(io.StringIO(predicted.stdout)))
    assert [answer["architecture"] for answer in answers] == [string for string, _, _ in others]
    numbers = {name: [float(a[name]) for a in answers] for name in ("value", "lower", "upper")}
    true = np.array([float(value) for _, value, _ in others])
    assert api.score(true, np.array(numbers["value"]))["kendall_tau"] > 0.75
    inside = (np.array(numbers["lower"]) <= true) & (true <= np.array(numbers["upper"]))
    assert inside.mean() > 0.7

    # The numbers of the command and of Python are the same.
    loaded = api.load_predictor("board.hwnas")
    value, std = loaded.predict([others[0][0]], return_std=True)
    assert f"{value[0]:.6g}" == answers[0]["value"]
    assert f"{std[0]:.6g}" == answers[0]["std"]
    assert loaded.metadata_["cross_validated"]["n"] == 39


def test_run_of_a_growing_table_keeps_both_results(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board, lines = tmp_path / "board.csv", rows(60)
    command = ("run", "table=board.csv", "tracking=off", "tuning=none", "selection=none")
    sizes = []
    for n in (50, 60):
        with board.open("w", newline="") as file:
            csv.writer(file).writerows([("architecture", "latency_ms", "accuracy"), *lines[:n]])
        finished = hwnas(*command)
        assert finished.returncode == 0, finished.stderr
    for path in (tmp_path / "outputs").rglob("result.json"):
        identity = json.loads(path.read_text())["identity"]
        sizes.append((identity["device"], identity["n_train"], identity["n_test"]))
    assert sorted(sizes) == [("board", 38, 12), ("board", 45, 15)]


def test_bundled_table_has_the_rows_of_these_tests() -> None:
    assert len(bundled()) == 15_625
