"""The selection stage of one experiment: among which rows, and what came out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import DictConfig

from hwnas.dataset import Dataset, Table
from hwnas.errors import check_above
from hwnas.measure import live_measure
from hwnas.predictor import Predictor
from hwnas.seeding import generator
from hwnas.selection import Learner, Measure, Selection, Selector, check_calibration


def check_selection(
    selector: Selector | None, dataset: Dataset, table: Table, predictor: Predictor
) -> None:
    """Refuse, before anything is fitted, a selection that would fail at the end.

    Raises
    ------
    UserError
        If the limit is none that a value of the metric can hold, the table has fewer candidates
        than asked for, its device is not at hand, or a limit is asked for with a predictor that
        cannot be calibrated.
    """
    if selector is None:
        return
    if selector.limit is not None:
        metric = table.metric
        check_above("selection.limit", selector.limit, metric.lower, f" {metric.unit}")
    if table.accuracy is None:
        return
    n, measurable = len(candidate_rows(table)), live_measure(dataset) is not None
    selector.check(n, measurable=measurable, where=table.dataset)
    if selector.limit is not None:
        check_calibration(predictor)


def select(
    cfg: DictConfig,
    selector: Selector,
    table: Table,
    predicted: NDArray[np.float64],
    predictor: Predictor,
    train: NDArray[np.int64],
) -> Selection:
    """Select among the candidates of a table that has accuracies.

    Parameters
    ----------
    cfg : DictConfig
        Its seed draws the candidate set; its dataset measures live, where it can.
    selector : Selector
    table : Table
    predicted : array of float64, shape (len(table),)
        In the metric's unit.
    predictor : Predictor
        Fitted.
    train : array of int64
        Rows of its training measurements.
    """
    rows = candidate_rows(table)
    assert table.accuracy is not None
    return selector.run(
        table.accuracy[rows],
        table.metric.cost(table.values[rows]),
        table.metric.cost(predicted[rows]),
        generator(cfg.seed, "selection"),
        learner=Learner(predictor, table, train, rows),
        measure=_live(cfg, table, rows),
    )


def selection_scores(
    selection: Selection, table: Table, predicted: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the scores of a selection, with the architecture chosen under a limit by name.

    Parameters
    ----------
    selection : Selection
        Among the `candidate_rows` of the table.
    table : Table
    predicted : array of float64, shape (len(table),)
        In the metric's unit.

    Returns
    -------
    dict
        `Selection.scores`; under ``constraint``, in place of a row number, ``architecture``,
        ``predicted`` and ``true`` (in the metric's unit) and ``accuracy_percent``, all None where
        none is sure enough to hold the limit. Under ``live``, where verification measured on the
        device, how many it measured, and the median of their values over the table's.
    """
    scores = selection.scores()
    if selection.live is not None:
        rows = candidate_rows(table)[selection.live.rows]
        ratio = table.metric.cost(selection.live.costs[:, 0]) / table.values[rows]
        scores["live"] = {"n_measured": len(rows), "median_ratio": float(np.median(ratio))}
    if selection.constraint is None:
        return scores
    chosen = selection.constraint.row
    names = ("architecture", "predicted", "true", "accuracy_percent")
    found: tuple[Any, ...] = (None,) * len(names)
    if chosen is not None:
        row = candidate_rows(table)[chosen]
        assert table.accuracy is not None
        name = table.space.format(table.architectures[row].tolist())
        numbers = (predicted[row], table.values[row], table.accuracy[row])
        found = (name, *map(float, numbers))
    rest = {key: value for key, value in scores["constraint"].items() if key != "row"}
    scores["constraint"] = dict(zip(names, found, strict=True)) | rest
    return scores


def candidate_rows(table: Table) -> NDArray[np.int64]:
    """Return the rows that can be selected: networks whose accuracy is known, each of them once."""
    assert table.accuracy is not None
    measured = table.networks()
    known: NDArray[np.int64] = measured[~np.isnan(table.accuracy[measured])]
    return known


def _live(cfg: DictConfig, table: Table, rows: NDArray[np.int64]) -> Measure | None:
    """Return what measures selectable rows on the device at hand, None where it is elsewhere."""
    measure = live_measure(instantiate(cfg.dataset))
    if measure is None:
        return None

    def costs(chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        return table.metric.cost(measure(table.architectures[rows[chosen]]))

    return costs
