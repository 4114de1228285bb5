"""What a result folder already holds, and whether it is a result of the data at hand."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from omegaconf import DictConfig

from hwnas.composition import Artifacts
from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.experiment._identity import check_configuration
from hwnas.experiment._result import PREDICTIONS, Result
from hwnas.experiment._revision import outdated

_LOG = logging.getLogger(__name__)

#: What tells values apart; where they can be fetched from does not.
_IDENTITY = ("kind", "source", "sha256", "details")


@dataclass(frozen=True)
class Data:
    """Where the values and the accuracies of a result come from, as JSON keeps it.

    Parameters
    ----------
    values, accuracy : mapping or None
        The fields of a `hwnas.dataset.Provenance`; None if there are no accuracies.
    """

    values: Mapping[str, Any] | None
    accuracy: Mapping[str, Any] | None

    @classmethod
    def of(cls, values: Provenance, accuracy: Provenance | None) -> Self:
        """Return the data of these provenances."""
        return cls(_plain(values), _plain(accuracy))

    @classmethod
    def of_table(cls, table: Table) -> Self:
        """Return the data of a table."""
        return cls.of(table.provenance, table.accuracy_provenance)

    @property
    def estimated(self) -> bool:
        """Whether a model computed the values."""
        return self.values is not None and self.values["kind"] == "estimated"

    def difference(self, here: Data, accuracies: bool) -> str | None:
        """Say how these data differ from others, in words; None if they are the same.

        Parameters
        ----------
        here : Data
            The data at hand.
        accuracies : bool
            Whether accuracies count, too.
        """
        pairs = [("values", self.values, here.values)]
        if accuracies:
            pairs.append(("accuracies", self.accuracy, here.accuracy))
        for title, own, other in pairs:
            if _identity(own) != _identity(other):
                return f"{title}, {_describe(own, other)}; here is {_describe(other, own)}"
        return None


def finished(cfg: DictConfig, folder: Path, table: Table) -> Result | None:
    """Return the finished result of an experiment; None where it must be run.

    A result of older code (`hwnas.experiment._revision`) is run again, which a log line says.

    Parameters
    ----------
    cfg : DictConfig
    folder : Path
        Where its result is or will be.
    table : Table
        What it would be computed on now.

    Raises
    ------
    UserError
        If the folder holds a result of another configuration, of other values or accuracies, or a
        damaged one: it is neither taken for the result of these, nor replaced unasked.
    """
    result = None if cfg.force else Result.load(folder)
    if result is None:
        return None
    everything = cfg.artifacts == Artifacts.all
    older = outdated(result.revision)
    if older is not None:
        _LOG.warning("%s: finished by another version, %s; run again", folder, older)
        return None
    check_configuration(cfg, folder)
    # Accuracies decide the selection, and stand beside the predictions.
    accuracies = everything or cfg.selection is not None
    recorded = Data.of(result.provenance.values, result.provenance.accuracy)
    here = Data.of_table(table)
    difference = recorded.difference(here, accuracies)
    if difference is not None:
        raise UserError(f"{folder} holds a result of other {difference}", remedy="force=true")
    if everything and not (folder / PREDICTIONS).is_file():
        return None
    return result


def _plain(provenance: Provenance | None) -> dict[str, Any] | None:
    if provenance is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(asdict(provenance), default=str))
    return plain


def _identity(data: Mapping[str, Any] | None) -> list[Any]:
    return [] if data is None else [data.get(key) for key in _IDENTITY]


def _describe(data: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    """Name the source, and where the file is the same, what was taken from it."""
    if data is None:
        return "none"
    words = [data["kind"], f"sha256 {data['sha256'][:12]}"]
    if other is not None and data["sha256"] == other["sha256"]:
        apart = {k: v for k, v in data["details"].items() if other["details"].get(k) != v}
        words += [f"{key} {str(value)[:40]}" for key, value in apart.items()]
    return f"{data['source']} ({', '.join(words)})"
