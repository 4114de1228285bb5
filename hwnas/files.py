"""Atomic writes of files, and append-only logs that lose at most a line if a process is killed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hwnas.errors import UserError

#: Errors of a disk that has no room left, or where this user may use no more of it.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UnwritableError(UserError):
    """A file or folder that cannot be written: no right to, a full disk, a file in the way."""


def unwritable(place: object, error: OSError, elsewhere: str) -> UnwritableError:
    """Return the error that says why a place cannot be written, and what to do.

    Parameters
    ----------
    place : object
        The file, folder or override, for the message.
    error : OSError
        The reason. Those of PyArrow have no text of the operating system and name no file.
    elsewhere : str
        The override that chooses another place.

    Examples
    --------
    >>> print(unwritable("out", OSError(13, None), "paths.outputs=$HOME/hwnas-outputs"))
    out: cannot be written (Permission denied). Try: paths.outputs=$HOME/hwnas-outputs
    """
    full = error.errno in _FULL
    return UnwritableError(
        f"{place}: cannot be written ({reason_of(error)})",
        remedy=f"free some space on its disk, or {elsewhere}" if full else elsewhere,
    )


def reason_of(error: OSError) -> str:
    """Return why the operating system refused a file, in a few words.

    Examples
    --------
    >>> reason_of(OSError(28, "Error writing bytes to file. Detail: ..."))
    'No space left on device'
    """
    return os.strerror(error.errno) if error.errno else " ".join(str(error).split())


def write_atomically(path: Path, write: Callable[[Path], object], elsewhere: str) -> None:
    """Write a file through a temporary file, so that `path` never has partial content.

    Parameters
    ----------
    path : Path
        The file to write. Missing folders are created.
    write : callable
        Takes the path of the temporary file and writes the content to it.
    elsewhere : str
        The override or option that chooses another place, for the message.

    Raises
    ------
    UnwritableError
        If the folder cannot be written, or its disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path.parent, error, elsewhere) from error
    finally:
        # After the rename, or without the folder, there is no temporary file to remove.
        with suppress(OSError):
            temporary.unlink()


def append_lines(path: Path, *lines: str) -> None:
    """Append lines to a log in one write, and return when they are on the disk.

    Several processes may append to one log. If the log ends in an incomplete line, the new lines
    start after a line break.

    Parameters
    ----------
    path : Path
        The log. It is created if it does not exist; its folder must exist.
    *lines : str
        Lines without line breaks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = Path(folder) / "log.jsonl"
    ...     append_lines(log, '{"a": 1}', '{"a": 2}')
    ...     read_lines(log)
    (['{"a": 1}', '{"a": 2}'], 18)
    """
    start = "" if _ends_in_newline(path) else "\n"
    data = start + "".join(f"{line}\n" for line in lines)
    handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        os.write(handle, data.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read_lines(path: Path, start: int = 0) -> tuple[list[str], int]:
    """Return the complete lines of a log, and the position of their end in bytes.

    A last line without a line break is incomplete. A process is still writing it, or was killed
    while it wrote it.

    Parameters
    ----------
    path : Path
    start : int
        Position in bytes from which to read, such as the `end` of an earlier call.

    Returns
    -------
    lines : list of str
    end : int
        Position after the last complete line. With this `start`, a later call returns only the
        lines that were appended in the meantime.
    """
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    size = data.rfind(b"\n") + 1
    return data[:size].decode(errors="replace").split("\n")[:-1], start + size


def _ends_in_newline(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
