"""The tables of a study, and whether its results were computed on the same data and code."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from hwnas.dataset import EstimatedWarning, Table, accuracy_of
from hwnas.errors import UserError
from hwnas.experiment import Data, build_for, digests_of, outdated, revisions

#: Prefix of the columns that hold the revision of a stage of the code.
_REVISION = "revision."
#: Column that holds the digests of the tables of other devices that a predictor learnt from.
_SOURCES = "provenance.sources"
#: Key of the image set whose accuracies replace those of the table.
ACCURACY = "experiment.settings.accuracy"


def load(cfg: DictConfig) -> Table:
    """Load the table of a grid point.

    The warning about estimated values is suppressed, because the status of the study has a line
    about them.

    Raises
    ------
    UserError
        If a file of the dataset is missing or damaged, or the dataset lacks what is chosen.
    """
    dataset = instantiate(cfg.dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimatedWarning)
        table: Table = dataset.load().measured_rows()
    image_set = OmegaConf.select(cfg, ACCURACY)
    if image_set is None:
        return table
    accuracy, provenance = accuracy_of(table.space, table.architectures, image_set, dataset.paths)
    return replace(table, accuracy=accuracy, accuracy_provenance=provenance)


def provenance_columns(table: Table, stages: Collection[str]) -> dict[str, str | int | None]:
    """Return the columns of a result that tell its data and code.

    `other_data` and `older_code` read them.

    Parameters
    ----------
    table : Table
    stages : collection of str
        Stages of the code that affect the result, keys of `hwnas.experiment.REVISIONS`.
    """
    data = Data.of_table(table)
    return {f"{_REVISION}{stage}": n for stage, n in revisions(stages).items()} | {
        "provenance.kind": table.provenance.kind,
        "provenance.values": json.dumps(data.values),
        "provenance.accuracy": json.dumps(data.accuracy),
    }


def older_code(row: Mapping[str, Any]) -> str | None:
    """Describe the stages of the code that have changed since a result; None if none has."""
    recorded = {k.removeprefix(_REVISION): n for k, n in row.items() if k.startswith(_REVISION)}
    older = outdated(recorded)
    return None if older is None else f"finished by another version, {older}"


def other_data(row: Mapping[str, Any], here: Data, accuracies: bool) -> str | None:
    """Describe how the data of a result differ from the present data; None if they do not.

    Parameters
    ----------
    row : mapping
        The result. Its columns ``provenance.values`` and ``provenance.accuracy`` hold JSON or None.
    here : Data
        The present data.
    accuracies : bool
        Whether the accuracies affect the result and must be the same too.
    """
    texts = (row.get(f"provenance.{part}") for part in ("values", "accuracy"))
    recorded = Data(*(None if text is None else json.loads(text) for text in texts))
    difference = recorded.difference(here, accuracies)
    if difference is None:
        return None
    return str(UserError(f"finished on other {difference}", remedy="force=true"))


def sources_column(cfg: DictConfig) -> dict[str, str]:
    """Return the column of a result that tells the tables of other devices it was learnt from.

    `other_sources` reads it. There is none if the predictor learns from the target only.

    Parameters
    ----------
    cfg : DictConfig
        The resolved configuration of the result.
    """
    sources = cfg.predictor.get("sources")
    return {} if sources is None else {_SOURCES: json.dumps(dict(sources))}


def sources_here(cfg: DictConfig) -> Mapping[str, str]:
    """Return the digests of the tables that a predictor would learn from now, by their names.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of a grid point, which is the current one of Hydra.
    """
    return digests_of(build_for(load(cfg), cfg, cfg.seed)) or {}


def other_sources(row: Mapping[str, Any], here: Callable[[], Mapping[str, str]]) -> str | None:
    """Describe how the sources of a result differ from those of now; None if they do not.

    Parameters
    ----------
    row : mapping
        The result.
    here : callable
        Returns the sources of now, see `sources_here`. It is called if the result has sources.
    """
    text = row.get(_SOURCES)
    if text is None:
        return None
    recorded, now = json.loads(text), here()
    changed = sorted(dict(recorded.items() ^ now.items()))
    if not changed:
        return None
    problem = f"finished with other tables of {', '.join(changed)} as sources"
    return str(UserError(problem, remedy="force=true"))
