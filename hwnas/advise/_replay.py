"""Following a plan on a table that knows every value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hwnas.advise._plan import Plan, verify_within
from hwnas.advise._problem import Float, Rows, Situation
from hwnas.advise._scenarios import Outcome, World

if TYPE_CHECKING:
    from hwnas.predictor import Predictor


def follow(
    plan: Plan,
    situation: Situation,
    predictors: Mapping[str, Predictor],
    rng: np.random.Generator,
) -> tuple[Outcome, int]:
    """Do what a plan says, and return what it was worth.

    Parameters
    ----------
    plan : Plan
        One without `spread` verifies only the front that it predicts at first, and what comes
        forward as measured values replace predictions.
    situation : Situation
        With its truth.
    predictors : mapping of str to Predictor
    rng : numpy.random.Generator
        Draws the further training measurements.

    Returns
    -------
    outcome : Outcome
    n_measured : int
        Architectures measured, beside those measured before.

    Raises
    ------
    ValueError
        If the situation does not know the truth.
    """
    from sklearn.base import clone

    if situation.truth is None:
        raise ValueError("a plan can be followed only where every value is known")
    unmeasured = np.setdiff1d(np.arange(len(situation)), situation.measured)
    fresh = rng.permutation(unmeasured)[: plan.n_new]
    known = np.concatenate([situation.measured, fresh])
    if plan.predictor is not None:
        X, truth, predictor = situation.architectures, situation.truth, predictors[plan.predictor]

        def relearn(rows: Rows) -> Float:
            fitted: Predictor = clone(predictor).fit(X[rows], truth[rows])
            return fitted.predict(X)

        known = verify_within(
            situation.accuracy,
            relearn(known),
            truth,
            known,
            plan.n_verify,
            plan.spread,
            relearn if plan.spread > 0 else None,
        ).rows
    outcome = World(situation.accuracy, situation.truth).outcome(known)
    return outcome, len(known) - len(situation.measured)
