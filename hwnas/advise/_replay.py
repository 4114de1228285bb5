"""Following a plan on a table that knows every value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hwnas.advise._plan import Plan, verify_within
from hwnas.advise._problem import Float, Problem, Rows
from hwnas.advise._scenarios import Scenario, ScenarioOutcome

if TYPE_CHECKING:
    from hwnas.predictor import Predictor


def replay(
    plan: Plan,
    problem: Problem,
    predictors: Mapping[str, Predictor],
    rng: np.random.Generator,
) -> tuple[ScenarioOutcome, int]:
    """Do what a plan says, and return what it was worth.

    Parameters
    ----------
    plan : Plan
        One without `spread` verifies only the front that it predicts at first, and what comes
        forward as measured values replace predictions.
    problem : Problem
        With its truth.
    predictors : mapping of str to Predictor
    rng : numpy.random.Generator
        Draws the further training measurements.

    Returns
    -------
    outcome : ScenarioOutcome
    n_measured : int
        Architectures measured, beside those measured before.

    Raises
    ------
    ValueError
        If the problem does not know the truth.
    """
    from sklearn.base import clone

    if problem.truth is None:
        raise ValueError("a plan can be followed only where every value is known")
    unmeasured = np.setdiff1d(np.arange(len(problem)), problem.measured)
    fresh = rng.permutation(unmeasured)[: plan.n_new]
    known = np.concatenate([problem.measured, fresh])
    if plan.predictor is not None:
        X, truth, predictor = problem.architectures, problem.truth, predictors[plan.predictor]

        def relearn(rows: Rows) -> Float:
            fitted: Predictor = clone(predictor).fit(X[rows], truth[rows])
            return fitted.predict(X)

        known = verify_within(
            problem.accuracy,
            relearn(known),
            truth,
            known,
            plan.n_verify,
            plan.spread,
            relearn if plan.spread > 0 else None,
        ).rows
    outcome = Scenario(problem.accuracy, problem.truth).outcome(known)
    return outcome, len(known) - len(problem.measured)
