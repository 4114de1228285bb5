"""Several experiments in one command: a line for each job, and one table."""

from __future__ import annotations

from pathlib import Path

from tests.commands import in_process

SMALL = (
    *("tuning=none", "selection=none", "tracking=off", "artifacts=result", "intervals=false"),
    *("n_test=50", "dataset=hwnas/fpga"),
)


def test_multirun_finished_and_failed_jobs_end_in_one_table(tmp_path: Path) -> None:
    arguments = ("run", "-m", "n_train=25,700000", *SMALL, f"paths.outputs={tmp_path}")
    run = in_process(*arguments)
    assert run.returncode == 2
    jobs, _, table = run.stdout.partition("\n\n")
    assert jobs.startswith("n_train=25: τ 0.")
    assert "fpga latency [ms], ESTIMATED, n_train=25\nridge          1  0." in table
    assert "1 of 2 jobs failed:\n  n_train=700000: n_train=700000 and" in table

    again = in_process(*arguments)
    assert again.stdout.count("(finished before)") == 1
    assert again.stdout.partition("\n\n")[2] == table
    assert not list((tmp_path / ".hydra").glob(".jobs.*"))
