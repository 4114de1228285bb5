"""Atomic writes of files, and append-only logs that lose at most a line if a process is killed.

A process that is killed in the middle of an atomic write leaves a temporary file or folder beside
the target. Its name has the name of the process. So the next write of the same target can tell that
nobody needs it any more, and removes it.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hwnas.errors import UserError
from hwnas.processes import ended, short_name

#: Errors of a disk that has no room left, or where this user may use no more of it.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: The name of a temporary file or folder starts with a dot and its target's name, and ends so.
_TEMPORARY = ".tmp"
#: Nobody can check whether a process on another machine still runs. After this time, what it was
#: writing counts as left behind.
_REMOTE_GRACE_SECONDS = 86_400.0
#: Numbers the temporary files of this process.
_NUMBER = itertools.count()


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
    temporary = temporary_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_remains(path)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path.parent, error, elsewhere) from error
    finally:
        # After the rename, or without the folder, there is no temporary file to remove.
        with suppress(OSError):
            temporary.unlink()


def write_text(path: Path, text: str, elsewhere: str) -> None:
    """Write a text file as `write_atomically` does.

    Parameters
    ----------
    path : Path
        The file to write. Missing folders are created.
    text : str
        The whole content.
    elsewhere : str
        The override or option that chooses another place, for the message.

    Raises
    ------
    UnwritableError
        If the folder cannot be written, or its disk is full.
    """
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"), elsewhere)


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that replaces `folder` when the block ends without an error.

    `folder` therefore never has a part of its content only. If two processes write the same folder
    at the same time, the later one replaces that of the other. If the process is killed between
    moving the old folder away and moving the new one to its place, `folder` does not exist.

    Parameters
    ----------
    folder : Path
        The folder to write. Missing folders above it are created.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as above:
    ...     for text in ("old", "new"):
    ...         with replaced_folder(Path(above) / "a") as fresh:
    ...             _ = (fresh / "file").write_text(text)
    ...     [each.name for each in Path(above).iterdir()], (Path(above) / "a/file").read_text()
    (['a'], 'new')
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_remains(folder)
    scratch = temporary_beside(folder)
    fresh = scratch / "new"
    try:
        fresh.mkdir(parents=True)
        yield fresh
        for number in itertools.count():
            # Another process may move the old folder away, or put a new one there, at any time.
            with suppress(FileNotFoundError):
                folder.replace(scratch / f"old{number}")
            try:
                fresh.replace(folder)
                break
            except OSError:
                if not folder.is_dir():
                    raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def temporary_beside(path: Path) -> Path:
    """Return a new name for a temporary file or folder beside `path`, which nothing else has.

    If this process is killed, `remove_remains` finds the file by its name.
    """
    return path.with_name(f".{path.name}.{short_name()}-{next(_NUMBER)}{_TEMPORARY}")


def remove_remains(path: Path) -> None:
    """Remove the temporary files and folders that killed processes left beside `path`.

    Those of running processes stay. Those of processes on other machines stay for a day.

    Parameters
    ----------
    path : Path
        The file or folder that the processes were writing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "result"
    ...     temporary_beside(path).touch()
    ...     remove_remains(path)
    ...     len(list(Path(folder).iterdir()))
    1
    """
    start = f".{path.name}."
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError:
        # There is no such folder, or it cannot be read. The write itself then says so.
        return
    for name in names:
        if not (name.startswith(start) and name.endswith(_TEMPORARY)):
            continue
        left = path.with_name(name)
        with suppress(OSError):
            if _is_left(left, name[len(start) : -len(_TEMPORARY)]):
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()


def _is_left(path: Path, of: str) -> bool:
    """Return whether the process that wrote a temporary file has ended, or probably has."""
    known = ended(of.rpartition("-")[0])
    if known is not None:
        return known
    # The clock may have been set back since.
    return abs(time.time() - path.stat().st_mtime) > _REMOTE_GRACE_SECONDS


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

    Raises
    ------
    OSError
        If the log cannot be written, or its disk is full. A part of the lines may then be there,
        of which readers ignore an incomplete one.

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
        # One call, because other processes append to the same log. A full disk takes a part of it.
        whole = data.encode()
        if os.write(handle, whole) < len(whole):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
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
