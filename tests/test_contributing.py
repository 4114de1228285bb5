"""The diffs of CONTRIBUTING.md do what they promise."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hwnas.space import NASBench201
from tests.commands import ROOT


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and apply every diff of CONTRIBUTING.md."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("conf", "hwnas"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "run.py", copy)
    diffs = re.findall(r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert len(diffs) == 2
    for diff in diffs:
        subprocess.run(["git", "apply", "-"], cwd=copy, input=diff, text=True, check=True)
    return copy


def start(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "run.py", *arguments, "tracking=off", "selection=none"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def run(project: Path, *arguments: str) -> str:
    done = start(project, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_added_predictor_runs(patched: Path) -> None:
    printed = run(patched, "predictor=huber", "tuning.n_trials=2", "n_train=40", "n_test=100")
    assert "huber on nasbench201" in printed


def test_added_dataset_runs(patched: Path) -> None:
    space = NASBench201()
    cells = space.enumerate()[::100]
    latency = 1.0 + (cells == 3).sum(axis=1)
    latency[0] = -1.0  # the board failed
    lines = ["architecture,latency_ms"]
    lines += [f"{a},{v}" for a, v in zip(space.to_strings(cells), latency, strict=True)]
    (patched / "my_board.csv").write_text("\n".join(lines))
    printed = run(
        patched, "dataset=my_board", "paths.data=.", "n_train=50", "n_test=100", "tuning=none"
    )
    assert "all (156)" in printed
    tau = re.search(r"Kendall's tau\s+([\d.]+)", printed)
    assert tau is not None
    assert float(tau.group(1)) > 0.8
    assert np.count_nonzero(latency > 0) == 156


@pytest.mark.parametrize("text", ["architecture,ms\n{cell},1.0\n", "{header}\n{cell},abc\n"])
def test_added_dataset_refuses_a_damaged_file(patched: Path, tmp_path: Path, text: str) -> None:
    space = NASBench201()
    cell = space.to_strings(space.enumerate()[:1])[0]
    content = text.format(header="architecture,latency_ms", cell=cell)
    (tmp_path / "my_board.csv").write_text(content)
    done = start(patched, "dataset=my_board", f"paths.data={tmp_path}")
    assert done.returncode == 2
    assert "my_board.csv: architecture and latency_ms in every row are needed" in done.stderr
    assert "Traceback" not in done.stderr
