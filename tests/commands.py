"""Running the project's commands as a user does, in a process of their own or in the test's."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from hwnas.cli import main

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finished:
    """How a command ended that ran in the test's own process."""

    returncode: int
    stdout: str
    stderr: str


#: Runs ``hwnas <arguments>`` in the test's own process: the fixture ``hwnas``.
Hwnas = Callable[..., Finished]


def in_process(*arguments: str) -> Finished:
    """Run ``hwnas <arguments>`` in this process and its working directory.

    It finds no official files.

    It saves the two seconds in which a new process imports the libraries. Log messages are not in
    the returned output, because pytest handles them.
    """
    code: object = 0
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        # A command may change the working directory. The test goes on in its own.
        patch.chdir(Path.cwd())
        patch.delenv("HWNAS_DATA", raising=False)
        # A command sets them for its process.
        for variable in ("MPLBACKEND", "HYDRA_FULL_ERROR"):
            patch.setenv(variable, os.environ.get(variable, ""))
        patch.setattr(sys, "argv", ["hwnas"])
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Finished(code, out.getvalue(), err.getvalue())


def python(
    *arguments: str, data: Path | None = None, cwd: Path = ROOT, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python <arguments>``.

    Parameters
    ----------
    *arguments : str
    data : Path, optional
        Folder of the official files; None: there is none.
    cwd : Path
        Where it runs; default the project's folder.
    **env : str
        Further environment variables.
    """
    inherited = {k: v for k, v in os.environ.items() if k != "HWNAS_DATA"}
    if data is not None:
        inherited["HWNAS_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**inherited, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
