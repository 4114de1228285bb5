"""The folder in which a command runs, and what it leaves there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

#: Parts of a result that differ from run to run: times, and whether the trials of tuning were
#: stored before, so that tuning took no time.
_TIMES = ("timings", "tuning_reused")
#: Files that a killed process may have begun and that stay: each process that measures has its own,
#: and their lines are the measurements.
_KEPT = "/local/"
_BACKEND = "_target_: benchmarks.faults.board.Board\nname: board\n"


@dataclass(frozen=True)
class Place:
    """A folder for everything that a command reads and writes.

    Parameters
    ----------
    folder : Path
        The command's working directory.
    """

    folder: Path

    def make(self) -> Place:
        """Create the folder, with a backend for measurements. Return this object."""
        backend = self.folder / "conf" / "backend" / "board.yaml"
        backend.parent.mkdir(parents=True, exist_ok=True)
        backend.write_text(_BACKEND)
        return self

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that keep a command inside of the folder."""
        return {
            "HWNAS_DATA": str(self.folder / "data"),
            "HWNAS_CACHE": str(self.folder / "cache"),
            "HWNAS_CONF": str(self.folder / "conf"),
            "HOME": str(self.folder),
            "MPLCONFIGDIR": str(self.folder.parent.parent / "matplotlib"),
            "OMP_NUM_THREADS": "1",
            "WANDB_MODE": "disabled",
        }

    def files(self) -> set[str]:
        """Return the relative paths of all files and folders that are not kept on purpose."""
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}
        return {name for name in found if _KEPT not in f"/{name}" or _is_temporary(name)}

    def left(self, undisturbed: Place) -> list[str]:
        """Return what a run that nothing disturbed does not have: temporary files and folders."""
        return sorted(self.files() - undisturbed.files())

    def numbers(self) -> dict[str, Any]:
        """Return the numbers that the command computed, without times, by the file's name."""
        found: dict[str, Any] = {}
        measured: list[Any] = []
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file() or _is_temporary(str(path.relative_to(self.folder))):
                continue
            name = str(path.relative_to(self.folder))
            if path.name == "result.json":
                found[name] = untimed(json.loads(path.read_text()))
            elif path.name == "results.parquet":
                rows = pq.read_table(path).to_pylist()
                found[name] = [_without_times(row) for row in rows]
            elif path.suffix == ".parquet" and "tables" not in path.parts:
                found[name] = pq.read_table(path).to_pydict()
            elif path.suffix == ".hwnas" or path.name in ("front.csv", "selected.csv"):
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            elif path.suffix == ".jsonl" and _KEPT in f"/{name}":
                measured += [_measured(line) for line in path.read_text().splitlines()]
        if measured:
            found["measurements"] = sorted(each for each in measured if each is not None)
        return found


def untimed(result: Any) -> Any:
    """Return the content of a ``result.json`` without what differs from run to run.

    Examples
    --------
    >>> untimed({"scores": {"mae": 1.0}, "timings": {"fit_seconds": 2.0}})
    {'scores': {'mae': 1.0}}
    """
    if not isinstance(result, dict):
        return result
    return {key: untimed(value) for key, value in result.items() if key not in _TIMES}


def _without_times(row: dict[str, Any]) -> dict[str, Any]:
    names = (*_TIMES, "seconds")
    return {key: value for key, value in row.items() if not any(name in key for name in names)}


def _measured(line: str) -> tuple[Any, ...] | None:
    """Return series, round, architecture and value of a measurement; None for another line."""
    try:
        record = json.loads(line)
    except ValueError:
        # A process was killed while it wrote this line.
        return None
    if "header" in record:
        return None
    return tuple(record[key] for key in ("series", "round", "architecture", "median"))


def _is_temporary(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.endswith((".tmp", ".rename")) or any(
        part.startswith(".") and part.endswith(".tmp") for part in name.split("/")
    )
