"""The same configuration has the same result, whatever the process that computed it looks like."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.places import untimed
from hwnas.cli import main
from tests.commands import ROOT, Hwnas, python

RUN = ("run", "n_train=30", "n_test=60", "tuning.n_trials=4", "tracking=off", "artifacts=result")


def result(folder: Path) -> Any:
    (path,) = folder.glob("**/result.json")
    return untimed(json.loads(path.read_text()))


@pytest.mark.thorough
def test_run_other_process_folder_hash_seed_locale_and_threads_has_the_same_result(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    assert hwnas(*RUN, f"paths.outputs={here}").returncode == 0
    other = python(
        *("-m", "hwnas", *RUN),
        cwd=there,
        PYTHONPATH=str(ROOT),
        PYTHONHASHSEED="4711",
        LC_ALL="C",
        TZ="Asia/Tokyo",
        OMP_NUM_THREADS="2",
        OPENBLAS_NUM_THREADS="2",
    )
    assert other.returncode == 0, other.stderr
    assert result(there) == result(here)


@pytest.mark.parametrize(("command", "threads"), [("run", "1"), ("fit", "1"), ("measure", "7")])
def test_main_every_command_but_measuring_uses_one_thread(
    command: str, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(variable, "7")
    # The command sets it. The next test has its own value again.
    monkeypatch.setenv("VECLIB_MAXIMUM_THREADS", "7")
    main([command, "--help"])
    assert os.environ["OMP_NUM_THREADS"] == threads
    assert os.environ["OPENBLAS_NUM_THREADS"] == threads
