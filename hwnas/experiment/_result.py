"""What an experiment leaves behind: one folder, whole or not at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hwnas.dataset import Provenance
from hwnas.errors import UserError
from hwnas.scores import Scores

RESULT = "result.json"
CONFIG = "config.yaml"
PREDICTIONS = "predictions.parquet"


@dataclass(frozen=True)
class Timings:
    """Seconds of wall-clock time."""

    tune_seconds: float
    fit_seconds: float
    query_seconds_per_architecture: float


@dataclass(frozen=True)
class PredictorRecord:
    """Which predictor, and with which tuned parameters.

    `tuning_reused` says that all trials were found in ``tuning.storage``: tuning took no time then.
    """

    name: str
    preset: str
    best_params: dict[str, Any]
    n_trials: int
    cross_validated_kendall_tau: float | None
    tuning_reused: bool


@dataclass(frozen=True)
class ProvenanceRecord:
    """Where the values come from, and what computed the result."""

    kind: str
    values: Provenance
    accuracy: Provenance | None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The result of one experiment, as in ``result.json``.

    Parameters
    ----------
    identity : dict
        Space, dataset, device, metric, unit, predictor, n_train, n_test, seed, study.
    scores : Scores
        On the test set.
    scores_all : Scores
        On everything that was measured, each measurement counted once.
    selection : dict or None
        Scores of the selected set, and under ``constraint`` the architecture chosen under
        ``selection.limit``, under ``live`` what ``selection.verify=live`` measured; None if there
        is nothing to select by.
    selection_skipped : str or None
        Why there is no selection.
    revision : dict
        Of the code of each stage (`hwnas.experiment._revision`); None of a stage that did not run.
    """

    identity: dict[str, Any]
    scores: Scores
    scores_all: Scores
    selection: dict[str, Any] | None
    selection_skipped: str | None
    timings: Timings
    predictor: PredictorRecord
    provenance: ProvenanceRecord
    revision: dict[str, int | None]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested plain values."""
        return asdict(self)


def read_result(folder: Path) -> dict[str, Any] | None:
    """Return the finished result of a folder, None if there is none.

    Raises
    ------
    UserError
        If it cannot be read as JSON.
    """
    path = folder / RESULT
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as reason:
        raise damaged(folder) from reason
    return content


def damaged(folder: Path, name: str = RESULT) -> UserError:
    """Return the error for a finished result of which a file is not whole."""
    return UserError(f"{folder / name} is damaged: no whole result", remedy="force=true")


def check_writable(outputs: Path) -> None:
    """Refuse a folder for results that nothing can be written to, before anything is computed.

    Raises
    ------
    UserError
        With the system's reason.
    """
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=outputs).close()
    except OSError as reason:
        raise UserError(
            f"paths.outputs={outputs}: {reason.strerror}",
            remedy="paths.outputs=$HOME/hwnas-outputs",
        ) from reason


@contextmanager
def result_folder_writer(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `folder` when the block ends without an error.

    A finished result that stands there is replaced only then: what stands there is always whole.
    A kill between the two renames leaves neither; the old result is then in ``.<name>-*/old``.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        yield fresh
        if folder.exists():
            folder.replace(Path(scratch) / "old")
        fresh.replace(folder)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that refuses NaN: a result with one is a fault, not a number."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False, default=str) + "\n")
