"""docs/studies.md: the study of one's own runs as it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.commands import ROOT, Hwnas

TEXT = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
SECTION = re.search(r"### A study of your own\n(.*?)\n### ", TEXT, re.DOTALL)
BLOCK = re.compile(r"```(?P<language>bash|yaml)\n(?P<code>.*?)```", re.DOTALL)


@pytest.mark.thorough
def test_study_of_ones_own_runs_as_written(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECTION is not None
    monkeypatch.chdir(tmp_path)
    code = {match["language"]: match["code"] for match in BLOCK.finditer(SECTION[1])}
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "first.yaml").write_text(code["yaml"])
    printed = []
    for line in code["bash"].splitlines():
        _, command, *arguments = shlex.split(line)
        finished = hwnas(command, *arguments)
        assert finished.returncode == 0, f"{line}\n{finished.stderr}"
        printed.append(finished.stdout)
    status, sweep, results = printed
    assert "first: 12 grid points" in status
    assert "missing    12" in status
    assert "done       12" in sweep
    # The YAML lists no reports, so the report has what suits the results.
    for heading in ("local/cpu latency", "local/cpu memory", "Kendall's τ: mean ranks"):
        assert f"## {heading}" in sweep
    assert "cpu latency [ms], n_train=55\nridge" in results
    assert "6 results" in results
