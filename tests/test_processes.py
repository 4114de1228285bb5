"""Commands in a process of their own: imports, faults of the program, Ctrl-C, launchers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from tests.commands import ROOT, in_process, python

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("argument", ["--help", "n_trian=5"])
@pytest.mark.parametrize("command", ["run.py", "sweep.py"])
def test_light_commands_load_no_heavy_library(command: str, argument: str) -> None:
    """``--help`` and composition errors answer at once: nothing numerical is imported."""
    imported = imports(python("-X", "importtime", command, argument).stderr)
    assert "hydra" in imported
    heavy = {"numpy", "torch", "sklearn", "xgboost", "optuna", "wandb", "matplotlib", "pandas"}
    assert not heavy & imported


def test_version_loads_no_hydra() -> None:
    assert "hydra" not in imports(python("-X", "importtime", "run.py", "--version").stderr)


def imports(importtime: str) -> set[str]:
    """Return the modules that ``python -X importtime`` lists."""
    return {line.rpartition("|")[2].strip() for line in importtime.splitlines() if "|" in line}


@pytest.mark.parametrize("mode", [[], ["-m"]])
def test_fault_of_the_program_keeps_its_traceback(tmp_path: Path, mode: list[str]) -> None:
    """Also one of a class that composition raises for a user's mistake."""
    script = tmp_path / "faulty.py"
    script.write_text(
        "import sys\n"
        "import hwnas.experiment\n"
        "from hwnas.cli import main\n"
        "hwnas.experiment.run = lambda cfg, *_: cfg.no_such_key\n"
        "if __name__ == '__main__':\n    main(['run', *sys.argv[1:]])\n"
    )
    run = python(str(script), *mode, f"paths.outputs={tmp_path}", PYTHONPATH=str(ROOT))
    assert run.returncode == 1
    assert "ConfigAttributeError" in run.stderr
    assert "cfg.no_such_key" in run.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["-m", "seed=0,1", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]],
    ids=["one job", "jobs of a launcher"],
)
def test_interrupted_run_exits_with_130_and_one_line(tmp_path: Path, arguments: list[str]) -> None:
    journals = tmp_path / "tuning"
    endless = ("tuning.n_trials=1000000", f"tuning.storage={journals}/", "tracking=off")
    process = subprocess.Popen(
        [sys.executable, "run.py", *arguments, *endless, f"paths.outputs={tmp_path}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that starts pytest in the background makes it ignore the signal of Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        deadline = time.monotonic() + 100
        while not any(journals.glob("*.journal")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # To the whole group, as a terminal does.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        # Endless jobs must not outlive a test that fails.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert (out, err) == ("", "stopped, the same command continues\n")
    assert process.returncode == 130


def test_jobs_of_a_launcher_resolve_the_default_folders(tmp_path: Path) -> None:
    small = ("tuning=none", "n_train=20", "n_test=50", "tracking=off", "selection=none")
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    outputs = tmp_path / "ünï (1) & {x}"
    # joblib keeps its processes. Those of an earlier test would not inherit this command's
    # environment, as processes of a command do.
    get_reusable_executor().shutdown(wait=True)
    run = in_process("run", "-m", "seed=0,1", *small, *joblib, f"paths.outputs={outputs}")
    assert run.returncode == 0, run.stderr
    assert len(list(outputs.rglob("result.json"))) == 2
    # The processes of the jobs have recorded what the table at the end compares.
    assert "n_train=20\nridge          2  0." in run.stdout
