"""A user's mistake in a benchmark's command line or data is one line and exit code 2."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from hwnas.errors import command
from tests.commands import ROOT

FETCH = f"HW-NAS-Bench-v1_0.pickle is not in {{}}. Try: {command('fetch hwnas')}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["selection"], FETCH),
        (["advice"], FETCH),
        (["best"], FETCH),
        (["learning_curves"], f"{FETCH}, or dataset.source=estimated"),
        (["best", "--predictors", "ridge,rdge"], "--predictors: no 'rdge'; did you mean 'ridge'?"),
        (["predictors", "--predictors", "rdge"], "--predictors: no 'rdge'; did you mean 'ridge'?"),
        (["predictors", "--presets", "papier"], "--presets: no 'papier'; did you mean 'paper'?"),
        (["predictors"], "reference/predictors.csv: no such file"),
        (["advice", "many"], "many: not a number of trials"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    name, *options = arguments
    monkeypatch.setenv("HWNAS_DATA", str(data))
    monkeypatch.setenv("HWNAS_CACHE", str(tmp_path))
    monkeypatch.chdir(ROOT)
    # The benchmarks read the environment when they are imported.
    for module in [module for module in sys.modules if module.startswith("benchmarks")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "argv", [name, *options])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
    printed = capsys.readouterr()
    assert end.value.code == 2
    assert expected.format(data) in printed.err
    assert printed.err.startswith("error: ")
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
