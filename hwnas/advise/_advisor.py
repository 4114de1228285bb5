"""The advice: the best plan for a budget, the next best, and whether more would pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from hwnas.advise._learning_curve import LearningCurve, learn
from hwnas.advise._plan import Expected, Plan, Verified, best, train_sizes, verify_within
from hwnas.advise._problem import Float, Problem, Rows
from hwnas.advise._scenarios import Draw, draw_worlds
from hwnas.errors import UserError
from hwnas.seeding import generator

if TYPE_CHECKING:
    from hwnas.predictor import Predictor

Objective = Literal["retained_hypervolume", "mra_pareto_percent"]


@dataclass(frozen=True)
class Advice:
    """What to do with one budget.

    Parameters
    ----------
    budget_seconds : float
    plan : Expected
        The plan to follow.
    next_best : Expected or None
        The best plan with another strategy or predictor.
    considered : tuple of Expected
        Every plan that fits the budget.
    """

    budget_seconds: float
    plan: Expected
    next_best: Expected | None
    considered: tuple[Expected, ...]


def check_budget(budget: float, measurement: float) -> None:
    """Raise `UserError` unless a budget pays for one measurement, both in seconds.

    Examples
    --------
    >>> check_budget(10, 20)
    Traceback (most recent call last):
    hwnas.errors.UserError: budget=10s does not pay for one measurement, measurement=20s. ...
    """
    if budget < measurement:
        raise UserError(
            f"budget={budget:g}s does not pay for one measurement, measurement={measurement:g}s",
            remedy=f"budget={measurement:g}s or more, or measurement= if measuring is faster",
        )


class Advisor:
    """Learns from the measurements so far, once; then advises for any budget.

    Parameters
    ----------
    problem : Problem
    predictors : mapping of str to Predictor
        Those to choose from, by name; not fitted.
    measure_seconds : float
        Time to measure one architecture on the device.
    objective : {"retained_hypervolume", "mra_pareto_percent"}
        What the plan is chosen by.
    seed : int
    scenarios : int
        Possible truths to average over.
    repeats : int
        Repeats of the learning curve.

    Attributes
    ----------
    curves : dict of LearningCurve
        By predictor.
    leader : LearningCurve
        Of the predictor with the smallest deviations so far.
    """

    def __init__(
        self,
        problem: Problem,
        predictors: Mapping[str, Predictor],
        measure_seconds: float,
        objective: Objective = "retained_hypervolume",
        seed: int = 0,
        scenarios: int = 30,
        repeats: int = 8,
    ) -> None:
        if objective not in get_args(Objective):
            raise UserError(
                f"objective={objective}: no such objective",
                remedy=" or ".join(f"objective={name}" for name in get_args(Objective)),
            )
        if not predictors or scenarios < 1 or repeats < 2:
            raise UserError(
                f"predictors={list(predictors)}, scenarios={scenarios}, repeats={repeats}: at "
                "least one predictor, 1 scenario and 2 repeats"
            )
        chosen = [name for name, one in predictors.items() if one.training_design() is not None]
        if chosen:
            raise UserError(
                f"predictors: {chosen[0]} chooses its measurements itself: no learning curve",
                remedy="predictors=[ridge,xgb]",
            )
        self.problem = problem
        self.measure_seconds = measure_seconds
        self.objective = objective
        self.curves = {
            name: learn(
                name, predictor, problem, generator(seed, "advice", "curve"), repeats, scenarios
            )
            for name, predictor in predictors.items()
        }
        n_now = len(problem.measured)
        self.leader = min(
            self.curves.values(), key=lambda curve: float(curve.sigma_at(n_now).mean())
        )
        rng = generator(seed, "advice", "scenarios")
        self.draws = draw_worlds(problem, self.leader, predictors[self.leader.name], scenarios, rng)
        unmeasured = np.setdiff1d(np.arange(len(problem)), problem.measured)
        # The same order for every plan: they differ by what they do, not by their luck.
        self._orders = [rng.permutation(unmeasured) for _ in self.draws]

    def advise(self, budget_seconds: float) -> Advice:
        """Return the plan to follow with a budget.

        Raises
        ------
        UserError
            If the budget does not pay for one measurement.
        """
        check_budget(budget_seconds, self.measure_seconds)
        considered = [self.expect(plan) for plan in self._plans(budget_seconds)]
        chosen = best(considered, self.objective)
        others = [one for one in considered if one.plan.predictor != chosen.plan.predictor]
        return Advice(
            budget_seconds=budget_seconds,
            plan=chosen,
            next_best=best(others, self.objective) if others else None,
            considered=tuple(considered),
        )

    def expect(self, plan: Plan) -> Expected:
        """Return a plan's cost and its worth in every possible truth."""
        outcomes, n_verified, n_fits = [], [], []
        for draw, order in zip(self.draws, self._orders, strict=True):
            known = np.concatenate([self.problem.measured, order[: plan.n_new]])
            done = self._verify(plan, draw, known)
            n_verified.append(len(done.rows) - len(known))
            n_fits.append(done.n_fits)
            outcomes.append(draw.scenario.outcome(done.rows))
        measuring = (plan.n_new + float(np.mean(n_verified))) * self.measure_seconds
        fit = self._fit_seconds(plan.predictor, plan.n_train)
        return Expected(
            plan=plan,
            seconds=measuring + fit * (1.0 + float(np.mean(n_fits))),
            measuring_seconds=measuring,
            n_verified=float(np.mean(n_verified)),
            outcomes=tuple(outcomes),
        )

    def _verify(self, plan: Plan, draw: Draw, known: Rows) -> Verified:
        if plan.predictor is None:
            return Verified(known, 0)
        curve = self.curves[plan.predictor]
        now = float(self.leader.sigma_at(len(self.problem.measured))[draw.law])

        def relearn(rows: Rows) -> Float:
            n_train = len(known) + draw.lesson * (len(rows) - len(known))
            return draw.predict(float(curve.sigma_at(n_train)[draw.law]), now)

        return verify_within(
            self.problem.accuracy,
            relearn(known),
            draw.scenario.true,
            known,
            plan.n_verify,
            plan.spread,
            relearn,
        )

    def _plans(self, budget: float) -> list[Plan]:
        """Return the plans that fit: a random subset, and splits between training and verifying."""
        n_now, n = len(self.problem.measured), len(self.problem)
        affordable = min(int(budget / self.measure_seconds), n - n_now)
        plans = [Plan(None, affordable, n_now + affordable, 0)]
        for name, curve in self.curves.items():
            for n_new in train_sizes(n_now, affordable):
                n_train = n_now + n_new
                left = budget - n_new * self.measure_seconds - self._fit_seconds(name, n_train)
                # A round of verification fits again: at worst, one a measurement.
                each = self.measure_seconds + self._fit_seconds(name, n_train)
                n_verify = min(int(left / each), n - n_train)
                if n_verify >= 1:
                    spread = float(curve.sigma_at(n_train).mean())
                    plans.append(Plan(name, n_new, n_train, n_verify, spread))
        return plans

    def _fit_seconds(self, predictor: str | None, n_train: int) -> float:
        """Return the seconds to fit a predictor and query it for every candidate."""
        if predictor is None:
            return 0.0
        curve: LearningCurve = self.curves[predictor]
        return curve.fit_seconds_at(n_train) + curve.query_seconds * len(self.problem)
