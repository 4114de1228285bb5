"""A user's mistake in a benchmark's command line or data is one line and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwnas.errors import command
from tests.commands import python

FETCH = f"HW-NAS-Bench-v1_0.pickle is not in {{}}. Try: {command('fetch hwnas')}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["selection"], FETCH),
        (["advice"], FETCH),
        (["best"], FETCH),
        (["best", "--predictors", "ridge,rdge"], "--predictors: no 'rdge'; did you mean 'ridge'?"),
        (["predictors", "--predictors", "rdge"], "--predictors: no 'rdge'; did you mean 'ridge'?"),
        (["predictors", "--presets", "papier"], "--presets: no 'papier'; did you mean 'paper'?"),
        (["predictors"], "reference/predictors.csv: no such file"),
        (["advice", "many"], "many: not a number of trials"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake(arguments: list[str], expected: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    name, *options = arguments
    run = python("-m", f"benchmarks.{name}", *options, data=data, HWNAS_CACHE=str(tmp_path))
    assert run.returncode == 2
    assert expected.format(data) in run.stderr
    assert run.stderr.startswith("error: ")
    assert len(run.stderr.splitlines()) == 1
    assert run.stdout == ""
