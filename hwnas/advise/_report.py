"""The report that ``hwnas advise`` prints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwnas.advise._advisor import Advice, Advisor
from hwnas.advise._duration import duration
from hwnas.advise._plan import Expected
from hwnas.dataset import Table

_SCORES = (
    ("retained hypervolume", "retained_hypervolume", 4),
    ("MRA [%]", "mra_pareto_percent", 2),
)


def report(
    table: Table, advisor: Advisor, advice: Sequence[Advice], budget: float, worth: float
) -> str:
    """Return the advice for a budget as text, and the best plans for other budgets.

    Parameters
    ----------
    table : Table
    advisor : Advisor
        The advisor that made the advice.
    advice : sequence of Advice
        One for each budget, in ascending order. One of them is for `budget`.
    budget : float
        The user's budget in seconds.
    worth : float
        Smallest gain of the objective for which the report calls twice the budget worthwhile.
    """
    asked = next(one for one in advice if one.budget_seconds == budget)
    n = len(advisor.problem)
    lines = [*_heading(table, advisor), ""]
    lines += [f"plan        {asked.plan.plan.describe(n)}", *_expectation(asked.plan)]
    if asked.next_best is not None:
        instruction = asked.next_best.plan.describe(n)
        lines += ["", f"next best   {instruction}", *_expectation(asked.next_best)]
    lines += ["", *_curves(advisor), "", *_budgets(advice, budget)]
    lines += ["", _budget_advice(advice, advisor, budget, worth)]
    return "\n".join(lines)


def _heading(table: Table, advisor: Advisor) -> list[str]:
    """Return what the advice is about: the table, its candidates and its measurements."""
    n, n_now = len(advisor.problem), len(advisor.problem.measured)
    kind = "ESTIMATED, not measured" if table.estimated else "measured"
    so_far = f"{n_now:,} measured so far"
    if advisor.problem.truth is not None:
        so_far = f"advice uses {n_now:,} of the table's measurements and ignores the others"
    return [
        f"{table.space.name} / {table.dataset} / {table.device} {table.metric.label}: "
        f"{kind} ({table.provenance.source})",
        f"{n:,} candidates; {so_far}; {duration(advisor.measure_seconds)} for each "
        f"measurement ({duration((n - n_now) * advisor.measure_seconds)} for all that remain)",
    ]


def _expectation(expected: Expected) -> list[str]:
    """Return the time that a plan costs and the scores to expect of it."""
    computing = expected.seconds - expected.measuring_seconds
    lines = [
        f"  costs     {duration(expected.seconds)}: {duration(expected.measuring_seconds)} "
        f"measuring ({expected.plan.n_new + round(expected.n_verified):,} architectures), "
        f"{duration(computing)} computing"
    ]
    for title, score, digits in _SCORES:
        # No interval: docs/notes/advice.md shows that none held what it promised on every table.
        lines.append(
            f"  expect    {title}: median {expected.median(score):.{digits}f}, "
            f"mean {expected.mean(score):.{digits}f}"
        )
    return lines


def _curves(advisor: Advisor) -> list[str]:
    """Return the learning curves, in standard deviations of the costs measured so far."""
    n_now = len(advisor.problem.measured)
    cost_std = float(advisor.problem.cost.std())
    lines = [f"{'std of deviations / std of values':<40}{f'{n_now:,} measured':>16}{'twice':>9}"]
    for curve in advisor.curves.values():
        now, twice = (curve.sigma_at(n) / cost_std for n in (n_now, 2 * n_now))
        text = f"{now.mean():.3f} ± {now.std():.3f}"
        lines.append(f"  {curve.name:<38}{text:>16}{twice.mean():>9.3f}")
    return lines


def _budgets(advice: Sequence[Advice], budget: float) -> list[str]:
    """Return a table of the best plan for each budget; a mark shows the user's budget."""
    lines = [
        f"{'budget':>12}{'predictor':>12}{'train':>8}{'verify':>8}{'retained':>10}{'MRA [%]':>9}"
        "  (means)"
    ]
    for one in advice:
        plan, mark = one.plan.plan, " <" if one.budget_seconds == budget else ""
        lines.append(
            f"{duration(one.budget_seconds):>12}{plan.predictor or 'none':>12}{plan.n_train:>8,}"
            f"{plan.n_verify:>8,}{one.plan.mean('retained_hypervolume'):>10.4f}"
            f"{one.plan.mean('mra_pareto_percent'):>9.2f}{mark}"
        )
    return lines


def _budget_advice(advice: Sequence[Advice], advisor: Advisor, budget: float, worth: float) -> str:
    """Return whether twice the budget is worthwhile, and which smaller budget is about as good."""
    name = advisor.objective
    sign = 1.0 if name == "retained_hypervolume" else -1.0
    scores = {one.budget_seconds: sign * float(np.round(one.plan.mean(name), 6)) for one in advice}
    asked = scores[budget]
    enough = min(other for other, score in scores.items() if score >= asked - worth)
    larger = scores.get(2 * budget)
    text = ""
    if larger is not None:
        gain = max(larger - asked, 0.0)
        pays = "is worthwhile" if gain >= worth else "is not worthwhile"
        text = (
            f"twice the budget {pays}: it improves the mean {name} by {gain:.4f} (worth={worth:g})"
        )
    if enough < budget:
        text += f"; a budget of {duration(enough)} is at most {worth:g} worse"
    return text
