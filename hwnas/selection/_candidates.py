"""The simulation of a table of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwnas.errors import UserError, command
from hwnas.selection._pareto import Float

if TYPE_CHECKING:
    from hwnas.dataset import Table


def accuracy_and_cost(table: Table, accuracy: Float | None = None) -> tuple[Float, Float]:
    """Return what `simulate` takes: each network once, in the order of the search space.

    The order is what ``pairing="sorted"`` needs to repeat the study's figures. Architectures that
    copy a measurement are one network: it would be drawn as often as it has copies.

    Parameters
    ----------
    table : hwnas.dataset.Table
    accuracy : array, shape (len(table),), optional
        Percent, by row of the table; default the table's own.

    Returns
    -------
    accuracy, cost : array of float64
        Of the measured architectures with both, sorted by `hwnas.space.SearchSpace.rank`.

    Raises
    ------
    UserError
        If there are no accuracies to select by.
    """
    percent = table.accuracy if accuracy is None else np.asarray(accuracy, dtype=np.float64)
    if percent is None:
        fetch, other = command("fetch nasbench201"), "dataset=local/cpu"
        raise UserError(
            f"{table.dataset} has no accuracy: there is nothing to select by",
            remedy=fetch if table.space.name == "nasbench201" else other,
        )
    measured = table.networks()
    order = measured[np.argsort(table.space.rank(table.architectures[measured]))]
    rows = order[~np.isnan(percent[order]) & ~np.isnan(table.values[order])]
    return percent[rows], table.metric.cost(table.values[rows])
