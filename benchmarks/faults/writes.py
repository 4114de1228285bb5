"""Killing a process in the middle of one of its writes, always the same one."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Writes:
    """Counts the writes of this process, and kills it inside of one.

    A write is the append of a line to a log, of which half is written then; the text of a file,
    half of it too; and the renaming of a finished temporary file or folder, before it.

    Parameters
    ----------
    fatal : int, optional
        The number of the write in which the process is killed, from 1. None: it is not killed.
    counter : Path, optional
        A file that gets a line for each write.
    """

    def __init__(self, fatal: int | None = None, counter: Path | None = None) -> None:
        self._fatal = fatal
        self._counter = counter
        self._n = 0

    def install(self) -> None:
        """Replace the functions of this process that write."""
        write, replace, open_, text = os.write, Path.replace, Path.open, Path.write_text

        def counted_write(handle: int, data: bytes) -> int:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                self.count("append", lambda: write(handle, data[: len(data) // 2]))
            return write(handle, data)

        def counted_replace(path: Path, target: Any) -> Path:
            self.count(f"rename {path.name}", lambda: None)
            return replace(path, target)

        def counted_text(path: Path, data: str, *given: Any, **named: Any) -> int:
            self.count(f"text {path.name}", lambda: text(path, data[: len(data) // 2]))
            return text(path, data, *given, **named)

        def counted_open(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
            file = open_(path, mode, *given, **named)
            return _Appended(file, self) if mode == "ab" else file

        patched: Any = Path
        os.write = counted_write  # type: ignore[assignment]
        patched.replace, patched.write_text, patched.open = (
            counted_replace,
            counted_text,
            counted_open,
        )

    def count(self, what: str, half: Callable[[], object]) -> None:
        """Count a write. If it is the fatal one, make half of it and end the process."""
        self._n += 1
        if self._counter is not None:
            with open(self._counter, "a") as file:  # noqa: PTH123 - Path.open is counted
                file.write(f"{what}\n")
        if self._n == self._fatal:
            half()
            os.kill(os.getpid(), signal.SIGKILL)


class _Appended:
    """A file that is open for appending, each write of which is counted."""

    def __init__(self, file: Any, writes: Writes) -> None:
        self._file = file
        self._writes = writes

    def __enter__(self) -> _Appended:
        return self

    def __exit__(self, *given: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        """Count and write."""

        def half() -> None:
            self._file.write(data[: len(data) // 2])
            self._file.flush()

        self._writes.count("journal", half)
        return int(self._file.write(data))
