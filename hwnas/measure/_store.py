"""Measurements on disk: one append-only file a process, so that a kill does no harm."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

from hwnas.errors import UserError

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
    index : int
        Place of the unit in its round.
    architectures : tuple of str
    """

    series: str
    round: int
    index: int
    architectures: tuple[str, ...]


def units_of(series: str, round_: int, architectures: Sequence[str], size: int) -> list[Unit]:
    """Cut one round into units of `size` architectures."""
    return [
        Unit(series, round_, start // size, tuple(architectures[start : start + size]))
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
        #: What is measured, by key; where two processes measured the same, the first file's.
        self.records: dict[Key, Record] = {}
        #: Every process's settings and machine facts, in order of file names.
        self.headers: list[dict[str, Any]] = []
        self._offsets: dict[Path, int] = {}
        self._file: TextIO | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder}: cannot be written ({error.strerror})",
                mend="paths.data=<a folder of yours>",
            ) from error
        self.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def refresh(self) -> None:
        """Read what has been added since the last time, by whichever process."""
        for path in sorted(self.folder.glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                data = file.read()
            whole = data.rfind(b"\n") + 1
            self._offsets[path] = self._offsets.get(path, 0) + whole
            for line in data[:whole].splitlines():
                self._take(line, path)

    def _take(self, line: bytes, path: Path) -> None:
        try:
            entry = json.loads(line)
            if "header" in entry:
                self.headers.append(entry["header"])
            else:
                key = (entry["series"], entry["round"], entry["architecture"])
                self.records.setdefault(key, entry)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: damaged line {line[:60]!r}", mend=f"rm {path}") from error

    def missing(self, unit: Unit) -> list[str]:
        """Return the unit's architectures that are not measured yet."""
        return [
            architecture
            for architecture in unit.architectures
            if (unit.series, unit.round, architecture) not in self.records
        ]

    def start(self, series: str, settings: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Begin this process's file; all processes of a series must share its settings.

        Raises
        ------
        UserError
            If the folder holds measurements of this series with other settings.
        """
        for header in self.headers:
            if header["series"] != series:
                continue
            for key, value in settings.items():
                there = header["settings"].get(key)
                if there != value:
                    raise UserError(
                        f"{self.folder} holds {series} measurements with {key}={there}, "
                        f"not {value}",
                        mend=f"{key}={there}, or another name=",
                    )
        path = self.folder / f"{series}-{time.time_ns()}-{os.getpid()}.jsonl"
        self._file = path.open("x", encoding="utf-8")
        self._write({"header": {"series": series, "settings": settings, "machine": facts}})

    def append(self, record: Record) -> None:
        """Put one measurement on the disk."""
        self._write(record)
        self.records.setdefault((record["series"], record["round"], record["architecture"]), record)

    def _write(self, entry: Mapping[str, Any]) -> None:
        assert self._file is not None, "start() comes first"
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    @contextmanager
    def claim(self, unit: Unit) -> Iterator[bool]:
        """Hold a unit; the value says whether it is ours, or another living process has it."""
        from filelock import FileLock, Timeout

        locks = self.folder / "locks"
        locks.mkdir(exist_ok=True)
        lock = FileLock(locks / f"{unit.series}-{unit.round}-{unit.index}.lock")
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
