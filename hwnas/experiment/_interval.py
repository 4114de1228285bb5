"""Scoring of a predictor's intervals on the test set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwnas.errors import UserError
from hwnas.experiment._split import Split
from hwnas.predictor import Predictor, fewest_residuals
from hwnas.predictor.saved import Saved

#: Probability that an interval should hold the true value.
NOMINAL = 0.9
#: The reason in a result whose predictor was not calibrated because the configuration says so.
LEFT_OUT = "intervals=false"


def interval_scores(
    predictor: Predictor, split: Split, *, calibrates: bool, seed: int
) -> Mapping[str, Any]:
    """Score the intervals of a fitted predictor on the test set.

    Parameters
    ----------
    predictor : Predictor
        Fitted to the training measurements of `split`. If it has no standard deviation of its
        own, the function calibrates it (`Predictor.calibrate`).
    split : Split
    calibrates : bool
        Whether a predictor may be calibrated, which takes five more fits.
    seed : int
        Seed of the folds.

    Returns
    -------
    dict
        ``nominal``, the probability asked for; ``coverage``, the share of the test set whose true
        value is in its interval; ``mean_width`` in the metric's unit; ``source``, where the
        intervals come from. Without intervals these are None except ``nominal``, and ``skipped``
        is the reason.
    """
    empty: dict[str, Any] = {
        "nominal": NOMINAL,
        "coverage": None,
        "mean_width": None,
        "source": None,
    }
    if isinstance(predictor.model, Saved):
        # Its intervals are those of the file. Calibration would need training measurements.
        predictor = predictor.model.load()
        if predictor.interval_source_ is None:
            return empty | {"skipped": "the predictor in the file has none"}
        return empty | _scores(predictor, split)
    if not (calibrates or predictor.has_own_interval):
        return empty | {"skipped": LEFT_OUT}
    n_train, needed = len(split.train), fewest_residuals(NOMINAL)
    if not predictor.has_own_interval and n_train < needed:
        # Without this check, folds of very few measurements could make the model's fit fail.
        return empty | {
            "skipped": f"{n_train} training measurements, but a finite interval needs {needed}"
        }
    try:
        predictor.calibrate(seed=seed)
    except UserError as error:
        return empty | {"skipped": error.problem}
    return empty | _scores(predictor, split)


def _scores(predictor: Predictor, split: Split) -> dict[str, Any]:
    measured = split.table.measured_on()[split.test]
    lower, upper = predictor.predict_interval(split.table.architectures[measured], NOMINAL)
    true = split.test_values
    return {
        "coverage": float(np.mean((lower <= true) & (true <= upper))),
        "mean_width": float(np.mean(upper - lower)),
        "source": predictor.interval_source_,
        "skipped": None,
    }
