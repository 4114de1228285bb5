"""A journal file of Optuna that many workers share and that holds all tunings of a study.

Each worker reads a journal once. After that it reads what has been appended since.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import (
    JournalFileBackend,
    JournalFileOpenLock,
    JournalFileSymlinkLock,
)

from hwnas.errors import UserError

log = logging.getLogger(__name__)

#: Keys that every record of an Optuna journal has.
_RECORD_KEYS = {"op_code", "worker_id"}
#: First bytes of every record.
_RECORD_START = b'{"'
#: First bytes of an SQLite file.
_SQLITE_START = b"SQLite format 3\x00"
#: The first record of a journal creates an Optuna study and is far shorter than this, in bytes.
_LONGEST_FIRST_LINE = 1 << 16
#: Bytes that are read at once in the search for the last line.
_BLOCK = 1 << 16

#: The journals that this process has open, by process and path. A process that was forked must
#: not use the journals of its parent, because Optuna would take their records for its own.
_OPEN: dict[tuple[int, Path], tuple[tuple[int, bytes], JournalStorage]] = {}
#: Most journals that are kept open. A folder of journals would fill the memory.
_MOST_OPEN = 4


def open_journal(path: Path) -> JournalStorage:
    """Open a journal file, and create it and its folder if they are missing.

    A journal that this process has opened before is returned as it is, because reading a journal
    of a thousand tunings takes seconds.

    Raises
    ------
    UserError
        If the file is damaged, or is not a journal.
    OSError
        If the file or its folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Check first, because Optuna would append its records to any file.
    first = _check_journal(path)
    # The lock is a link to this path. A relative link would point nowhere from its own folder.
    path = path.absolute()
    backend = _SharedFile(path)
    backend.repair()
    key, content = (os.getpid(), path), (path.stat().st_ino, first)
    before, storage = _OPEN.pop(key, (None, None))
    if storage is None or not first or before != content:
        try:
            # Optuna reads the whole file. It does not document its exceptions for lines that are
            # not its own: they may lack a key, have a value of another type or name an unknown
            # operation.
            storage = JournalStorage(backend)
        except (ValueError, LookupError, TypeError, AssertionError) as reason:
            raise _damaged(path) from reason
    _OPEN[key] = content, storage
    # The first one is the one that was not used for the longest time.
    for oldest in list(_OPEN)[:-_MOST_OPEN]:
        del _OPEN[oldest]
    return storage


class _SharedFile(JournalFileBackend):
    """The file of a journal, with two differences from Optuna's own.

    A record is not forced to the disk: the system keeps it if the worker is killed, and only a
    power failure can lose it, whose trial then runs again. With `os.fsync` for each record, all
    workers together would write about 200 records a second.

    The remains of a record that a killed worker left are cut off before the next record. Optuna
    would write both into one line, which no worker could read any more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = _Lock(path)
        super().__init__(str(path), self._guard)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records in one write."""
        lines = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in logs)
        self._guard.acquire()
        try:
            _cut_off_remains(self._path)
            # Closing the file passes the records on to other machines that share the folder.
            with self._path.open("ab") as file:
                file.write(lines.encode())
        finally:
            self._guard.release()

    def repair(self) -> None:
        """Cut off an incomplete last record.

        Raises
        ------
        UserError
            If the last line is something else than a record.
        """
        if _is_record(_last_line(self._path)):
            return
        # Another worker may be writing this record now.
        self._guard.acquire()
        try:
            _cut_off_remains(self._path)
            if not _is_record(_last_line(self._path)):
                raise _damaged(self._path)
        finally:
            self._guard.release()


class _Lock(JournalFileSymlinkLock):
    """The lock of a journal: a symbolic link, or a file where there are no symbolic links.

    Both have the same name, so that workers with either kind exclude each other.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._without_links = JournalFileOpenLock(str(path))

    def acquire(self) -> bool:
        try:
            return super().acquire()
        except OSError:
            # For example exFAT, or Windows without the right to make links. Where the folder
            # cannot be written, this raises the same error again.
            return self._without_links.acquire()


def _check_journal(path: Path) -> bytes:
    """Return the first line of a journal; empty if the file is missing, empty or a folder.

    Raises
    ------
    UserError
        If the path is not a regular file, or its first line is not a record of a journal.
    """
    if not path.exists() or path.is_dir():
        # Optuna creates a missing file. Opening a folder raises IsADirectoryError.
        return b""
    new_file = f"tuning.storage={path.with_suffix('.journal')}, or another new file"
    if not path.is_file():
        raise UserError(f"tuning.storage={path}: not a regular file", remedy=new_file)
    with path.open("rb") as file:
        first = file.readline(_LONGEST_FIRST_LINE)
    if first.startswith(_SQLITE_START):
        raise UserError(
            f"tuning.storage={path}: it is an SQLite database",
            remedy=f"tuning.storage=sqlite:///{path}",
        )
    if not _is_record(first):
        raise UserError(f"tuning.storage={path}: it is not a journal of Optuna", remedy=new_file)
    return first


def _damaged(path: Path) -> UserError:
    return UserError(
        f"tuning.storage: the journal {path} is damaged",
        remedy=f"tuning.storage={path.with_stem(f'{path.stem}-2')}, or another new file",
    )


def _cut_off_remains(path: Path) -> None:
    """Cut off the remains of a record at the end of a journal. The caller holds the lock.

    Raises
    ------
    UserError
        If the file ends in an incomplete line that is not a part of a record.
    """
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) == b"\n":
            return
    last = _last_line(path)
    if not _RECORD_START.startswith(last[: len(_RECORD_START)]):
        raise _damaged(path)
    log.warning("%s: dropped %d bytes of an incomplete last record", path, len(last))
    os.truncate(path, path.stat().st_size - len(last))


def _last_line(path: Path) -> bytes:
    """Return the last line of a file, with its line break if it has one."""
    found = b""
    with path.open("rb") as file:
        start = file.seek(0, os.SEEK_END)
        while start > 0 and b"\n" not in found[:-1]:
            n_bytes = min(_BLOCK, start)
            start = file.seek(start - n_bytes)
            found = file.read(n_bytes) + found
    return found[found.rfind(b"\n", 0, -1) + 1 :]


def _is_record(line: bytes) -> bool:
    """Return whether a line is a whole record, or the only line of an empty file."""
    if not line:
        return True
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(record, dict) and record.keys() >= _RECORD_KEYS
