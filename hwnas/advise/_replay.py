"""Replay: follow a plan on a table in which every candidate is measured."""

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
    """Follow a plan on the true costs, and score the architectures that it measured.

    Parameters
    ----------
    plan : Plan
        A plan with ``spread=0`` fits its predictor once, and verification stops when the front
        holds no unmeasured architecture.
    problem : Problem
        Must know all costs (`Problem.truth`).
    predictors : mapping of str to Predictor
        Unfitted predictors by name.
    rng : numpy.random.Generator
        Draws the additional training measurements.

    Returns
    -------
    outcome : ScenarioOutcome
    n_measured : int
        Number of architectures that the plan measured, without those measured before it.

    Raises
    ------
    ValueError
        If `Problem.truth` is None.
    """
    from sklearn.base import clone

    if problem.truth is None:
        raise ValueError("replay needs a table in which every candidate is measured")
    unmeasured = np.setdiff1d(np.arange(len(problem)), problem.measured)
    new = rng.permutation(unmeasured)[: plan.n_new]
    measured = np.concatenate([problem.measured, new])
    if plan.predictor is not None:
        X, truth, predictor = problem.architectures, problem.truth, predictors[plan.predictor]

        def relearn(rows: Rows) -> Float:
            fitted: Predictor = clone(predictor).fit(X[rows], truth[rows])
            return fitted.predict(X)

        measured = verify_within(
            problem.accuracy,
            relearn(measured),
            truth,
            measured,
            plan.n_verify,
            plan.spread,
            relearn if plan.spread > 0 else None,
        ).rows
    outcome = Scenario(problem.accuracy, problem.truth).outcome(measured)
    return outcome, len(measured) - len(problem.measured)
