"""Completion in a shell: what the scripts of ``hwnas completion`` get as answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT, Hwnas

#: What readline does at a press of the tab key.
TAB = """
eval "$(hwnas completion bash)"
COMP_LINE=$1 COMP_WORDS=($1) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
hydra_bash_completion
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _candidates(
    hwnas: Hwnas, monkeypatch: pytest.MonkeyPatch, line: str, shell: str = "bash"
) -> list[str]:
    monkeypatch.setenv("COMP_LINE", line)
    finished = hwnas("-sc", f"query={shell}")
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hwnas ", {"run", "sweep", "completion"}),
        ("hwnas swe", {"sweep"}),
        ("hwnas run predictor=", {"predictor=ridge", "predictor=paper/ridge"}),
        ("hwnas run dataset=hwnas/ra", {"dataset=hwnas/raspi4"}),
        ("hwnas run -m seed=0,1 predictor=ridge,x", {"predictor=ridge,xgb"}),
        ("hwnas run predictor=ridge tuning.n", {"tuning.n_trials="}),
        ("hwnas run table=board.csv dataset.ta", {"dataset.target="}),
        ("hwnas sweep status exp", {"experiment="}),
        ("hwnas sweep experiment=", {"experiment=quick"}),
        ("hwnas measure backend=", {"backend=torch"}),
    ],
)
def test_completion_of_a_word_offers_what_it_may_become(
    hwnas: Hwnas, monkeypatch: pytest.MonkeyPatch, line: str, expected: set[str]
) -> None:
    assert expected <= set(_candidates(hwnas, monkeypatch, line))


@pytest.mark.parametrize("line", ["hwnas predict bo", "hwnas nonsense a"])
def test_completion_of_a_file_is_left_to_the_shell(
    hwnas: Hwnas, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    assert _candidates(hwnas, monkeypatch, line) == []


def test_completion_without_a_shell_says_which_there_are(hwnas: Hwnas) -> None:
    finished = hwnas("completion", "tcsh")
    assert finished.returncode == 2
    assert "bash, zsh, fish" in finished.stderr.replace("'", "")


@pytest.mark.parametrize(
    ("shell", "line"),
    [("bash", "-F hydra_bash_completion hwnas"), ("zsh", "bashcompinit"), ("fish", "-c hwnas")],
)
def test_completion_of_a_shell_prints_its_script(hwnas: Hwnas, shell: str, line: str) -> None:
    finished = hwnas("completion", shell)
    assert finished.returncode == 0
    assert line in finished.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_tab_in_bash_completes_a_predictor(tmp_path: Path) -> None:
    program = tmp_path / "hwnas"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hwnas "$@"\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", TAB, "bash", "hwnas run predictor=mlp"],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["predictor=mlp", "predictor=mlp_small"], done.stderr
