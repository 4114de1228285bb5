"""The command ``sweep``: running studies, their status and their reports."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hwnas.errors import UserError
from hwnas.experiment import REVISIONS
from tests.commands import ROOT, in_process, python
from tests.study.sweeping import (
    CHEAP,
    ESTIMATED,
    QUICK,
    SIMULATION,
    SMALL_SIMULATION,
    Sweep,
    results,
)
from tests.tuning.journals import studies

EXPERIMENTS = [
    pytest.param(name, marks=[] if name == "quick" else [pytest.mark.thorough])
    for name in sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_sweep_every_experiment_runs(name: str, sweep: Sweep, tmp_path: Path) -> None:
    """The report composes the whole grid, so a predictor or key that was renamed fails here."""
    cheap: tuple[str, ...] = SIMULATION if name == "paper_simulation" else CHEAP
    if name == "paper_claims":
        cheap = (*cheap, *SIMULATION[len(ESTIMATED) :], "experiment.settings.live_sizes=[100]")
    run = sweep(f"experiment={name}", *cheap, "report=true")
    assert "failed     0\nmissing    0" in run.printed
    assert "ESTIMATED" in run.printed
    assert (tmp_path / "studies" / name / "report" / "report.md").read_text().startswith("# ")
    assert {row["provenance.kind"] for row in results(tmp_path, name)} == {"estimated"}
    if name == "paper_lut_table":
        check_each_remedy_is_listed_once(tmp_path / "studies" / name / "report" / "report.md")


def check_each_remedy_is_listed_once(report: Path) -> None:
    lines = report.read_text().splitlines()
    missing = [line for line in lines if line.startswith("- hwnas/") and "ESTIMATED" not in line]
    assert len(missing) > 2
    assert not any("Try" in line for line in missing)
    (remedy,) = (line for line in lines if line.startswith("Try: "))
    assert "fetch hwnas" in remedy


def test_sweep_some_missing_runs_those_only(sweep: Sweep, tmp_path: Path) -> None:
    some = (*QUICK, *CHEAP[:-1])
    assert sweep(*some, "seed=1").failed == 0
    finished = next(tmp_path.glob("nasbench201/**/result.json"))
    before = finished.stat().st_mtime_ns

    status = sweep("action=status", *some).printed
    assert "done       1\nfailed     0\nmissing    2" in status
    command = status.strip().splitlines()[-1].partition(" sweep ")[2]
    assert sweep(*shlex.split(command)).failed == 0
    assert "done       3\n" in sweep("action=status", *some).printed
    assert finished.stat().st_mtime_ns == before
    assert [row["axis.seed"] for row in results(tmp_path, "quick")] == [0, 1, 2]
    assert len((tmp_path / "studies/quick/commands.txt").read_text().splitlines()) == 2


def simulated(outputs: Path) -> dict[str, object]:
    (row, *_) = results(outputs, "paper_simulation")
    return row


def test_sweep_simulation_without_accuracies_names_the_image_set_used(
    sweep: Sweep, tmp_path: Path
) -> None:
    """Without nats_bench.csv, the accuracies are those of the bundled table, on digits."""
    run = sweep(*SMALL_SIMULATION, "report=true")
    row = simulated(tmp_path)
    assert str(row["data"]).endswith("latency (ImageNet16-120) + digits accuracy")
    assert (row["provenance.accuracy_on"], row["provenance.accuracy_wanted"]) == (
        "digits",
        "ImageNet16-120",
    )
    assert "with accuracies on digits" in run.printed


def test_sweep_simulation_single_trial_has_no_standard_error(sweep: Sweep, tmp_path: Path) -> None:
    one = [o.replace("trials=2", "trials=1") for o in SMALL_SIMULATION]
    assert sweep(*one, "report=true").failed == 0
    assert simulated(tmp_path)["kendall_tau_sem"] is None


def test_sweep_simulation_deviations_option_changes_scores(sweep: Sweep, tmp_path: Path) -> None:
    sweep(*SMALL_SIMULATION)
    sweep(*SMALL_SIMULATION, "deviations=normal", outputs=tmp_path / "normal")
    folders = (tmp_path, tmp_path / "normal")
    mixture, normal = (results(folder, "paper_simulation") for folder in folders)
    assert [row["sigma"] for row in mixture] == [row["sigma"] for row in normal]
    assert mixture[-1]["kendall_tau"] != normal[-1]["kendall_tau"]


def test_sweep_finished_on_other_data_fails_until_forced(sweep: Sweep, tmp_path: Path) -> None:
    measured = tmp_path / "none" / "local" / "board" / "nasbench201.parquet"
    measured.parent.mkdir(parents=True)
    bundled = ROOT / "hwnas/dataset/tables/nasbench201_cpu.parquet"
    shutil.copy(bundled, measured)
    data = ("dataset=local/cpu", "dataset.name=board", "metric=latency")
    some = ("experiment=quick", *data, *CHEAP[len(ESTIMATED) :])
    assert sweep(*some).failed == 0
    (path,) = tmp_path.glob("nasbench201/**/result.json")
    text = path.read_text()

    table = pq.read_table(bundled)
    pq.write_table(table, measured, compression="none")
    status = sweep("action=status", *some)
    assert "done       0\nfailed     1\n" in status.printed
    assert "finished on other values, nasbench201.parquet (measured, sha256" in status.printed
    assert sweep(*some).failed == 1
    assert path.read_text() == text
    # Without the ledger, the result folder itself is found and refused.
    shutil.rmtree(tmp_path / "studies")
    run = sweep(*some)
    assert run.failed == 1
    assert "holds a result of other values" in run.printed
    forced = sweep(*some, "force=true")
    assert forced.failed == 0
    assert path.read_text() != text


def test_sweep_finished_by_older_code_runs_again(sweep: Sweep, tmp_path: Path) -> None:
    some = (*QUICK, *CHEAP)
    assert sweep(*some).failed == 0
    (path,) = tmp_path.glob("nasbench201/**/result.json")
    (ledger,) = tmp_path.glob("studies/quick/points/*.jsonl")
    for file in (path, ledger):
        text = file.read_text()
        key = '"fitting"' if file is path else '"revision.fitting"'
        now = f"{key}: {REVISIONS['fitting']}"
        assert now in text
        file.write_text(text.replace(now, f"{key}: 0"))

    status = sweep("action=status", *some)
    assert "done       0\nfailed     1\n" in status.printed
    assert f"finished by another version, fitting 0 (now {REVISIONS['fitting']})" in status.printed
    assert sweep(*some).failed == 0
    assert f'"fitting": {REVISIONS["fitting"]}' in path.read_text()
    assert "done       1\n" in sweep("action=status", *some).printed


def test_sweep_artifacts_all_runs_what_has_the_result_only(sweep: Sweep, tmp_path: Path) -> None:
    some = (*QUICK, *CHEAP)
    sweep(*some)
    assert not list(tmp_path.rglob("predictions.parquet"))
    assert "missing    1" in sweep("action=status", *some, "artifacts=all").printed
    assert sweep(*some, "artifacts=all").failed == 0
    assert len(list(tmp_path.rglob("predictions.parquet"))) == 1
    assert len(results(tmp_path, "quick")) == 1


@pytest.mark.thorough
def test_sweep_two_processes_give_the_scores_of_one(sweep: Sweep, tmp_path: Path) -> None:
    some = (*QUICK, *ESTIMATED, "n_test=100", "n_train=11", "tuning.n_trials=2")
    grid = "experiment.grids.all.predictor=[ridge,svr]"
    sweep(*some, grid, outputs=tmp_path / "one")
    two = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"paths.outputs={tmp_path / 'two'}")
    assert in_process("sweep", *some, grid, *two).returncode == 0
    one, other = (
        [(row["axis.predictor"], row["axis.seed"], row["scores.kendall_tau"]) for row in rows]
        for rows in (results(tmp_path / "one", "quick"), results(tmp_path / "two", "quick"))
    )
    assert len({tau for _, _, tau in one}) == len(one) == 6
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "package", "options"),
    [
        ("submitit_local", "hydra_plugins.hydra_submitit_launcher", ()),
        ("ray", "hydra_plugins.hydra_ray_launcher", ("+hydra.launcher.ray.init.num_cpus=2",)),
    ],
)
def test_sweep_cluster_launcher_gives_the_scores_of_one_process(
    launcher: str,
    package: str,
    options: tuple[str, ...],
    sweep: Sweep,
    tmp_path: Path,
) -> None:
    pytest.importorskip(package, reason=f"pip install {package.split('.')[1].replace('_', '-')}")
    some = (*QUICK, *CHEAP[:-1])
    sweep(*some, outputs=tmp_path / "one")
    chosen = (f"hydra/launcher={launcher}", *options, f"paths.outputs={tmp_path / 'other'}")
    run = python("sweep.py", *some, *chosen)
    assert run.returncode == 0, run.stderr
    one, other = (
        [(row["axis.seed"], row["scores.kendall_tau"]) for row in results(folder, "quick")]
        for folder in (tmp_path / "one", tmp_path / "other")
    )
    assert len(one) == 3
    assert one == other


def test_sweep_tuning_seed_tunes_once_for_all_seeds(sweep: Sweep, tmp_path: Path) -> None:
    some = (*QUICK, *ESTIMATED, "n_test=100", "n_train=11", "predictor=ridge")
    sweep(*some, "tuning.n_trials=2")
    rows = results(tmp_path, "quick")
    assert len({row["predictor.best_params"] for row in rows}) == 1
    (tuning,) = studies(tmp_path / "studies" / "quick" / "tuning.journal").values()
    attributes = ("space", "device", "metric", "predictor", "n_train", "seed")
    values = [tuning.user_attrs[name] for name in attributes]
    assert values == ["nasbench201", "raspi4", "latency", "ridge", 11, 0]


@pytest.mark.thorough
def test_sweep_neural_predictor_trains_all_seeds_together(sweep: Sweep, tmp_path: Path) -> None:
    small = ("predictor.model.epochs=5", "predictor.model.min_steps=20", "tuning=none")
    some = (*QUICK, *ESTIMATED, "n_test=100", "n_train=11", "predictor=mlp_small", *small)
    sweep(*some, "experiment.grids.all.seed=[0,1]", outputs=tmp_path / "together")
    for seed in range(2):
        sweep(*some, f"seed={seed}", outputs=tmp_path / f"alone{seed}")
    together = results(tmp_path / "together", "quick")
    alone = [results(tmp_path / f"alone{seed}", "quick")[0] for seed in range(2)]

    # The seconds of the one call are shared equally among the seeds.
    assert len({row["timings.fit_seconds"] for row in together}) == 1
    assert len({row["timings.fit_seconds"] for row in alone}) == 2
    for one, other in zip(together, alone, strict=True):
        assert one["scores.rmse"] == pytest.approx(other["scores.rmse"], rel=1e-4)
    assert len({row["scores.rmse"] for row in together}) == 2


def n_results(outputs: Path) -> int:
    """Count results while another process makes folders, and renames them when they are whole."""
    walked = os.walk(outputs / "nasbench201")
    return sum("result.json" in files for folder, _, files in walked if "/." not in folder)


@pytest.mark.thorough
def test_sweep_killed_loses_at_most_the_running_grid_point(sweep: Sweep, tmp_path: Path) -> None:
    some = [*QUICK, *CHEAP[:-1], "experiment.grids.all.seed=0..11"]
    paths = [f"paths.outputs={tmp_path}", f"paths.data={tmp_path / 'none'}"]
    command = [sys.executable, "sweep.py", *some, *paths]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ, start_new_session=True
    )
    end = time.monotonic() + 100
    while time.monotonic() < end and n_results(tmp_path) < 2:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    saved = n_results(tmp_path)
    status = sweep("action=status", *some).printed
    done = int(status.split("done")[1].split()[0])
    assert 2 <= saved < 12, "killed too early or too late to show anything"
    assert saved - done <= 1, "a finished grid point was lost"
    assert sweep(*some).failed == 0
    assert len(results(tmp_path, "quick")) == 12


@pytest.mark.slow
def test_sweep_killed_worker_is_reported_and_its_grid_points_run_again(tmp_path: Path) -> None:
    some = ["experiment=quick", *CHEAP[:-1], "experiment.grids.all.seed=0..30"]
    grid = "experiment.grids.all.predictor=[lin_reg,ridge]"
    some = [o for o in some if not o.startswith("predictor=")] + [grid]
    two = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"paths.outputs={tmp_path}"]
    process = subprocess.Popen(
        [sys.executable, "sweep.py", *some, *two], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 100
    while time.monotonic() < end and n_results(tmp_path) < 2:
        time.sleep(0.05)
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    workers = [
        int(pid)
        for pid in Path(children).read_text().split()
        if "popen_loky" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate(timeout=200)

    assert process.returncode == 0, said
    assert "a worker of the study was lost (TerminatedWorkerError); the " in said
    assert " missing grid points run again" in said
    assert len(results(tmp_path, "quick")) == 62


def test_sweep_failed_grid_point_is_reported_with_the_command_to_retry(sweep: Sweep) -> None:
    some = (*QUICK, *ESTIMATED, "tuning=none", "predictor=lin_reg", "seed=0")
    grid = "experiment.grids.all.n_train=[11,15624]"
    run = sweep(*some, grid, "force=true")
    assert run.failed == 1
    assert "done       1\nfailed     1\n  predictor=lin_reg" in run.printed
    assert "n_train=15624" in run.printed
    command = run.printed.partition("to run the rest: ")[2].splitlines()[0]
    assert grid in command
    # With force=true, the command would also run the finished grid points again.
    assert "force" not in command
    # Status and report count no failures, because they run nothing.
    assert sweep(*some, grid, "action=status").failed == 0
    assert sweep(*some, grid, "action=report").failed == 0


def test_sweep_key_missing_in_some_grid_points_raises_before_any_runs(
    sweep: Sweep, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"predictor\.model\.alpha=2: no such key"):
        sweep("experiment=quick", "predictor.model.alpha=2")
    assert not list(tmp_path.rglob("result.json"))


@pytest.mark.parametrize(
    ("command", "argument", "message"),
    [
        ("sweep", "experiment=quik", "did you mean 'quick'"),
        ("sweep", "seed=0", "no study is chosen"),
        ("run", "experiment=quick", "sweep experiment=quick"),
        (
            "sweep",
            "experiment=quick experiment.grids.all.n_train=[55,abc]",
            "n_train=abc: Value",
        ),
        ("sweep", "experiment=quick seed=0,1", "Try: experiment.grids.all.seed=[0,1]"),
        ("sweep", "experiment=quick seed=[0,1]", "Try: experiment.grids.all.seed=[0,1]"),
        ("sweep", "experiment=quick tuning.n_trials=2,3", "Try: tuning.n_trials=2;"),
        (
            "sweep",
            "experiment=paper_simulation experiment.grids.all.experiment.settings.pairing=[sorted]",
            "Try: experiment.settings.pairing=sorted",
        ),
        (
            "sweep",
            "experiment=paper_simulation deviations=bootstrap",
            "deviations.folder: it has no value. Try: deviations.folder=<a result folder",
        ),
        (
            "sweep",
            "experiment=paper_simulation deviations=bootstrap deviations.folder=outputs/nope",
            "deviations.folder=outputs/nope: no predictions of a run in it. Try: deviations",
        ),
    ],
)
def test_sweep_mistake_is_one_line(
    command: str, argument: str, message: str, tmp_path: Path
) -> None:
    run = in_process(command, *argument.split(), f"paths.outputs={tmp_path}")
    assert not list(tmp_path.rglob("*.jsonl"))
    assert run.returncode == 2
    assert message in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
