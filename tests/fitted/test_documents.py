"""docs/your_table.md: its commands run as they are written, and its program too."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.commands import ROOT, Hwnas
from tests.tables_of_users import CELL, write_csv

TEXT = (ROOT / "docs" / "your_table.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(?P<language>bash|python)\n(?P<code>.*?)```", re.DOTALL)


@pytest.mark.thorough
def test_your_table_every_command_runs_as_written(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "board.csv")
    write_csv(tmp_path / "phone.csv", seed=1)
    (tmp_path / "architectures.txt").write_text(f"{CELL}\n")
    # The document takes this file as given.
    assert hwnas("fit", "table=board.csv", "predictor=ridge", "out=ridge.hwnas").returncode == 0
    ran = 0
    for match in BLOCK.finditer(TEXT):
        if match["language"] == "python":
            exec(compile(match["code"], "docs/your_table.md", "exec"), {})
            continue
        for line in match["code"].splitlines():
            _, *arguments = shlex.split(line, comments=True)
            # The shell expands the pattern of a result folder.
            words = [str(next(Path().glob(a))) if "*" in a else a for a in arguments]
            finished = hwnas(*words)
            assert finished.returncode == 0, f"{line}\n{finished.stderr}"
            ran += 1
    assert ran == 9
