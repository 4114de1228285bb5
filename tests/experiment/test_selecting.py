"""What an experiment says about the architecture that it chose under a limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwnas.experiment._selecting import candidate_rows, selection_scores
from hwnas.selection import Constrained, select
from tests.experiment.test_split import table


def test_the_chosen_architecture_is_named_among_the_networks_alone() -> None:
    whole = table(50)
    rank = whole.space.rank(whole.architectures)
    # Odd rows were measured, even ones copy them; one accuracy is not known.
    accuracy = np.linspace(10.0, 90.0, 50)
    accuracy[3] = np.nan
    halves = replace(whole, representative=np.repeat(rank[1::2], 2), accuracy=accuracy)
    rows = candidate_rows(halves)
    assert rows.tolist() == [1, *range(5, 50, 2)]

    predicted = halves.values + 0.5
    chosen = select(accuracy[rows], halves.values[rows], predicted[rows])
    named = selection_scores(
        replace(chosen, constraint=Constrained(2, 0.9, False, 1.0)), halves, predicted
    )["constraint"]
    assert named == {
        "architecture": halves.space.to_strings(halves.architectures)[7],
        "predicted": 7.5,
        "true": 7.0,
        "accuracy_percent": accuracy[7],
        "probability": 0.9,
        "violated": False,
        "reduction_percent": 1.0,
    }
    nothing = replace(chosen, constraint=Constrained(None, 0.0, False, float("nan")))
    assert selection_scores(nothing, halves, predicted)["constraint"]["architecture"] is None
    assert "constraint" not in selection_scores(chosen, halves, predicted)
