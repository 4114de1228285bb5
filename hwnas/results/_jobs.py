"""The jobs of one command with several experiments, ``hwnas run -m``: a record, and their table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwnas.console import print_table
from hwnas.experiment import Result
from hwnas.files import append_lines, read_lines
from hwnas.results._compare import MEASURES, Entry, Labels, compare, note_on
from hwnas.results._find import Finished

#: A table lists at most this many failed jobs.
MAX_LISTED = 10


@dataclass(frozen=True)
class Jobs:
    """The record of the jobs, a file of JSON lines that the processes of all jobs append to.

    Parameters
    ----------
    file : Path
    asked : tuple of str
        The overrides of the command, where ``seed=0,1`` stands for two jobs.
    """

    file: Path
    asked: tuple[str, ...] = ()

    def finished(self, overrides: Sequence[str], folder: Path) -> None:
        """Record that the job with these overrides has a result, new or from before."""
        self._append({"overrides": list(overrides), "folder": str(folder.absolute())})

    def failed(self, overrides: Sequence[str], error: BaseException) -> None:
        """Record that the job with these overrides has failed."""
        lines = str(error).splitlines() or [""]
        text = f"{type(error).__name__}: {lines[0]}" if len(lines) > 1 else str(error)
        self._append({"overrides": list(overrides), "error": text or type(error).__name__})

    def _append(self, record: dict[str, object]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        append_lines(self.file, json.dumps(record))

    def _records(self) -> Iterator[dict[str, Any]]:
        for line in read_lines(self.file)[0]:
            try:
                yield json.loads(line)
            except ValueError:
                # A job was killed while it wrote this line.
                continue

    def summary(self, overrides: Sequence[str], result: Result, note: str = "") -> str:
        """Return one line about a job that has finished: what is its own, and its scores."""
        scores = []
        for name in ("tau", "mra", "seconds"):
            measure = MEASURES[name]
            value = measure.value(result)
            if value is not None:
                scores.append(f"{measure.heading} {measure.text([value])}")
        remark = f"  ({note.partition(';')[0]})" if note else ""
        return f"{' '.join(self._own(overrides))}: {', '.join(scores)}{remark}"

    def _own(self, overrides: Sequence[str]) -> list[str]:
        """Return the overrides of a job that not all jobs have."""
        asked = {_plain(override) for override in self.asked}
        return [override for override in overrides if _plain(override) not in asked]

    def print(self) -> None:
        """Print one table of all finished jobs, and a line for each failed one of several."""
        records = [*self._records()]
        # A job that was run again replaces its record.
        last = {tuple(record["overrides"]): record for record in records}
        entries, failures = [], []
        for overrides, record in last.items():
            if "error" in record:
                failures.append(f"{' '.join(self._own(overrides))}: {record['error']}")
                continue
            result = Result.load(Path(record["folder"]))
            if result is not None:
                finished = Finished(Path(record["folder"]), result)
                entries.append(Entry(_labels(overrides, finished), finished))
        if entries:
            print()  # noqa: T201 - the command's output
            table = compare(entries)
            print_table(table)
            print(f"\n{note_on(table)}", flush=True)  # noqa: T201
        # Of a single job, the command prints the error anyway.
        if failures and len(last) > 1:
            more = len(failures) - MAX_LISTED
            lines = [f"{len(failures)} of {len(last)} jobs failed:"]
            lines += [f"  {failure}" for failure in failures[:MAX_LISTED]]
            lines += [f"  ... and {more} more"] if more > 0 else []
            print("\n".join(lines), flush=True)  # noqa: T201


def _plain(override: str) -> str:
    """Return an override without what Hydra may change in it: quotes, and the case of true."""
    return override.replace("'", "").replace('"', "").lower()


def _labels(overrides: Sequence[str], finished: Finished) -> Labels:
    """Return the overrides of a job as labels, with the predictor first, as it was asked for."""
    given = [override.partition("=") for override in overrides]
    labels: dict[str, str | int] = {"predictor": finished.result.identity["predictor"]}
    return labels | {key.lstrip("+"): value.strip("'\"") for key, _, value in given}
