"""Finding a finished result, and checking that it was computed on the current data."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.experiment._interval import LEFT_OUT
from hwnas.experiment._result import CONFIG, PREDICTIONS, Result
from hwnas.experiment._revision import outdated

_LOG = logging.getLogger(__name__)

#: Fields of a provenance that identify the values. The other fields do not: ``url`` can change
#: while the values stay the same.
_IDENTITY = ("kind", "source", "sha256", "details")


@dataclass(frozen=True)
class Data:
    """The provenance of the values and of the accuracies of a result, as read from JSON.

    Parameters
    ----------
    values, accuracy : mapping or None
        Fields of a `hwnas.dataset.Provenance`. None if the provenance is not known or there are
        no accuracies.
    """

    values: Mapping[str, Any] | None
    accuracy: Mapping[str, Any] | None

    @classmethod
    def of(cls, values: Provenance, accuracy: Provenance | None) -> Self:
        """Return the data with these provenances."""
        return cls(_plain(values), _plain(accuracy))

    @classmethod
    def of_table(cls, table: Table) -> Self:
        """Return the provenances of a table."""
        return cls.of(table.provenance, table.accuracy_provenance)

    @property
    def estimated(self) -> bool:
        """Whether the values are estimated."""
        return self.values is not None and self.values["kind"] == "estimated"

    def difference(self, here: Data, accuracies: bool) -> str | None:
        """Return a text that says how these data differ from the current data.

        Parameters
        ----------
        here : Data
            The current data.
        accuracies : bool
            Whether the accuracies are compared as well.

        Returns
        -------
        str or None
            None if the data are the same.
        """
        pairs = [("values", self.values, here.values)]
        if accuracies:
            pairs.append(("accuracies", self.accuracy, here.accuracy))
        for title, recorded, current in pairs:
            if _identity(recorded) != _identity(current):
                return (
                    f"{title}, {_describe(recorded, current)}; "
                    f"current {title}: {_describe(current, recorded)}"
                )
        return None


def finished(
    folder: Path,
    table: Table,
    check_configuration: Callable[[Path], None],
    *,
    everything: bool,
    selects: bool,
    intervals: bool,
    further: Sequence[Table] = (),
) -> Result | None:
    """Return the finished result of a folder, or None if the experiment must run.

    An experiment must run if it has no finished result, ``predictions.parquet`` or the intervals
    are required and missing, or older code computed the result (`hwnas.experiment.REVISIONS`).

    Parameters
    ----------
    folder : Path
        The experiment's result folder.
    table : Table
        The table that the experiment would use now.
    check_configuration : callable
        Takes the path of the saved configuration, and raises `UserError` if it differs from the
        current one.
    everything : bool
        Whether ``predictions.parquet`` is required.
    selects : bool
        Whether the experiment selects architectures, so that accuracies affect its result.
    intervals : bool
        Whether a result does not suffice for which ``intervals=false`` left out the intervals. A
        result of an older version of hwnas, which has no intervals, suffices.
    further : sequence of Table
        The values that ``selection.metrics`` adds to those of the table.

    Raises
    ------
    UserError
        If the result is damaged, or belongs to another configuration, other values or other
        accuracies. The function does not return such a result, and only ``force=true`` replaces
        it.
    """
    result = Result.load(folder)
    if result is None:
        return None
    older = outdated(result.revision)
    if older is not None:
        _LOG.warning(
            "%s: finished by another version, %s; the experiment runs again", folder, older
        )
        return None
    check_configuration(folder / CONFIG)
    recorded = Data.of(result.provenance.values, result.provenance.accuracy)
    # Accuracies affect the selection, and predictions.parquet contains them.
    difference = recorded.difference(Data.of_table(table), accuracies=everything or selects)
    difference = difference or _difference_of_further(result, further)
    if difference is not None:
        raise UserError(f"{folder} holds a result of other {difference}", remedy="force=true")
    if everything and not (folder / PREDICTIONS).is_file():
        return None
    if intervals and (result.interval or {}).get("skipped") == LEFT_OUT:
        return None
    return result


def _difference_of_further(result: Result, further: Sequence[Table]) -> str | None:
    """Return a text that says whose values differ among the further metrics of the selection."""
    recorded = {
        each["metric"]: each for each in (result.selection or {}).get("further_metrics", ())
    }
    for table in further:
        name, here = table.metric.name, table.provenance
        before = recorded.get(name)
        if before is not None and (before["source"], before["sha256"]) != (
            here.source,
            here.sha256,
        ):
            return (
                f"values of {name}, {before['source']} (sha256 {before['sha256'][:12]}); "
                f"current values: {here.source} (sha256 {here.sha256[:12]})"
            )
    return None


def _plain(provenance: Provenance | None) -> dict[str, Any] | None:
    if provenance is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(asdict(provenance), default=str))
    return plain


def _identity(data: Mapping[str, Any] | None) -> list[Any]:
    return [] if data is None else [data.get(key) for key in _IDENTITY]


def _describe(data: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    """Return the source of a provenance, and details that differ between values of one file."""
    if data is None:
        return "none"
    words = [data["kind"], f"sha256 {data['sha256'][:12]}"]
    if other is not None and data["sha256"] == other["sha256"]:
        differing = {k: v for k, v in data["details"].items() if other["details"].get(k) != v}
        words += [f"{key} {str(value)[:40]}" for key, value in differing.items()]
    return f"{data['source']} ({', '.join(words)})"
