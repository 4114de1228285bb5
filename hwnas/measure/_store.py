"""The measurements on disk: one append-only file for each process."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.errors import UserError
from hwnas.files import append_lines, read_lines, unwritable
from hwnas.measure._settings import Header, check_settings
from hwnas.paths import elsewhere

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: Series (a backend's name, or "accuracy"), round (a pass or a seed), architecture string.
Key = tuple[str, int, str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """A unit of work that one process claims: some architectures in one round of one series.

    Parameters
    ----------
    series : str
        A backend's name, or ``"accuracy"``.
    round : int
        Number of the pass, or the seed.
    architectures : tuple of str
    """

    series: str
    round: int
    architectures: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the unit's lock. It depends on nothing but the unit itself.

        Two processes with different numbers of architectures therefore share equal units.
        """
        digest = hashlib.sha256("\n".join(self.architectures).encode()).hexdigest()
        return f"{self.series}-{self.round}-{digest[:16]}"


def units_of(series: str, round_: int, architectures: Sequence[str], size: int) -> list[Unit]:
    """Divide one round into units of `size` architectures."""
    return [
        Unit(series, round_, tuple(architectures[start : start + size]))
        for start in range(0, len(architectures), size)
    ]


class Store:
    """The measurements of one space on one device.

    Each process appends to its own file, and every line is on the disk before the next measurement
    starts. A killed process leaves at most one incomplete last line, which readers ignore.
    Processes claim units of work with locks. The operating system frees the locks of a process that
    ends.

    Parameters
    ----------
    folder : Path
        Folder of the files. It is created if it does not exist.

    Raises
    ------
    UserError
        If the folder cannot be created, or a file has a damaged line.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: Measurements by key. If two processes took the same measurement, the first one that is
        #: read counts.
        self.records: dict[Key, Record] = {}
        #: Headers of the files that have at least one record.
        self.headers: list[Header] = []
        self._offsets: dict[Path, int] = {}
        #: Headers of files without a record. They are ignored when settings are compared.
        self._unused_headers: dict[Path, Header] = {}
        self._header: Header | None = None
        self._path: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error, elsewhere("data")) from error
        self.refresh()

    def refresh(self) -> None:
        """Read the lines that any process has appended since the last call."""
        for path in sorted(self.folder.glob("*.jsonl")):
            lines, self._offsets[path] = read_lines(path, self._offsets.get(path, 0))
            for line in lines:
                self._read_entry(line, path)

    def _read_entry(self, line: str, path: Path) -> None:
        try:
            entry = json.loads(line)
            if "header" in entry:
                self._unused_headers[path] = entry["header"]
                return
            self._add(entry)
        except (ValueError, KeyError, TypeError) as error:
            number = read_lines(path)[0].index(line) + 1
            raise UserError(
                f"{path}: damaged line {number} {line[:60]!r}",
                remedy="delete that line and repeat the command, which measures it again",
            ) from error
        if path in self._unused_headers:
            self.headers.append(self._unused_headers.pop(path))

    def _add(self, record: Record) -> None:
        key = (record["series"], record["round"], record["architecture"])
        self.records.setdefault(key, record)

    def missing(self, unit: Unit) -> list[str]:
        """Return the unit's architectures that are not measured yet."""
        return [
            architecture
            for architecture in unit.architectures
            if (unit.series, unit.round, architecture) not in self.records
        ]

    def start(self, series: str, settings: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Set the header of this process's file. The file is created with the first record.

        Raises
        ------
        UserError
            If the folder has measurements of this series with other settings, or of another backend
            with other networks.
        """
        self._header = {"series": series, "settings": settings, "machine": facts}
        check_settings(self.folder, self._header, self.headers)

    def append(self, record: Record) -> None:
        """Write one measurement to the disk.

        Raises
        ------
        UserError
            If it is the first record of this process, and another process has written measurements
            with other settings since `start` was called.
        """
        if self._path is None:
            self._create_file(record)
        else:
            append_lines(self._path, json.dumps(record))
        self._add(record)

    def _create_file(self, record: Record) -> None:
        assert self._header is not None, "call start() before append()"
        # The lock makes a second process wait, so that it reads the settings of the first.
        with self.lock("start"):
            self.refresh()
            check_settings(self.folder, self._header, self.headers)
            path = self.folder / f"{self._header['series']}-{time.time_ns()}-{os.getpid()}.jsonl"
            append_lines(path, json.dumps({"header": self._header}), json.dumps(record))
            self._path = path

    def lock(self, name: str) -> BaseFileLock:
        """Return a lock in this folder. The operating system frees it when the process ends."""
        from filelock import FileLock

        locks = self.folder / "locks"
        locks.mkdir(exist_ok=True)
        return FileLock(locks / f"{name}.lock")

    @contextmanager
    def claim(self, unit: Unit) -> Iterator[bool]:
        """Claim a unit, and yield False if another running process holds it."""
        from filelock import Timeout

        lock = self.lock(unit.name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            self.refresh()
            yield True
        finally:
            lock.release()
