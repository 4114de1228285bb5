"""Where the values on the page come from: files, hashes and versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hwnas.page._gather import Material


@dataclass(frozen=True)
class Origin:
    """One file that values on the page come from.

    Parameters
    ----------
    data : str
        The data set.
    what : {"values", "accuracies"}
    kind : str
        "measured" or "estimated".
    source : str
        File name.
    sha256 : str
    details : str
        The column, or the image set.
    versions : str
        Versions of hwnas and Python that made the results.
    """

    data: str
    what: str
    kind: str
    source: str
    sha256: str
    details: str
    versions: str


def origins(material: Material) -> list[Origin]:
    """Return the files that the values on the page come from, each once for a data set."""
    return list(dict.fromkeys([*_of_runs(material), *_of_simulations(material)]))


def _of_runs(material: Material) -> Iterator[Origin]:
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
                    yield Origin(
                        data.title, what, values.kind, values.source, values.sha256,
                        _detail(values.details), versions,
                    )  # fmt: skip


def _of_simulations(material: Material) -> Iterator[Origin]:
    rows = material.simulations
    if rows.empty:
        return
    names = {"values": "provenance.values", "accuracies": "provenance.accuracy"}
    for _, row in rows.drop_duplicates(["axis.data", *names.values()]).iterrows():
        for what, name in names.items():
            record = json.loads(row[name]) or {}
            if record:
                yield Origin(
                    str(row["axis.data"]), what, str(record["kind"]), str(record["source"]),
                    str(record["sha256"]), _detail(record.get("details", {})), "",
                )  # fmt: skip


def _detail(details: Any) -> str:
    return ", ".join(str(details[name]) for name in ("column", "image_set") if name in details)
