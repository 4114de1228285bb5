"""The diffs of CONTRIBUTING.md do what they promise, and leave the project's own tests whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT

#: What the project checks of every member that it finds.
DISCOVERY = (
    "tests/dataset/test_conf.py",
    "tests/space/test_spaces.py",
    "tests/test_conf.py",
    "tests/predictor/test_contract.py",
    "tests/predictor/test_build.py",
)
#: Of these, only the tests of what was added: the others ran where they are.
ADDED = ("added_members", "huber", "my_board", "MyBoard", "power", "widths", "simulator")


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and apply every diff of CONTRIBUTING.md."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("conf", "hwnas", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run.py", "sweep.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    diffs = re.findall(r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert len(diffs) == 5
    for diff in diffs:
        subprocess.run(["git", "apply", "-"], cwd=copy, input=diff, text=True, check=True)
    return copy


@pytest.mark.thorough
def test_diffs_applied_to_a_copy_work_and_pass_the_tests_that_find_them(patched: Path) -> None:
    shutil.copy(patched / "tests/added_members.py", patched / "tests/test_added_members.py")
    tests = ("tests/test_added_members.py", *DISCOVERY)
    # Fitting all predictors in another process takes longer than everything else here.
    chosen = f"({' or '.join(ADDED)}) and not another_process"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen],
        cwd=patched,
        # Not this project's modules, wherever the copy looks for some.
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    # The contract of a predictor alone is 19 tests, and the added members have 10 of their own.
    assert int(passed.group(1)) > 40, done.stdout
