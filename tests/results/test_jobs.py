"""The record and the table of several jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwnas.errors import UserError
from hwnas.results import Jobs, find
from tests.results.written import write_result

ASKED = ("predictor=ridge,xgb", "seed=0,1", "intervals=false")


def test_jobs_print_compares_what_is_finished_and_lists_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = Jobs(tmp_path / "record" / "jobs.jsonl", ASKED)
    for seed in (0, 1):
        folder = write_result(tmp_path / f"ridge{seed}", seed=seed)
        jobs.finished(["predictor=ridge", f"seed={seed}", "intervals=False"], folder)
        jobs.failed(["predictor=xgb", f"seed={seed}", "intervals=False"], UserError("it is absent"))
    jobs.failed(["predictor=xgb", "seed=1", "intervals=False"], ValueError("first\nsecond"))
    jobs.print()
    text = capsys.readouterr().out
    assert "\nridge          2  0.805 ±0.007" in text
    assert "2 of 4 jobs failed:\n  predictor=xgb seed=0: it is absent\n" in text
    assert "  predictor=xgb seed=1: ValueError: first\n" in text


def test_jobs_summary_is_one_line_with_what_is_the_jobs_own(tmp_path: Path) -> None:
    (found,) = find([write_result(tmp_path / "ridge")])
    jobs = Jobs(tmp_path / "jobs.jsonl", ASKED)
    given = ["predictor=ridge", "seed=0", "intervals=False"]
    line = jobs.summary(given, found.result, "finished before; force=true runs it again")
    assert line == "predictor=ridge seed=0: τ 0.800, seconds 0.500  (finished before)"


def test_jobs_print_line_of_a_killed_job_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = Jobs(tmp_path / "jobs.jsonl", ASKED)
    (tmp_path / "jobs.jsonl").write_text('{"overrides": ["predictor=ri\n')
    jobs.failed(["predictor=xgb"], UserError("it is absent"))
    jobs.failed(["predictor=ridge"], UserError("it is absent"))
    jobs.print()
    assert "2 of 2 jobs failed" in capsys.readouterr().out
