"""Running the project's commands as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def python(
    *arguments: str, data: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python <arguments>`` in the project's folder.

    Parameters
    ----------
    *arguments : str
    data : Path, optional
        Folder of the official files; None: there is none.
    **env : str
        Further environment variables.
    """
    inherited = {k: v for k, v in os.environ.items() if k != "HWNAS_DATA"}
    if data is not None:
        inherited["HWNAS_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
