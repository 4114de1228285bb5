"""Fixtures of the whole suite."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from hwnas.cli import main
from tests.commands import ROOT, Finished, Hwnas

# One thread a process: oversubscribed OpenMP makes boosting libraries 30 times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# The tests do not see the YAMLs of the user who runs them. Some tests list all options when pytest
# collects them, which is before any fixture.
_CONF = tempfile.TemporaryDirectory(prefix="hwnas-conf-")
os.environ["HWNAS_CONF"] = _CONF.name


@pytest.fixture
def hwnas(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hwnas:
    """Return a function that runs ``hwnas <arguments>`` in this process, without official files."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("HWNAS_DATA", raising=False)
    # A command sets them for its process.
    for variable in ("MPLBACKEND", "HYDRA_FULL_ERROR"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))
    monkeypatch.setattr(sys, "argv", ["hwnas"])

    def run(*arguments: str) -> Finished:
        code: object = 0
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        written = capsys.readouterr()
        return Finished(code, written.out, written.err)

    return run


@pytest.fixture(scope="session")
def hwnas_data() -> Path:
    """Folder with the real published tables; tests that need it skip without HWNAS_DATA."""
    folder = os.environ.get("HWNAS_DATA")
    if not folder:
        pytest.skip("HWNAS_DATA is not set: this test needs the published tables")
    return Path(folder)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for results that several tests read."""
    return tmp_path_factory.mktemp("outputs")
