"""The advisor: it simulates plans in many scenarios and chooses the best one for a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from hwnas.advise._learning_curve import LearningCurve, learn
from hwnas.advise._plan import Expected, Plan, Verified, best_plan, train_sizes, verify_within
from hwnas.advise._problem import Float, Problem, Rows
from hwnas.advise._scenarios import DrawnScenario, draw_scenarios
from hwnas.errors import UserError
from hwnas.seeding import generator

if TYPE_CHECKING:
    from hwnas.predictor import Predictor

Objective = Literal["retained_hypervolume", "mra_pareto_percent"]


@dataclass(frozen=True)
class Advice:
    """The best plan for one time budget, and the plans that it was compared with.

    Parameters
    ----------
    budget_seconds : float
    plan : Expected
        The best plan.
    next_best : Expected or None
        The best plan with another predictor, or without one; None if all plans have the same.
    considered : tuple of Expected
        All plans that were compared.
    """

    budget_seconds: float
    plan: Expected
    next_best: Expected | None
    considered: tuple[Expected, ...]


def check_budget(budget: float, measurement: float) -> None:
    """Raise `UserError` unless the budget is enough for one measurement.

    Parameters
    ----------
    budget, measurement : float
        Seconds.

    Examples
    --------
    >>> check_budget(10, 20)
    Traceback (most recent call last):
    hwnas.errors.UserError: budget=10s is shorter than one measurement (measurement=20s). ...
    """
    if budget < measurement:
        raise UserError(
            f"budget={budget:g}s is shorter than one measurement (measurement={measurement:g}s)",
            remedy=f"budget={measurement:g}s or more, or a smaller measurement= if measuring one "
            "architecture takes less time",
        )


class Advisor:
    """Find the best plan for any time budget, from the measurements so far.

    The constructor fits the learning curves of the predictors and draws the scenarios. `advise`
    then simulates plans in these scenarios.

    Parameters
    ----------
    problem : Problem
    predictors : mapping of str to Predictor
        Unfitted predictors to choose from, by name.
    measure_seconds : float
        Time to measure one architecture on the device.
    objective : {"retained_hypervolume", "mra_pareto_percent"}
        The score of `ScenarioOutcome` whose mean decides between plans.
    seed : int
    scenarios : int
        Number of scenarios.
    repeats : int
        Number of times that each learning curve is measured.

    Attributes
    ----------
    curves : dict of str to LearningCurve
        Learning curves by the name of the predictor.
    leader : LearningCurve
        Learning curve of the predictor with the smallest deviations so far.
    drawn : list of DrawnScenario

    Raises
    ------
    UserError
        If the objective is unknown, a number is too small, or a predictor chooses its own
        training measurements.
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
                f"objective={objective}: unknown objective",
                remedy=" or ".join(f"objective={name}" for name in get_args(Objective)),
            )
        if not predictors or scenarios < 1 or repeats < 2:
            raise UserError(
                f"predictors=[{','.join(predictors)}] scenarios={scenarios} repeats={repeats}: "
                "advice needs at least 1 predictor, 1 scenario and 2 repeats",
                remedy="predictors=[ridge,xgb] scenarios=20 repeats=8",
            )
        designed = [name for name, one in predictors.items() if one.training_design() is not None]
        if designed:
            raise UserError(
                f"predictors: {designed[0]} chooses its own training measurements, so its learning "
                "curve on random measurements is not known",
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
        self.drawn = draw_scenarios(
            problem, self.leader, predictors[self.leader.name], scenarios, rng
        )
        unmeasured = np.setdiff1d(np.arange(len(problem)), problem.measured)
        # All plans take their random measurements in the same order, so that chance affects them
        # equally.
        self._orders = [rng.permutation(unmeasured) for _ in self.drawn]

    def advise(self, budget_seconds: float) -> Advice:
        """Return the best plan for a budget.

        Raises
        ------
        UserError
            If the budget is too short for one measurement.
        """
        check_budget(budget_seconds, self.measure_seconds)
        considered = [self.expect(plan) for plan in self._plans(budget_seconds)]
        chosen = best_plan(considered, self.objective)
        others = [one for one in considered if one.plan.predictor != chosen.plan.predictor]
        return Advice(
            budget_seconds=budget_seconds,
            plan=chosen,
            next_best=best_plan(others, self.objective) if others else None,
            considered=tuple(considered),
        )

    def expect(self, plan: Plan) -> Expected:
        """Simulate a plan in every scenario, and return its time and its outcomes."""
        outcomes, n_verified, n_fits = [], [], []
        for drawn, order in zip(self.drawn, self._orders, strict=True):
            known = np.concatenate([self.problem.measured, order[: plan.n_new]])
            verified = self._verify(plan, drawn, known)
            n_verified.append(len(verified.rows) - len(known))
            n_fits.append(verified.n_fits)
            outcomes.append(drawn.scenario.outcome(verified.rows))
        measuring_seconds = (plan.n_new + float(np.mean(n_verified))) * self.measure_seconds
        fit_seconds = self._fit_seconds(plan.predictor, plan.n_train)
        return Expected(
            plan=plan,
            seconds=measuring_seconds + fit_seconds * (1.0 + float(np.mean(n_fits))),
            measuring_seconds=measuring_seconds,
            n_verified=float(np.mean(n_verified)),
            outcomes=tuple(outcomes),
        )

    def _verify(self, plan: Plan, drawn: DrawnScenario, known: Rows) -> Verified:
        """Simulate the verification of a plan in one scenario, after `known` was measured."""
        if plan.predictor is None:
            return Verified(known, 0)
        curve = self.curves[plan.predictor]
        leader_sigma = float(self.leader.sigma_at(len(self.problem.measured))[drawn.law])

        def relearn(rows: Rows) -> Float:
            n_train = len(known) + drawn.verification_value * (len(rows) - len(known))
            return drawn.predict(float(curve.sigma_at(n_train)[drawn.law]), leader_sigma)

        return verify_within(
            self.problem.accuracy,
            relearn(known),
            drawn.scenario.true,
            known,
            plan.n_verify,
            plan.spread,
            relearn,
        )

    def _plans(self, budget: float) -> list[Plan]:
        """Return the plans to compare.

        One plan spends the budget on random measurements, without a predictor. The others divide
        it between training measurements and verification in several ways, for each predictor.
        """
        n_now, n = len(self.problem.measured), len(self.problem)
        affordable = min(int(budget / self.measure_seconds), n - n_now)
        plans = [Plan(None, affordable, n_now + affordable, 0)]
        for name, curve in self.curves.items():
            for n_new in train_sizes(n_now, affordable):
                n_train = n_now + n_new
                fit_seconds = self._fit_seconds(name, n_train)
                left = budget - n_new * self.measure_seconds - fit_seconds
                # At worst, a round measures one architecture and then fits the predictor again.
                n_verify = min(int(left / (self.measure_seconds + fit_seconds)), n - n_train)
                if n_verify >= 1:
                    spread = float(curve.sigma_at(n_train).mean())
                    plans.append(Plan(name, n_new, n_train, n_verify, spread))
        return plans

    def _fit_seconds(self, predictor: str | None, n_train: int) -> float:
        """Return the seconds to fit a predictor and to predict all candidates; 0 without one."""
        if predictor is None:
            return 0.0
        curve: LearningCurve = self.curves[predictor]
        return curve.fit_seconds_at(n_train) + curve.query_seconds * len(self.problem)
