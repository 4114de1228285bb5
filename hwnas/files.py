"""Whole files or none."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hwnas.errors import UserError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it.

    Parameters
    ----------
    path : Path
        The file wanted; its folders are made.
    write : callable
        Takes the temporary path.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path.parent}: cannot be written ({error.strerror})") from error
    finally:
        # Where the folder could not be made, there is nothing to remove either.
        with suppress(OSError):
            temporary.unlink()
