"""The command ``hwnas results``."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hwnas.results import show
from tests.commands import Hwnas
from tests.results.written import write_result


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        write_result(tmp_path / "outputs" / f"ridge{seed}", seed=seed)
    write_result(tmp_path / "outputs" / "xgb", predictor="xgb")
    return tmp_path / "outputs"


@pytest.mark.usefixtures("outputs")
def test_results_prints_one_table_of_the_default_folder(hwnas: Hwnas) -> None:
    run = hwnas("results", "predictor=ridge")
    assert run.returncode == 0, run.stderr
    assert "ridge          2  0.805 ±0.007" in run.stdout
    assert "xgb" not in run.stdout
    assert "2 results" in run.stdout


def test_results_as_csv_has_a_row_for_each(hwnas: Hwnas, outputs: Path) -> None:
    run = hwnas("results", str(outputs), "--csv")
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert [row["seed"] for row in rows] == ["0", "1", "0"]
    assert rows[1]["scores.kendall_tau"] == "0.81"
    assert Path(rows[2]["folder"]) == outputs / "xgb"


def test_results_as_parquet_has_a_row_for_each(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written))
    show([outputs], ["seed=0"], form="parquet")
    rows = pq.read_table(io.BytesIO(written.getvalue())).to_pylist()
    assert [(row["predictor"], row["n_train"]) for row in rows] == [("ridge", 124), ("xgb", 124)]


@pytest.mark.usefixtures("outputs")
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["predictor=rigde"], "did you mean 'ridge'?"),
        (["n_trian=5"], "did you mean 'n_train'?"),
        (["nowhere"], "nowhere: there is no such folder"),
        (["--csv", "--parquet"], "not allowed with argument"),
        (["--sort", "tua"], "--sort: no 'tua'; did you mean 'tau'?"),
    ],
)
def test_results_mistake_is_one_line(hwnas: Hwnas, arguments: list[str], problem: str) -> None:
    run = hwnas("results", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert problem in run.stderr
    assert run.stderr.count("\n") == 1


def test_results_nothing_finished_says_what_to_run(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = hwnas("results")
    assert run.returncode == 2
    assert "outputs: nothing is finished yet. Try: " in run.stderr
