"""Experiments with a predictor that is fitted already: what they do, and when they are refused."""

from __future__ import annotations

import logging

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.experiment._split import Split
from hwnas.predictor import Predictor, option_in
from hwnas.predictor.saved import Saved

_LOG = logging.getLogger(__name__)


def check_fitted_before(predictor: Predictor, table: Table, split: Split, seed: int) -> None:
    """Log what an experiment does with a predictor from a file; other predictors are ignored.

    Parameters
    ----------
    predictor : Predictor
    table : Table
    split : Split
        Its test set scores the predictor.
    seed : int
        Seed of the split.

    Raises
    ------
    UserError
        If the file cannot be loaded, if it predicts another space or in another unit, or if the
        predictor was fitted to measurements that may be in the test set.
    """
    model = predictor.model
    if not isinstance(model, Saved):
        return
    saved = Saved(model.path, model.digest, table.space).load()
    known, unit = saved.metadata_, table.metric.unit
    if known.get("unit") not in (None, unit):
        raise UserError(
            f"predictor={model.path}: it predicts {known.get('metric')} in {known['unit']}, but "
            f"{table.dataset} has {table.metric.name} in {unit}",
            remedy=f"target= a column in {known['unit']}",
        )
    same_test_set = known.get("seed") == seed and known.get("n_test", 0) >= len(split.test)
    if known.get("sha256") == table.provenance.sha256 and not same_test_set:
        raise UserError(
            f"predictor={model.path}: it was fitted to measurements of {table.provenance.source}, "
            "so the test set would hold values that it has seen",
            remedy=f"predictor={option_in(saved)} tuned={model.path}, which fits it again",
        )
    _LOG.info(
        "%s was fitted before, to %s measurements of %s: it is scored as it is. This experiment "
        "does not tune or fit it, and uses no training measurements.",
        *(model.path, known.get("n_train", "unknown"), known.get("source", "an unknown table")),
    )
