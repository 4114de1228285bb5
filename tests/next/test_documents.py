"""docs/your_board.md runs as it is written, on the data that ship with the project."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from hwnas.cli import COMMANDS
from tests.commands import ROOT, Hwnas

BLOCK = re.compile(r"```(?P<language>bash|python)\n(?P<code>.*?)```", re.DOTALL)
TEXT = (ROOT / "docs" / "your_board.md").read_text(encoding="utf-8")


def append(line: str) -> None:
    """Do what ``tail -n +2 FILE >> TABLE`` does."""
    _, _, _, source, _, target = shlex.split(line)
    rows = Path(source).read_text().splitlines(keepends=True)[1:]
    with Path(target).open("a") as file:
        file.writelines(rows)


@pytest.mark.thorough
def test_your_board_every_line_runs_as_written(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    # The commands run in this folder.
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed: list[str] = []
    for match in BLOCK.finditer(TEXT):
        if match["language"] == "python":
            exec(compile(match["code"], "docs/your_board.md", "exec"), names)
            continue
        for line in match["code"].splitlines():
            if line.startswith("tail "):
                append(line)
                continue
            _, command, *arguments = shlex.split(line)
            if command == "search" and command not in COMMANDS:
                continue
            finished = hwnas(command, *arguments)
            assert finished.returncode == 0, f"{line}\n{finished.stderr}"
            printed.append(finished.stdout)
    assert len(printed) == 8 + ("search" in COMMANDS)
    assert "40 measured" in printed[-1]
    assert len(list(Path("onnx").iterdir())) == 40
