"""The scores of a selection as a result keeps them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.selection import CandidateSet, Selection


def selection_scores(
    selection: Selection, table: Table, predicted: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the scores of a selection, with the architecture chosen under a limit by name.

    Parameters
    ----------
    selection : Selection
        Among the `CandidateSet` of the table.
    table : Table
    predicted : array of float64, shape (len(table),)
        In the metric's unit.

    Returns
    -------
    dict
        `Selection.to_dict`; under ``constraint``, in place of a row number, ``architecture``,
        ``predicted`` and ``true`` (in the metric's unit) and ``accuracy_percent``, all None where
        no architecture is sure enough to hold the limit. Under ``device``, where verification
        measured on the device, how many it measured, and the median of their values over the
        table's.
    """
    scores = selection.to_dict()
    rows = CandidateSet.of(table).rows
    if selection.device_values is not None:
        measured = rows[selection.device_values.rows]
        ratio = table.metric.cost(selection.device_values.costs[:, 0]) / table.values[measured]
        scores["device"] = {"n_measured": len(measured), "median_ratio": float(np.median(ratio))}
    if selection.constraint is None:
        return scores
    chosen = selection.constraint.row
    names = ("architecture", "predicted", "true", "accuracy_percent")
    found: tuple[Any, ...] = (None,) * len(names)
    if chosen is not None:
        row = rows[chosen]
        assert table.accuracy is not None
        name = table.space.format(table.architectures[row].tolist())
        numbers = (predicted[row], table.values[row], table.accuracy[row])
        found = (name, *map(float, numbers))
    rest = {key: value for key, value in scores["constraint"].items() if key != "row"}
    scores["constraint"] = dict(zip(names, found, strict=True)) | rest
    return scores
