"""Ledger of a study: the outcomes of its grid points, one file of JSON lines for each job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwnas.experiment import RESULT
from hwnas.files import append_lines, read_lines
from hwnas.study._grid import GridPoint

#: States of a grid point. The ledger's files hold the first two only. The others are found by
#: comparison: STALE was finished on other data than there are now, OLDER by older code.
DONE, FAILED, STALE, OLDER = "done", "failed", "stale", "older"
#: Name of the ledger's folder in the folder of a study.
POINTS = "points"


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
    """Number of bytes of a job's file that were read, and of lines in them."""

    size: int
    lines: int


NOTHING = Count(0, 0)


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
        line = json.dumps(outcome.__dict__, allow_nan=False, default=str)
        append_lines(self._path(job), line)

    def read(self, job: str) -> dict[int, Outcome]:
        """Return the last outcome of each seed of a job."""
        path = self._path(job)
        if not path.is_file():
            return {}
        outcomes = {}
        for line in read_lines(path)[0]:
            try:
                outcome = Outcome(**json.loads(line))
            except (json.JSONDecodeError, TypeError):
                # A kill cut off this line. Its grid point counts as missing and runs again.
                continue
            outcomes[outcome.seed] = outcome
        return outcomes

    def count(self, job: str, before: Count = NOTHING) -> Count:
        """Count the outcomes of a job.

        Only what was appended since an earlier count, `before`, is read.
        """
        path = self._path(job)
        if not path.is_file() or path.stat().st_size == before.size:
            return before
        lines, size = read_lines(path, before.size)
        return Count(size, before.lines + len(lines))

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

    def _path(self, job: str) -> Path:
        return self.folder / f"{job}.jsonl"

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
