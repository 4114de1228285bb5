"""Ledger of a study: the outcomes of its grid points, one file of JSON lines for each job."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwnas.experiment import RESULT
from hwnas.study._grid import GridPoint

#: States of a grid point. The ledger's files hold the first two only. The others are found by
#: comparison: STALE was finished on other data than there are now, OLDER by older code.
DONE, FAILED, STALE, OLDER = "done", "failed", "stale", "older"


@dataclass(frozen=True)
class Outcome:
    """State and results of one grid point.

    Parameters
    ----------
    seed : int
    state : {"done", "failed", "stale", "older"}
    rows : tuple of mapping
        Its rows in ``results.parquet``.
    folder : str, optional
        Its result folder, relative to the folder of all results. If files are missing from it, the
        grid point counts as missing.
    error : str, optional
        The reason of a failure, in one line.
    trace : str, optional
        The traceback of a failure that is not the user's mistake.
    """

    seed: int
    state: str
    rows: tuple[Mapping[str, Any], ...] = ()
    folder: str | None = None
    error: str | None = None
    trace: str | None = None


@dataclass(frozen=True)
class Count:
    """Size of a job's file in bytes, and its number of lines."""

    size: int
    lines: int


@dataclass(frozen=True)
class Ledger:
    """The outcomes of one study, in ``<folder>/<job>.jsonl``.

    Parameters
    ----------
    folder : Path
    outputs : Path
        The folder of all results. The paths of result folders in the ledger are relative to it.
    files : tuple of str
        Files that a result folder must contain for its grid point to count as done.
    """

    folder: Path
    outputs: Path
    files: tuple[str, ...] = (RESULT,)

    def write(self, job: str, outcome: Outcome) -> None:
        """Append an outcome as one line.

        If the process is killed meanwhile, `read` skips the incomplete line.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps(outcome.__dict__, allow_nan=False, default=str) + "\n"
        # If a kill cut off the last line, the new one must not continue it.
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
                # A kill cut off this line. Its grid point counts as missing and runs again.
                continue
            outcomes[outcome.seed] = outcome
        return outcomes

    def count(self, job: str, before: Count | None = None) -> Count:
        """Count the outcomes of a job.

        The file is read only if its size differs from that of an earlier count, `before`.
        """
        path = self.folder / f"{job}.jsonl"
        size = path.stat().st_size if path.exists() else 0
        if before is not None and before.size == size:
            return before
        return Count(size, path.read_bytes().count(b"\n") if size else 0)

    def sort(self, points: Iterable[GridPoint]) -> Progress:
        """Sort grid points into done, failed and missing.

        Missing are those without a recorded outcome, and those whose result folder is incomplete.
        """
        progress = Progress({}, {}, [])
        outcomes: dict[str, dict[int, Outcome]] = {}
        for point in points:
            job = point.job
            if job not in outcomes:
                outcomes[job] = self.read(job)
            outcome = outcomes[job].get(point.seed)
            if outcome is not None and outcome.state == FAILED:
                progress.failed[point] = outcome
            elif outcome is not None and self._has_result(outcome):
                progress.done[point] = outcome
            else:
                progress.missing.append(point)
        return progress

    def _has_result(self, outcome: Outcome) -> bool:
        """Tell whether the result folder of a finished grid point has all files."""
        if outcome.folder is None:
            return True
        return all((self.outputs / outcome.folder / name).is_file() for name in self.files)


@dataclass(frozen=True)
class Progress:
    """The grid points of a study, sorted by state. Each is in exactly one of the three.

    `Study.progress` counts results of other data or of older code as failed.
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
        # The file does not exist, or it is empty and has no last byte.
        return True
