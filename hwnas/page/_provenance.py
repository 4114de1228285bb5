"""Where the values on the page come from: files, hashes and versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hwnas.page._gather import Material


@dataclass(frozen=True)
class Use:
    """What the experiments on one data set read from a file.

    Parameters
    ----------
    data : str
        The data set.
    what : {"values", "accuracies"}
    table : str
        The column, or the image set. Empty if the file has one table.
    """

    data: str
    what: str
    table: str


@dataclass(frozen=True)
class Origin:
    """One file that values on the page come from.

    Parameters
    ----------
    source : str
        File name.
    kind : str
        "measured" or "estimated".
    sha256 : str
    uses : tuple of Use
        What was read from it.
    versions : str
        Versions of hwnas and Python that ran the experiments.
    """

    source: str
    kind: str
    sha256: str
    uses: tuple[Use, ...]
    versions: str


@dataclass(frozen=True)
class _Read:
    source: str
    kind: str
    sha256: str
    use: Use
    versions: str


def origins(material: Material) -> list[Origin]:
    """Return the files that the values on the page come from, each once, by name."""
    files: dict[tuple[str, str, str], list[_Read]] = {}
    for read in [*_of_runs(material), *_of_simulations(material)]:
        files.setdefault((read.source, read.kind, read.sha256), []).append(read)
    return [
        Origin(
            *key,
            tuple(dict.fromkeys(read.use for read in reads)),
            "; ".join(dict.fromkeys(read.versions for read in reads if read.versions)),
        )
        for key, reads in sorted(files.items())
    ]


def _of_runs(material: Material) -> Iterator[_Read]:
    for data in material.sets:
        for run in data.runs:
            record = run.finished.result.provenance
            versions = ", ".join(
                f"{name} {record.environment[name]}"
                for name in ("hwnas", "python")
                if name in record.environment
            )
            parts = (("values", record.values), ("accuracies", record.accuracy))
            for what, values in parts:
                if values is not None:
                    use = Use(data.short, what, _table(values.details))
                    yield _Read(values.source, values.kind, values.sha256, use, versions)


def _of_simulations(material: Material) -> Iterator[_Read]:
    rows = material.simulations
    if rows.empty:
        return
    names = {"values": "provenance.values", "accuracies": "provenance.accuracy"}
    for _, row in rows.drop_duplicates(["axis.data", *names.values()]).iterrows():
        for what, name in names.items():
            record = json.loads(row[name]) or {}
            if record:
                use = Use(str(row["axis.data"]), what, _table(record.get("details", {})))
                yield _Read(
                    str(record["source"]), str(record["kind"]), str(record["sha256"]), use, ""
                )


def _table(details: Any) -> str:
    return ", ".join(str(details[name]) for name in ("column", "image_set") if name in details)
