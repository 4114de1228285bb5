"""Several experiments in one command: a line for each job, and one table."""

from __future__ import annotations

from pathlib import Path

from tests.commands import Hwnas, in_process

SMALL = (
    *("tuning=none", "selection=none", "tracking=off", "artifacts=result", "intervals=false"),
    *("n_test=50", "dataset=hwnas/fpga"),
)


def test_multirun_finished_and_failed_jobs_end_in_one_table(tmp_path: Path) -> None:
    arguments = ("run", "-m", "n_train=25,700000", "seed=0,1", *SMALL, f"paths.outputs={tmp_path}")
    run = in_process(*arguments)
    assert run.returncode == 2
    lines, _, table = run.stdout.partition("\n\n")
    assert [line.partition(":")[0] for line in lines.splitlines()] == [
        "n_train=25 seed=0",
        "n_train=25 seed=1",
    ]
    assert "fpga latency [ms], ESTIMATED, n_train=25\nridge          2  0." in table
    assert "2 of 4 jobs failed:\n  n_train=700000 seed=0: n_train=700000 and" in table

    again = in_process(*arguments)
    assert again.stdout.count("(finished before)") == 2
    assert again.stdout.partition("\n\n")[2] == table
    assert not list((tmp_path / ".hydra").glob("jobs-*"))


def test_multirun_jobs_in_other_processes_end_in_one_table(hwnas: Hwnas, tmp_path: Path) -> None:
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    given = ("predictor=ridge,lin_reg", "n_train=25", *SMALL, f"paths.outputs={tmp_path}")
    run = hwnas("run", "-m", *given, *joblib)
    assert run.returncode == 0, run.stderr
    assert "n_train=25\n" in run.stdout
    assert {line.split()[0] for line in run.stdout.splitlines()} >= {"ridge", "lin_reg"}
