"""Writing the result folder of an experiment, completely or not at all."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import hwnas
from hwnas.errors import UserError
from hwnas.experiment._plots import save_plots
from hwnas.experiment._result import (
    CANDIDATES,
    COMMAND,
    CONFIG,
    PREDICTIONS,
    RESULT,
    SELECTED,
    TRIALS,
    Result,
)
from hwnas.experiment._tables import save_candidates, save_predictions, save_selected, save_trials
from hwnas.files import UnwritableError, replaced_folder, unwritable
from hwnas.paths import elsewhere
from hwnas.predictor import PREDICTOR_FILE

_LOG = logging.getLogger(__name__)


def save(
    result: Result,
    config: Mapping[str, Any],
    folder: Path,
    everything: bool,
    made_by: str | None = None,
) -> None:
    """Write a result folder. It replaces an existing one when all files are written.

    Parameters
    ----------
    result : Result
    config : mapping
        The resolved configuration, written as ``config.yaml``.
    folder : Path
    everything : bool
        Whether to write the predictions, tables and plots, too. This needs the result's details.
    made_by : str, optional
        The command that made the result, written as ``command.txt``.
    """
    with replaced_folder(folder) as fresh:
        (fresh / RESULT).write_text(to_json(result.to_dict()))
        (fresh / CONFIG).write_text(yaml.safe_dump(dict(config), sort_keys=False))
        if made_by is not None:
            (fresh / COMMAND).write_text(f"{made_by}\n")
        if everything:
            _save_details(result, fresh)


def _save_details(result: Result, folder: Path) -> None:
    details = result.details
    assert details is not None, "a result that was loaded has no details to save"
    _save_predictor(result, folder / PREDICTOR_FILE)
    if details.trials:
        save_trials(folder / TRIALS, details.trials)
    save_predictions(folder / PREDICTIONS, details)
    if details.selection is not None:
        save_selected(folder / SELECTED, details)
    unmeasured = (result.selection or {}).get("unmeasured")
    if unmeasured is not None:
        save_candidates(folder / CANDIDATES, unmeasured["front"])
    save_plots(folder, details)


def _save_predictor(result: Result, path: Path) -> None:
    """Write the fitted predictor, with what a reader should know of it."""
    assert result.details is not None
    names = (
        "space",
        "dataset",
        "device",
        "metric",
        "unit",
        "predictor",
        "n_train",
        "n_test",
        "seed",
    )
    values = result.provenance.values
    metadata = {name: result.identity[name] for name in names} | {
        "source": values.source,
        "sha256": values.sha256,
        "kind": values.kind,
        "scores": dict(result.scores),
        "hwnas": hwnas.__version__,
    }
    try:
        result.details.predictor.save(path, metadata)
    except UnwritableError:
        raise
    except UserError as reason:
        # A model of the user's own may hold what cannot be saved. Its result is kept.
        _LOG.warning("%s is not written: %s", path.name, reason)


def to_json(content: Mapping[str, Any]) -> str:
    """Return JSON text; raises `ValueError` for NaN, which JSON does not have."""
    return json.dumps(content, indent=2, allow_nan=False, default=str) + "\n"


def check_writable(outputs: Path) -> None:
    """Raise `UserError` if no file can be created in the folder for results.

    Raises
    ------
    UserError
        With the operating system's reason.
    """
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=outputs).close()
    except OSError as reason:
        raise unwritable(f"paths.outputs={outputs}", reason, elsewhere("outputs")) from reason
