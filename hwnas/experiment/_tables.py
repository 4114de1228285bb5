"""Predictions, selected architectures and tuning trials as files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.dataset import Table
from hwnas.experiment._result import Details
from hwnas.selection import CandidateSet, Selection


def save_predictions(path: Path, details: Details) -> None:
    """Write every architecture's true and predicted value, its accuracy and its part.

    The file's metadata carries the provenance and the unit.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = details.table
    part = np.full(len(table), "rest", dtype=object)
    part[details.split.train] = "train"
    part[details.split.test] = "test"
    columns = {
        "architecture": table.space.to_strings(table.architectures),
        "true": table.values,
        "predicted": details.predicted,
        "part": part,
    }
    if table.accuracy is not None:
        columns["accuracy"] = table.accuracy
    metadata = {
        "provenance": json.dumps(asdict(table.provenance)),
        "unit": table.metric.unit,
        "metric": table.metric.name,
        "device": table.device,
    }
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)


def save_selected(path: Path, details: Details) -> None:
    """Write the selected set and what verification kept, best accuracy first.

    Where verification measured on the device, all that it measured is listed, with the value.

    Parameters
    ----------
    path : Path
        The CSV file.
    details : Details
        With a selection.
    """
    table, selection, predicted = details.table, details.selection, details.predicted
    assert selection is not None
    rows = CandidateSet.of(table).rows
    accuracy = table.accuracy
    assert accuracy is not None
    verified = set(selection.verified.tolist())
    # Later rounds of verification keep architectures that the first did not select.
    measured_here = _device_values(table, selection)
    listed = verified | set(selection.selected.tolist()) | set(measured_here)
    chosen = sorted(sorted(listed), key=lambda c: -accuracy[rows[c]])
    unit = table.metric.unit
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        values = [f"true_{unit}", f"predicted_{unit}", "accuracy_percent"]
        if selection.device_values is not None:
            values.append(f"measured_{unit}")
        writer.writerow(["architecture", *values, "verified", "provenance"])
        for candidate in chosen:
            row = rows[candidate]
            string = table.space.format(table.architectures[row].tolist())
            numbers = [table.values[row], predicted[row], accuracy[row]]
            measured = [] if selection.device_values is None else [measured_here.get(candidate, "")]
            kind = table.provenance.kind
            writer.writerow([string, *numbers, *measured, candidate in verified, kind])


def _device_values(table: Table, selection: Selection) -> dict[int, float]:
    """Return what verification measured on the device, by candidate, in the metric's unit."""
    if selection.device_values is None:
        return {}
    values = table.metric.cost(selection.device_values.costs[:, 0])
    return dict(zip(selection.device_values.rows.tolist(), values.tolist(), strict=True))


def save_trials(path: Path, trials: Sequence[Mapping[str, Any]]) -> None:
    """Write one row a tuning trial, one column a parameter; empty where it did not apply.

    Parameters
    ----------
    path : Path
        The CSV file.
    trials : sequence of mapping
        `hwnas.tuning.TuningResult.trials`: τ on held-out folds, CPU seconds of a fit.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial["params"]))
    columns = ["trial", "state", "kendall_tau", "fit_seconds"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, *names])
        for trial in trials:
            params = [trial["params"].get(name, "") for name in names]
            writer.writerow([*(trial[column] for column in columns), *params])
