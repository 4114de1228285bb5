"""Finding the finished results in folders of results and of studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hwnas.errors import UserError, command
from hwnas.experiment import CONFIG, RESULT, Result
from hwnas.study import POINTS, Ledger


@dataclass(frozen=True)
class Finished:
    """One finished experiment on disk.

    Parameters
    ----------
    folder : Path
        The result folder. Besides ``result.json`` and ``config.yaml`` it may hold predictions,
        tables, plots and the fitted predictor (``artifacts=all``).
    result : Result
        Without its `details`.
    """

    folder: Path
    result: Result

    def config(self) -> Mapping[str, Any]:
        """Return the resolved configuration of the experiment."""
        content = yaml.safe_load((self.folder / CONFIG).read_text(encoding="utf-8"))
        assert isinstance(content, dict)
        return content


def find(paths: Iterable[Path]) -> list[Finished]:
    """Return the finished experiments at some paths, each once, in the order of the paths.

    Parameters
    ----------
    paths : iterable of Path
        Each is a result folder, the folder of a study, or a folder above result folders. For a
        study, these are the results of its grid points; results that the study does not name are
        left out.

    Returns
    -------
    list of Finished

    Raises
    ------
    UserError
        If a path does not exist or has no finished result, or if a ``result.json`` is damaged.
    """
    found: dict[Path, Finished] = {}
    for path in paths:
        before = len(found)
        seen = False
        for folder in _folders(path):
            seen = True
            key = folder.resolve()
            if key not in found:
                result = Result.load(folder)
                assert result is not None
                found[key] = Finished(folder, result)
        if not seen and len(found) == before:
            reason = "has no finished result" if path.is_dir() else "there is no such folder"
            raise UserError(f"{path}: {reason}", remedy=command("run"))
    return list(found.values())


def _folders(path: Path) -> Iterator[Path]:
    if (path / RESULT).is_file():
        yield path
    elif (path / POINTS).is_dir():
        yield from _of_study(path)
    else:
        for result in sorted(path.rglob(RESULT)):
            # Hidden folders hold results that are being written.
            if not any(part.startswith(".") for part in result.relative_to(path).parts):
                yield result.parent


def _of_study(path: Path) -> Iterator[Path]:
    outputs = path.parent.parent
    ledger = Ledger(path / POINTS, outputs)
    for record in sorted((path / POINTS).glob("*.jsonl")):
        for outcome in ledger.read(record.stem).values():
            folder = None if outcome.folder is None else outputs / outcome.folder
            if folder is not None and (folder / RESULT).is_file():
                yield folder
