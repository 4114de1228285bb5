"""The scores of a selection in the form that ``result.json`` has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.selection import CandidateSet, Selection, twice_chance


def selection_scores(
    selection: Selection, candidates: CandidateSet, predicted: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the scores of a selection, with the architecture chosen under a limit as a string.

    Parameters
    ----------
    selection : Selection
        Its rows are indices of the candidates.
    candidates : CandidateSet
    predicted : array of float64, shape (n,)
        Predicted values of all rows of the candidates' table, in the metric's unit.

    Returns
    -------
    dict
        `Selection.to_dict` with these changes. With a limit, ``constraint`` has ``architecture``,
        ``predicted``, ``true`` (both in the metric's unit) and ``accuracy_percent`` in place of
        ``row``; they are None if no architecture was chosen. ``below_twice_chance`` says whether
        its accuracy is below twice that of a random guess. If verification measured on the
        device, ``device`` has the number of measured architectures and the median of measured
        value / value in the table.
    """
    scores, table, rows = selection.to_dict(), candidates.table, candidates.rows
    if selection.device_values is not None:
        measured = rows[selection.device_values.rows]
        ratio = table.metric.cost(selection.device_values.costs[:, 0]) / table.values[measured]
        scores["device"] = {"n_measured": len(measured), "median_ratio": float(np.median(ratio))}
    if selection.constraint is None:
        return scores
    candidate = selection.constraint.row
    names = ("architecture", "predicted", "true", "accuracy_percent", "below_twice_chance")
    chosen: tuple[Any, ...] = (None,) * len(names)
    bound = twice_chance(table.accuracy_provenance) or 0.0
    if candidate is not None:
        row = rows[candidate]
        assert table.accuracy is not None
        string = table.space.format(table.architectures[row].tolist())
        accuracy = float(table.accuracy[row])
        numbers = (float(predicted[row]), float(table.values[row]), accuracy)
        chosen = (string, *numbers, accuracy < bound)
    rest = {key: value for key, value in scores["constraint"].items() if key != "row"}
    scores["constraint"] = dict(zip(names, chosen, strict=True)) | rest
    return scores
