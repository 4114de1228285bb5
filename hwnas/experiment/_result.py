"""The result of one experiment: the content of ``result.json``, and the arrays behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.experiment._layout import check_layout
from hwnas.experiment._split import Split
from hwnas.predictor import Predictor
from hwnas.selection import Selection

RESULT = "result.json"
CONFIG = "config.yaml"
PREDICTIONS = "predictions.parquet"
TRIALS = "tuning.csv"
SELECTED = "selected.csv"
CANDIDATES = "candidates.csv"
#: The command that made a result. Results of studies have none: their study has it.
COMMAND = "command.txt"


@dataclass(frozen=True)
class Timings:
    """Wall-clock seconds of tuning, of fitting, and of the prediction of one architecture."""

    tune_seconds: float
    fit_seconds: float
    query_seconds_per_architecture: float


@dataclass(frozen=True)
class PredictorRecord:
    """The predictor of a result, and how it was tuned.

    Parameters
    ----------
    name, preset : str
        The predictor's names in reports.
    best_params : mapping
        Hyperparameters that tuning chose. Empty without tuning.
    n_trials : int
        Number of trials.
    cross_validated_kendall_tau : float or None
        Kendall's τ of the best trial on held-out folds. None without tuning.
    tuning_reused : bool
        Whether all trials came from ``tuning.storage``, so that tuning took no time.
    n_restarts : int or None
        How many times a neural network was trained again from other first weights, because it had
        predicted one value for all training measurements. None if the model is no such network.
    sources : sequence of mapping or None
        Of each other device that the model learns from: its name and weight, its dataset, file and
        hash, how many measurements it has, and how many of them the model knows. None if the model
        learns from no other device.
    """

    name: str
    preset: str
    best_params: Mapping[str, Any]
    n_trials: int
    cross_validated_kendall_tau: float | None
    tuning_reused: bool
    n_restarts: int | None = None
    sources: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class ProvenanceRecord:
    """The provenance of a result: its values, its accuracies, and the software versions.

    Parameters
    ----------
    kind : str
        Whether the values are "measured" or "estimated".
    values : Provenance
    accuracy : Provenance or None
        None if the table has no accuracies.
    environment : mapping
        Versions of Python, hwnas and libraries by name.
    """

    kind: str
    values: Provenance
    accuracy: Provenance | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Details:
    """The objects and arrays behind a result, which ``result.json`` does not contain.

    Parameters
    ----------
    table : Table
    split : Split
    predictor : Predictor
        Fitted.
    predicted : array of float64, shape (len(table),)
        Predicted value of every architecture of the table, in the metric's unit.
    selection : Selection or None
        None if there is no selection.
    candidates : array of int64 or None
        Rows of the selection's candidates in the table. None if there is no selection.
    trials : tuple of mapping
        The trials of tuning, see `hwnas.tuning.TuningResult`.
    further : tuple of pairs of Table and array
        For each further metric of the selection, its values in the rows of `table`, and its
        predicted values, in the metric's unit.
    """

    table: Table
    split: Split
    predictor: Predictor
    predicted: NDArray[np.float64]
    selection: Selection | None
    candidates: NDArray[np.int64] | None
    trials: tuple[Mapping[str, Any], ...]
    further: tuple[tuple[Table, NDArray[np.float64]], ...] = ()


@dataclass(frozen=True)
class Result:
    """The result of one experiment. ``result.json`` contains its fields except `details`.

    Parameters
    ----------
    identity : mapping
        ``space``, ``dataset``, ``device``, ``metric``, ``unit``, ``predictor``, ``n_train``,
        ``n_test``, ``seed``, ``study`` and ``train``: whether the training measurements are
        ``random`` or a ``design``. Results of older versions of hwnas lack ``train``: all of their
        training measurements are random, except for predictors that choose them themselves.
    scores : mapping of str to float
        Scores on the test set: each of `hwnas.scores.SCORES` by its name, and ``n``, the number
        of architectures.
    scores_all : mapping of str to float
        The same scores on all measurements of the table, training measurements included.
    selection : mapping or None
        Scores of the selection, see `hwnas.selection.Selection.to_dict`, and ``min_accuracy``,
        the lowest accuracy of a candidate in percent, or None without a bound. With a limit,
        ``constraint`` describes the chosen architecture. With ``selection.verify=device``,
        ``device`` describes the measurements. With ``selection.metrics``, ``further_metrics`` has
        the name, the unit and the test scores of every further metric. None if there is no
        selection.
    selection_skipped : str or None
        The reason why there is no selection. None if there is one.
    timings : Timings
    predictor : PredictorRecord
    provenance : ProvenanceRecord
    revision : mapping
        Revision of each stage (`hwnas.experiment.REVISIONS`); None for stages that did not run.
    interval : mapping or None
        Coverage and mean width of the predictor's intervals on the test set, and their source; see
        `hwnas.experiment.interval_scores`. None for a result of an older version of hwnas.
    details : Details, optional
        None for a result that was loaded from a file.
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
    interval: Mapping[str, Any] | None = None
    details: Details | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the content of ``result.json``."""
        names = (each.name for each in fields(self) if each.name != "details")
        return {name: _plain(getattr(self, name)) for name in names}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Result:
        """Create a result from the content of ``result.json``.

        Raises
        ------
        KeyError, TypeError
            If a field is missing or has another type.
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
            # The first versions of hwnas wrote results without revisions.
            revision=dict(content.get("revision") or {}),
            interval=content.get("interval"),
        )

    @classmethod
    def load(cls, folder: Path) -> Result | None:
        """Return the result in a result folder, or None if the folder has no ``result.json``.

        Raises
        ------
        UserError
            If ``result.json`` is damaged.
        """
        path = folder / RESULT
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            check_layout(content)
            return cls.from_dict(content)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise damaged(folder) from error


def damaged(folder: Path, name: str = RESULT) -> UserError:
    """Return the error for a file of a result folder that cannot be read."""
    return UserError(f"{folder / name} is damaged and cannot be read", remedy="force=true")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
