"""The ledger of a study, and the jobs that write it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import Artifacts
from hwnas.study import GridPoint, Ledger, Outcome, expand
from hwnas.study._worker import run_job

POINTS = expand({"all": {"predictor": ["ridge", "xgb"], "seed": "0..3"}}, {}, [])
RIDGE = [point for point in POINTS if point.axes["predictor"] == "ridge"]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "points", tmp_path)


def job(tmp_path: Path, seeds: list[int]) -> DictConfig:
    """Return the configuration of a job whose task is `fakes.run`."""
    return OmegaConf.create(
        {
            "experiment": {"name": "fake", "task": "tests.study.fakes.run"},
            "seeds": seeds,
            "job": RIDGE[0].job,
            "paths": {"outputs": str(tmp_path)},
            "artifacts": Artifacts.result,
        }
    )


def seeds(points: object) -> list[int]:
    return sorted(point.seed for point in points)  # type: ignore[attr-defined]


def test_ledger_empty_everything_is_missing(ledger: Ledger) -> None:
    """A study that never ran must not read as complete."""
    progress = ledger.sort(POINTS)
    assert progress.missing == POINTS
    assert not progress.done
    assert not progress.failed


def test_ledger_some_recorded_the_others_are_missing(ledger: Ledger) -> None:
    ledger.write(RIDGE[0].job, Outcome(0, "done"))
    ledger.write(RIDGE[0].job, Outcome(2, "failed", error="why"))
    progress = ledger.sort(POINTS)

    assert list(progress.done) == [RIDGE[0]]
    assert list(progress.failed) == [RIDGE[2]]
    assert progress.missing == [point for point in POINTS if point not in (RIDGE[0], RIDGE[2])]


def test_ledger_outcomes_of_other_grid_points_are_ignored(ledger: Ledger) -> None:
    other = GridPoint(("predictor=mlp",), 0, {})
    for seed in range(100):
        ledger.write(other.job, Outcome(seed, "done"))
    assert ledger.sort(POINTS).missing == POINTS


def test_ledger_result_folder_deleted_is_missing(tmp_path: Path) -> None:
    run_job(job(tmp_path, [0]))
    written = Ledger(tmp_path / "studies" / "fake" / "points", tmp_path)
    assert list(written.sort(POINTS).done) == [RIDGE[0]]
    shutil.rmtree(tmp_path / "result0")
    assert written.sort(POINTS).missing == POINTS


def test_ledger_line_cut_off_is_missing_and_others_are_read(ledger: Ledger) -> None:
    name = RIDGE[0].job
    ledger.write(name, Outcome(0, "done"))
    path = ledger.folder / f"{name}.jsonl"
    path.write_bytes(path.read_bytes() + b'{"seed": 1, "sta')
    assert seeds(ledger.sort(RIDGE).done) == [0]
    ledger.write(name, Outcome(2, "done"))
    assert seeds(ledger.sort(RIDGE).done) == [0, 2]
    assert seeds(ledger.sort(RIDGE).missing) == [1, 3]


def test_ledger_several_outcomes_the_last_counts(ledger: Ledger) -> None:
    ledger.write(RIDGE[0].job, Outcome(0, "failed", error="why"))
    ledger.write(RIDGE[0].job, Outcome(0, "done"))
    assert seeds(ledger.sort(RIDGE).done) == [0]
    assert not ledger.sort(RIDGE).failed


def test_run_job_failing_seed_is_recorded_and_others_run(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    assert run_job(job(tmp_path, [0, 1, 2, 3])) == 1
    written = Ledger(tmp_path / "studies" / "fake" / "points", tmp_path)
    progress = written.sort(RIDGE)

    assert seeds(progress.done) == [0, 2, 3]
    (failed,) = progress.failed.values()
    assert failed.error == "FloatingPointError: diverged"
    assert failed.trace is not None
    assert "fakes.py" in failed.trace

    (tmp_path / "broken").unlink()
    assert run_job(job(tmp_path, [1])) == 0
    assert seeds(written.sort(RIDGE).done) == [0, 1, 2, 3]


def test_run_job_seeds_run_together_and_singly_after_a_failure(tmp_path: Path) -> None:
    run_job(job(tmp_path, [0, 2]))
    assert (tmp_path / "calls").read_text().splitlines() == ["[0, 2]"]
    (tmp_path / "broken").touch()
    run_job(job(tmp_path, [0, 1, 2]))
    assert (tmp_path / "calls").read_text().splitlines()[1:] == ["[0, 1, 2]", "[1]", "[2]"]


def test_run_job_single_failing_seed_runs_once(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    assert run_job(job(tmp_path, [1])) == 1
    assert (tmp_path / "calls").read_text().splitlines() == ["[1]"]
    written = Ledger(tmp_path / "studies" / "fake" / "points", tmp_path)
    assert seeds(written.sort(RIDGE).failed) == [1]


def test_ledger_result_folder_without_wanted_file_is_missing(ledger: Ledger) -> None:
    (ledger.outputs / "result0").mkdir()
    (ledger.outputs / "result0" / "result.json").touch()
    ledger.write(RIDGE[0].job, Outcome(0, "done", folder="result0"))
    assert seeds(ledger.sort(RIDGE).done) == [0]
    more = Ledger(ledger.folder, ledger.outputs, ("result.json", "predictions.parquet"))
    assert 0 in seeds(more.sort(RIDGE).missing)
    (ledger.outputs / "result0" / "predictions.parquet").touch()
    assert seeds(more.sort(RIDGE).done) == [0]
