"""Running the project's commands as a user does, in a process of their own or in the test's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finished:
    """How a command ended that ran in the test's own process."""

    returncode: int
    stdout: str
    stderr: str


#: Runs ``hwnas <arguments>`` in the test's own process: the fixture ``hwnas``.
Hwnas = Callable[..., Finished]


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
