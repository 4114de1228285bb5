"""What a result folder already holds, and whether it is a result of the data at hand."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.experiment._result import CONFIG, PREDICTIONS, Result
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


def finished(
    folder: Path,
    table: Table,
    check_configuration: Callable[[Path], None],
    *,
    everything: bool,
    selects: bool,
) -> Result | None:
    """Return the finished result of a folder; None where the experiment must be run.

    A result of older code (`hwnas.experiment.REVISIONS`) is run again, which a log line says.

    Parameters
    ----------
    folder : Path
        Where the result is or will be.
    table : Table
        What it would be computed on now.
    check_configuration : callable
        Takes the path of the configuration beside the result, and raises `UserError` if it is
        another one than today's.
    everything : bool
        Whether the predictions must be there, too.
    selects : bool
        Whether the experiment selects: accuracies decide its result then.

    Raises
    ------
    UserError
        If the folder holds a result of another configuration, of other values or accuracies, or a
        damaged one: it is neither taken for the result of these, nor replaced unasked.
    """
    result = Result.load(folder)
    if result is None:
        return None
    older = outdated(result.revision)
    if older is not None:
        _LOG.warning("%s: finished by another version, %s; run again", folder, older)
        return None
    check_configuration(folder / CONFIG)
    recorded = Data.of(result.provenance.values, result.provenance.accuracy)
    # Accuracies also stand beside the predictions.
    difference = recorded.difference(Data.of_table(table), accuracies=everything or selects)
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
