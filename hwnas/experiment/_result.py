"""The result of one experiment: what ``result.json`` holds, and what it was computed from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.experiment._split import Split
from hwnas.predictor import Predictor
from hwnas.selection import Selection

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
    best_params: Mapping[str, Any]
    n_trials: int
    cross_validated_kendall_tau: float | None
    tuning_reused: bool


@dataclass(frozen=True)
class ProvenanceRecord:
    """Where the values come from, and what computed the result."""

    kind: str
    values: Provenance
    accuracy: Provenance | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Details:
    """What a result was computed from, and its arrays; a result that was loaded has none.

    Parameters
    ----------
    table : Table
    split : Split
    predictor : Predictor
        Fitted.
    predicted : array of float64, shape (len(table),)
        Predictions of every architecture of the table, in the metric's unit.
    selection : Selection or None
    trials : sequence of mapping
        Of tuning.
    """

    table: Table
    split: Split
    predictor: Predictor
    predicted: NDArray[np.float64]
    selection: Selection | None
    trials: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Result:
    """The result of one experiment, as in ``result.json``.

    Parameters
    ----------
    identity : mapping
        Space, dataset, device, metric, unit, predictor, n_train, n_test, seed, study.
    scores : mapping of str to float
        Of the test set: ``n`` and each of `hwnas.scores.SCORES`.
    scores_all : mapping of str to float
        Of everything that was measured, each measurement counted once.
    selection : mapping or None
        Scores of the selected set, and under ``constraint`` the architecture chosen under
        ``selection.limit``, under ``device`` what ``selection.verify=device`` measured; None if
        there is nothing to select by.
    selection_skipped : str or None
        Why there is no selection.
    timings : Timings
    predictor : PredictorRecord
    provenance : ProvenanceRecord
    revision : mapping
        Of the code of each stage (`hwnas.experiment.REVISIONS`); None of a stage that did not run.
    details : Details, optional
        The fitted predictor and the arrays; not part of ``result.json``.
    """

    identity: Mapping[str, Any]
    scores: Mapping[str, float]
    scores_all: Mapping[str, float]
    selection: Mapping[str, Any] | None
    selection_skipped: str | None
    timings: Timings
    predictor: PredictorRecord
    provenance: ProvenanceRecord
    revision: Mapping[str, int | None]
    details: Details | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested plain values, without the details."""
        own = (f.name for f in fields(self) if f.name != "details")
        return {name: _plain(getattr(self, name)) for name in own}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Result:
        """Return the result of nested plain values.

        Raises
        ------
        KeyError, TypeError
            If something is missing, or of another kind.
        """
        provenance = content["provenance"]
        accuracy = provenance["accuracy"]
        return cls(
            identity=dict(content["identity"]),
            scores=dict(content["scores"]),
            scores_all=dict(content["scores_all"]),
            selection=content["selection"],
            selection_skipped=content["selection_skipped"],
            timings=Timings(**content["timings"]),
            predictor=PredictorRecord(**content["predictor"]),
            provenance=ProvenanceRecord(
                kind=provenance["kind"],
                values=Provenance(**provenance["values"]),
                accuracy=None if accuracy is None else Provenance(**accuracy),
                environment=dict(provenance["environment"]),
            ),
            # Results that are older than revisions have none.
            revision=dict(content.get("revision") or {}),
        )

    @classmethod
    def load(cls, folder: Path) -> Result | None:
        """Return the finished result of a folder, None if there is none.

        Raises
        ------
        UserError
            If ``result.json`` is damaged.
        """
        path = folder / RESULT
        if not path.is_file():
            return None
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as reason:
            raise damaged(folder) from reason


def damaged(folder: Path, name: str = RESULT) -> UserError:
    """Return the error for a finished result of which a file is not whole."""
    return UserError(f"{folder / name} is damaged: no whole result", remedy="force=true")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
