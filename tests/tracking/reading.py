"""Reading offline runs of Weights & Biases back.

The file ``run-<id>.wandb`` is a log in the format of LevelDB: blocks of 32 KiB with chunks of
records, each with 4 bytes of checksum, 2 of length and 1 of kind. W&B has no reader for it in
Python.
Reference: https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

_BLOCK, _HEADER, _CHUNK = 32768, 7, 7
_RECORD: Any = vars(wandb_internal_pb2)["Record"]
#: Kinds of chunks: a whole record, or its first, middle or last part.
_FULL, _LAST = 1, 4


@dataclass
class OfflineRun:
    """What an offline run holds."""

    folder: Path
    run: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[Any] = field(default_factory=list)
    #: The configuration of the panel of each diagram.
    charts: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        content = json.loads((self.folder / "files" / self.summary[name]["path"]).read_text())
        return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]


def read_runs(outputs: Path, count: int = 1) -> list[OfflineRun]:
    """Return the offline runs in the folder of all results, in the order of their names.

    W&B writes a run in another process, which may end later than the run.
    """
    deadline = time.monotonic() + 30
    while True:
        runs = [_read(path) for path in sorted(outputs.glob("wandb/offline-run-*"))]
        if len(runs) == count and all(run.exit_code is not None for run in runs):
            return runs
        assert time.monotonic() < deadline, [(run.folder.name, run.exit_code) for run in runs]
        time.sleep(0.1)


def _read(folder: Path) -> OfflineRun:
    found = OfflineRun(folder)
    for path in folder.glob("*.wandb"):
        for record in _records(path.read_bytes()):
            _add(found, record)
    return found


def _add(found: OfflineRun, record: Any) -> None:
    kind = record.WhichOneof("record_type")
    if kind == "run":
        found.run = record.run
        found.config |= {each.key: json.loads(each.value_json) for each in record.run.config.update}
    elif kind == "summary":
        for each in record.summary.update:
            _put(found.summary, list(each.nested_key) or [each.key], json.loads(each.value_json))
    elif kind == "history":
        items = record.history.item
        row = {"/".join(each.nested_key) or each.key: json.loads(each.value_json) for each in items}
        found.history.append(row)
    elif kind == "config":
        for each in record.config.update:
            if each.nested_key[:2] == ["_wandb", "visualize"]:
                found.charts[each.nested_key[2]] = json.loads(each.value_json)["panel_config"]
    elif kind == "artifact":
        found.artifacts.append(record.artifact)
    elif kind == "exit":
        found.exit_code = record.exit.exit_code


def _put(target: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        target = target.setdefault(key, {})
    target[keys[-1]] = value


def _records(data: bytes) -> Iterator[Any]:
    """Yield the records of a log. Its end may be missing while W&B writes it."""
    place, parts = _HEADER, b""
    while place + _CHUNK <= len(data):
        left = _BLOCK - place % _BLOCK
        if left < _CHUNK:
            place += left
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        start, place = place + _CHUNK, place + _CHUNK + length
        parts += data[start:place]
        if kind in (_FULL, _LAST):
            yield _RECORD.FromString(parts)
            parts = b""
