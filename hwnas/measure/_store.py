"""Measurements on disk: one append-only file a process, so that a kill does no harm."""

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
from hwnas.files import append_lines, read_lines
from hwnas.measure._settings import Header, check_settings

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: Series (a backend, or "accuracy"), round (the pass, or the seed), architecture string.
Key = tuple[str, int, str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """What one process claims at a time: some architectures in one round of one series.

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
        """The same for equal units, however the rest of the round is cut."""
        digest = hashlib.sha256("\n".join(self.architectures).encode()).hexdigest()
        return f"{self.series}-{self.round}-{digest[:16]}"


def units_of(series: str, round_: int, architectures: Sequence[str], size: int) -> list[Unit]:
    """Cut one round into units of `size` architectures."""
    return [
        Unit(series, round_, tuple(architectures[start : start + size]))
        for start in range(0, len(architectures), size)
    ]


class Store:
    """The measurements of one space on one device.

    Each process appends to a file of its own, and every line is on the disk before the next
    measurement starts. Killed at any moment, a process leaves at most one torn last line, which
    readers ignore. Units of work are claimed by locks that the system frees when a process dies.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: What is measured, by key; where two processes measured the same, the first that is read.
        self.records: dict[Key, Record] = {}
        #: Settings and machine facts of every process that measured something.
        self.headers: list[Header] = []
        self._offsets: dict[Path, int] = {}
        #: A header binds nobody before a record follows it.
        self._unproven: dict[Path, Header] = {}
        self._own: Header | None = None
        self._path: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder}: cannot be written ({error.strerror})",
                remedy="paths.data=<a folder of yours>",
            ) from error
        self.refresh()

    def refresh(self) -> None:
        """Read what has been added since the last time, by whichever process."""
        for path in sorted(self.folder.glob("*.jsonl")):
            lines, self._offsets[path] = read_lines(path, self._offsets.get(path, 0))
            for line in lines:
                self._take(line, path)

    def _take(self, line: str, path: Path) -> None:
        try:
            entry = json.loads(line)
            if "header" in entry:
                self._unproven[path] = entry["header"]
                return
            self._remember(entry)
        except (ValueError, KeyError, TypeError) as error:
            number = read_lines(path)[0].index(line) + 1
            raise UserError(
                f"{path}: damaged line {number} {line[:60]!r}",
                remedy="delete that line; what it holds is measured again",
            ) from error
        if path in self._unproven:
            self.headers.append(self._unproven.pop(path))

    def _remember(self, record: Record) -> None:
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
        """Say what this process is about to measure; nothing is written before the first record.

        Raises
        ------
        UserError
            If the folder holds measurements that do not compare: of this series with other
            settings, or of another backend with other networks.
        """
        self._own = {"series": series, "settings": settings, "machine": facts}
        check_settings(self.folder, self._own, self.headers)

    def append(self, record: Record) -> None:
        """Put one measurement on the disk.

        Raises
        ------
        UserError
            If it is this process's first, and another process began with other settings since
            `start`.
        """
        if self._path is None:
            self._begin(record)
        else:
            append_lines(self._path, json.dumps(record))
        self._remember(record)

    def _begin(self, record: Record) -> None:
        assert self._own is not None, "start() comes first"
        # One process at a time: the second sees the settings of the first.
        with self.lock("start"):
            self.refresh()
            check_settings(self.folder, self._own, self.headers)
            path = self.folder / f"{self._own['series']}-{time.time_ns()}-{os.getpid()}.jsonl"
            append_lines(path, json.dumps({"header": self._own}), json.dumps(record))
            self._path = path

    def lock(self, name: str) -> BaseFileLock:
        """Return a lock of this folder; the system frees it when the process dies."""
        from filelock import FileLock

        locks = self.folder / "locks"
        locks.mkdir(exist_ok=True)
        return FileLock(locks / f"{name}.lock")

    @contextmanager
    def claim(self, unit: Unit) -> Iterator[bool]:
        """Hold a unit; the value says whether it is ours, or another living process has it."""
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
