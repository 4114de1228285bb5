"""What a tracker records of an experiment."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwnas.composition import is_inert
from hwnas.experiment._identity import identity_of
from hwnas.experiment._result import CANDIDATES, PREDICTIONS, SELECTED, TRIALS, Result
from hwnas.predictor import PREDICTOR_FILE
from hwnas.tracking import Artifact, Record, RunInfo

#: Files of a result folder with the selection, by the name of the table.
_SELECTIONS = {"selected": SELECTED, "candidates": CANDIDATES}
#: Keys of an identity that tags repeat.
_TAGS = ("predictor", "space", "dataset", "device", "metric")


def run_info(
    folder: Path, identity: Mapping[str, Any], preset: str, kind: str, config: Mapping[str, Any]
) -> RunInfo:
    """Return what is known of an experiment before it runs.

    Parameters
    ----------
    folder : Path
        The result folder.
    identity : mapping
        See `Result`.
    preset : str
        The preset of the predictor.
    kind : str
        Whether the values are "measured" or "estimated".
    config : mapping
        The resolved configuration, without which a run could not be repeated. Folders and other
        values that do not affect the result are left out.
    """
    fields = {
        **identity,
        "preset": preset,
        "image_set": (config.get("image_set") or {}).get("name"),
        "provenance": kind,
    }
    return RunInfo(
        identity=identity_of(folder),
        group=str(identity["study"]),
        tags=[*(str(identity[key]) for key in _TAGS), kind],
        config={**fields, "settings": _decisive(config)},
    )


def record_of(result: Result, folder: Path) -> Record:
    """Return what a tracker records of a finished experiment: its result, tables and artifacts.

    Parameters
    ----------
    result : Result
        Its trials are those of its details, or of ``tuning.csv`` if it was loaded.
    folder : Path
        The result folder. Tables and artifacts are left out whose files it does not have.
    """
    tables = {"predictions": folder / PREDICTIONS} | {
        name: folder / file for name, file in _SELECTIONS.items()
    }
    return Record(
        summary=result.to_dict(),
        folder=folder,
        plots=sorted(folder.glob("*.png")),
        trials=_read_trials(folder) if result.details is None else trial_rows(result),
        tables={name: path for name, path in tables.items() if path.is_file()},
        artifacts=_artifacts(result, folder),
    )


def trial_rows(result: Result) -> list[dict[str, Any]]:
    """Return the trials of a result that was not loaded, with the hyperparameters as columns."""
    assert result.details is not None
    return [
        {key: value for key, value in trial.items() if key != "params"} | dict(trial["params"])
        for trial in result.details.trials
    ]


def _read_trials(folder: Path) -> list[dict[str, Any]]:
    path = folder / TRIALS
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: _number(text) for key, text in row.items()} for row in csv.DictReader(file)]


def _number(text: str) -> Any:
    """Return a cell as a number if it is one, and None if it is empty."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _artifacts(result: Result, folder: Path) -> list[Artifact]:
    """Return the data that the predictor was fitted to, the predictor, and the selection."""
    identity, values = result.identity, result.provenance.values
    column = f"{identity['dataset']}-{identity['device']}-{identity['metric']}"
    name = identity_of(folder)
    data = {"sha256": values.sha256, "source": values.source, "kind": values.kind}
    found = [
        Artifact(
            name=f"data-{column}",
            kind="dataset",
            facts={**data, "url": values.url, "details": dict(values.details)},
            used=True,
        )
    ]
    facts = {**identity, "data": data, "scores": dict(result.scores)}
    predictor = [folder / PREDICTOR_FILE, folder / PREDICTIONS]
    selection = [folder / file for file in _SELECTIONS.values()]
    # The selection was made with the predictor, so the run used what it had made before.
    for prefix, kind, files, used in (
        ("predictor", "predictor", predictor, True),
        ("selection", "selection", selection, False),
    ):
        if files[0].is_file():
            present = [path for path in files if path.is_file()]
            found.append(Artifact(f"{prefix}-{name}", kind, facts, present, used))
    return found


def _decisive(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the part of a configuration that affects the result."""
    kept: dict[str, Any] = {}
    for name, value in config.items():
        key = f"{prefix}{name}"
        if is_inert(key):
            continue
        if isinstance(value, Mapping):
            kept[name] = _decisive(value, f"{key}.")
        else:
            # JSON has no infinity, which the bounds of metrics have.
            infinite = isinstance(value, float) and not math.isfinite(value)
            kept[name] = str(value) if infinite else value
    return kept


def loaded_record(
    folder: Path, result: Result, config: Mapping[str, Any]
) -> tuple[RunInfo, Record]:
    """Return what a tracker records of an experiment that was finished earlier.

    Parameters
    ----------
    folder : Path
        The result folder.
    result : Result
        As it was loaded from the folder.
    config : mapping
        Its resolved configuration.
    """
    kind = result.provenance.kind
    info = run_info(folder, result.identity, result.predictor.preset, kind, config)
    return info, record_of(result, folder)
