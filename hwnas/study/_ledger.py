"""What became of each grid point: one file of JSON lines a job, only ever appended to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwnas.experiment import RESULT
from hwnas.study._grid import GridPoint

#: Stale is what was done on other data than those at hand, older what was done by older code: both
#: are found out, never written down.
DONE, FAILED, STALE, OLDER = "done", "failed", "stale", "older"


@dataclass(frozen=True)
class Outcome:
    """What became of one grid point.

    Parameters
    ----------
    seed : int
    state : {"done", "failed", "stale", "older"}
    rows : tuple of mapping
        Its rows in the table of results.
    folder : str, optional
        Its result folder in the outputs. Only while that is there, whole, the grid point counts as
        done.
    error : str, optional
        Why it failed, in a line.
    trace : str, optional
        The traceback, where a fault of the program was the reason.
    """

    seed: int
    state: str
    rows: tuple[Mapping[str, Any], ...] = ()
    folder: str | None = None
    error: str | None = None
    trace: str | None = None


@dataclass(frozen=True)
class Count:
    """Size of a job's file in bytes, and its lines."""

    size: int
    lines: int


@dataclass(frozen=True)
class Ledger:
    """The outcomes of one study, in ``<folder>/<job>.jsonl``.

    Parameters
    ----------
    folder : Path
    outputs : Path
        What the result folders in it are relative to.
    files : tuple of str
        What a result folder must hold.
    """

    folder: Path
    outputs: Path
    files: tuple[str, ...] = (RESULT,)

    def write(self, job: str, outcome: Outcome) -> None:
        """Append an outcome in one write, which a kill cannot cut in two unnoticed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps(outcome.__dict__, allow_nan=False, default=str) + "\n"
        # A line that a kill cut off must not swallow the next one.
        path = self.folder / f"{job}.jsonl"
        start = "" if _ends_in_newline(path) else "\n"
        handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
        try:
            os.write(handle, (start + line).encode())
        finally:
            os.close(handle)

    def read(self, job: str) -> dict[int, Outcome]:
        """Return the last outcome of each seed of a job."""
        path = self.folder / f"{job}.jsonl"
        if not path.is_file():
            return {}
        outcomes = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                outcome = Outcome(**json.loads(line))
            except (json.JSONDecodeError, TypeError):
                # Cut off by a kill: the grid point counts as missing and is run again.
                continue
            outcomes[outcome.seed] = outcome
        return outcomes

    def count(self, job: str, before: Count | None = None) -> Count:
        """Count the outcomes of a job; the file is read only if it grew since `before`."""
        path = self.folder / f"{job}.jsonl"
        size = path.stat().st_size if path.exists() else 0
        if before is not None and before.size == size:
            return before
        return Count(size, path.read_bytes().count(b"\n") if size else 0)

    def sort(self, points: Iterable[GridPoint]) -> Progress:
        """Compare the expanded grid with what is here: missing is the grid less the finished."""
        progress = Progress({}, {}, [])
        read: dict[str, dict[int, Outcome]] = {}
        for point in points:
            job = point.job
            if job not in read:
                read[job] = self.read(job)
            outcome = read[job].get(point.seed)
            if outcome is not None and outcome.state == FAILED:
                progress.failed[point] = outcome
            elif outcome is not None and self._whole(outcome):
                progress.done[point] = outcome
            else:
                progress.missing.append(point)
        return progress

    def _whole(self, outcome: Outcome) -> bool:
        if outcome.folder is None:
            return True
        return all((self.outputs / outcome.folder / name).is_file() for name in self.files)


@dataclass(frozen=True)
class Progress:
    """The points of a study by what became of them; each grid point stands in exactly one.

    Those whose result is of other data or of older code are among the failed, by their state.
    """

    done: dict[GridPoint, Outcome]
    failed: dict[GridPoint, Outcome]
    missing: list[GridPoint]


def _ends_in_newline(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:
        # Not there yet, or empty.
        return True
