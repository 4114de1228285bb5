"""The data of a study's points: loaded quietly, and told from those of finished grid points."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from hwnas.dataset import EstimatedWarning, Table, accuracy_of
from hwnas.errors import UserError
from hwnas.experiment import Data, outdated, revisions

#: Before the stage, in the column of a revision.
_REVISION = "revision."
#: Key of an experiment that puts the accuracies of another image set beside the values.
ACCURACY = "experiment.settings.accuracy"


def load(cfg: DictConfig) -> Table:
    """Load the table of a grid point, without the warning that its values are estimated.

    The study's status states it once.

    Raises
    ------
    UserError
        If it is not here, or does not fit.
    """
    dataset = instantiate(cfg.dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimatedWarning)
        table: Table = dataset.load().measured_rows()
    image_set = OmegaConf.select(cfg, ACCURACY)
    if image_set is None:
        return table
    accuracy, of = accuracy_of(table.space, table.architectures, image_set, dataset.paths)
    return replace(table, accuracy=accuracy, accuracy_provenance=of)


def columns_of(table: Table, stages: Collection[str]) -> dict[str, str | int | None]:
    """Return what a row of results says about its data and code, for `other_data` and `older_code`.

    Parameters
    ----------
    table : Table
    stages : collection of str
        Those of `hwnas.experiment` that decide the row.
    """
    data = Data.of_table(table)
    return {f"{_REVISION}{stage}": n for stage, n in revisions(stages).items()} | {
        "provenance.kind": table.provenance.kind,
        "provenance.values": json.dumps(data.values),
        "provenance.accuracy": json.dumps(data.accuracy),
    }


def older_code(row: Mapping[str, Any]) -> str | None:
    """Say which stages of a finished row have another revision today; None if there is none."""
    recorded = {k.removeprefix(_REVISION): n for k, n in row.items() if k.startswith(_REVISION)}
    older = outdated(recorded)
    return None if older is None else f"finished by another version, {older}"


def other_data(row: Mapping[str, Any], here: Data, accuracies: bool) -> str | None:
    """Say which other data a finished row is of, and what to do; None if it is of these.

    Parameters
    ----------
    row : mapping
        With the columns ``provenance.values`` and ``provenance.accuracy``: JSON, or None.
    here : Data
    accuracies : bool
        Whether accuracies decided the row.
    """
    texts = (row.get(f"provenance.{part}") for part in ("values", "accuracy"))
    of = Data(*(None if text is None else json.loads(text) for text in texts))
    difference = of.difference(here, accuracies)
    if difference is None:
        return None
    return str(UserError(f"finished on other {difference}", remedy="force=true"))
