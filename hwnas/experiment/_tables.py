"""Writing predictions, selected architectures and tuning trials into files."""

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
from hwnas.selection import Selection


def save_predictions(path: Path, details: Details) -> None:
    """Write the true and the predicted value of every architecture as a Parquet file.

    The column ``part`` is "train", "test" or "rest". The column ``accuracy`` exists if the table
    has accuracies. The file's metadata contains the provenance of the values as JSON, and the
    unit, the metric and the device.

    Parameters
    ----------
    path : Path
        The file.
    details : Details
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
    """Write the selected and the verified architectures as a CSV file, by descending accuracy.

    If verification measured on the device, the file lists every measured architecture, with the
    measured value. Two columns for each further metric of the selection have its name.

    Parameters
    ----------
    path : Path
        The file.
    details : Details
        Details with a selection.
    """
    table, selection, predicted = details.table, details.selection, details.predicted
    rows = details.candidates
    assert selection is not None
    assert rows is not None
    accuracy = table.accuracy
    assert accuracy is not None
    verified = set(selection.verified.tolist())
    device_values = _device_values(table, selection)
    # From the second round on, verification can keep architectures that are not in `selected`.
    listed = verified | set(selection.selected.tolist()) | set(device_values)
    by_accuracy = sorted(sorted(listed), key=lambda candidate: -accuracy[rows[candidate]])
    unit = table.metric.unit
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        values = [f"true_{unit}", f"predicted_{unit}", "accuracy_percent"]
        if selection.device_values is not None:
            values.append(f"measured_{unit}")
        for other, _ in details.further:
            name = f"{other.metric.name}_{other.metric.unit}"
            values += [f"true_{name}", f"predicted_{name}"]
        writer.writerow(["architecture", *values, "verified", "provenance"])
        for candidate in by_accuracy:
            row = rows[candidate]
            string = table.space.format(table.architectures[row].tolist())
            numbers = [table.values[row], predicted[row], accuracy[row]]
            measured = [] if selection.device_values is None else [device_values.get(candidate, "")]
            further = [v[row] for other, guess in details.further for v in (other.values, guess)]
            kind = table.provenance.kind
            writer.writerow([string, *numbers, *measured, *further, candidate in verified, kind])


def save_candidates(path: Path, front: Sequence[Mapping[str, Any]]) -> None:
    """Write the predicted front of candidates that were not measured as a CSV file.

    Parameters
    ----------
    path : Path
        The file.
    front : sequence of mapping
        The lines, with the same names in each.
    """
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(front[0]))
        writer.writeheader()
        writer.writerows(front)


def _device_values(table: Table, selection: Selection) -> dict[int, float]:
    """Return the values measured on the device by candidate, in the metric's unit."""
    if selection.device_values is None:
        return {}
    values = table.metric.cost(selection.device_values.costs[:, 0])
    return dict(zip(selection.device_values.rows.tolist(), values.tolist(), strict=True))


def save_trials(path: Path, trials: Sequence[Mapping[str, Any]]) -> None:
    """Write the trials of tuning as a CSV file, with one column for each hyperparameter.

    A field is empty if its trial did not use the hyperparameter.

    Parameters
    ----------
    path : Path
        The file.
    trials : sequence of mapping
        See `hwnas.tuning.TuningResult.trials`. ``kendall_tau`` is Kendall's τ on held-out folds,
        ``fit_seconds`` is the CPU time of one fit.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial["params"]))
    columns = ["trial", "state", "kendall_tau", "fit_seconds"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, *names])
        for trial in trials:
            params = [trial["params"].get(name, "") for name in names]
            writer.writerow([*(trial[column] for column in columns), *params])
