"""Files that a kill leaves whole, and logs of which it takes at most the last line."""

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


def append_lines(path: Path, *lines: str) -> None:
    """Append lines to a log in one write; they are on the disk when the function returns.

    The log may be shared by processes. A line that a kill cut off stays a line of its own.

    Parameters
    ----------
    path : Path
        The log; it is made if it is not there, its folder is not.
    *lines : str
        Without line breaks.

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
    """Return the whole lines of a log, and how many bytes of it were read.

    A last line without a line break is not whole: its process is writing it, or was killed.

    Parameters
    ----------
    path : Path
    start : int
        Number of bytes at the beginning to skip: what an earlier call returned.

    Returns
    -------
    lines : list of str
    end : int
        The `start` of a later call, which returns only what was appended in between.
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
