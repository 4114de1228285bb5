"""Advice as text."""

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
    """Return the advice for a budget as text, with smaller and larger budgets beside it.

    Parameters
    ----------
    table : Table
    advisor : Advisor
    advice : sequence of Advice
        For growing budgets, `budget` among them.
    budget : float
        Seconds.
    worth : float
        Gain of the objective from which twice the budget pays.
    """
    asked = next(one for one in advice if one.budget_seconds == budget)
    lines = [*_heading(table, advisor), ""]
    lines += [f"plan        {_what(asked.plan, advisor)}", *_expect(asked.plan)]
    if asked.next_best is not None:
        lines += ["", f"next best   {_what(asked.next_best, advisor)}", *_expect(asked.next_best)]
    lines += ["", *_curves(advisor), "", *_budgets(advice, budget)]
    lines += ["", _verdict(advice, advisor, budget, worth)]
    return "\n".join(lines)


def _heading(table: Table, advisor: Advisor) -> list[str]:
    n, n_now = len(advisor.problem), len(advisor.problem.measured)
    kind = "ESTIMATED, not measured" if table.estimated else "measured"
    so_far = f"{n_now:,} measured so far"
    if advisor.problem.truth is not None:
        so_far = f"advice sees {n_now:,} of the table's measurements, as if no more were known"
    return [
        f"{table.space.name} / {table.dataset} / {table.device} {table.metric.label}: "
        f"{kind} ({table.provenance.source})",
        f"{n:,} candidates; {so_far}; {duration(advisor.measure_seconds)} a measurement (measuring "
        f"the rest: {duration((n - n_now) * advisor.measure_seconds)})",
    ]


def _what(expected: Expected, advisor: Advisor) -> str:
    return expected.plan.describe(len(advisor.problem))


def _expect(expected: Expected) -> list[str]:
    computing = expected.seconds - expected.measuring_seconds
    lines = [
        f"  costs     {duration(expected.seconds)}: {duration(expected.measuring_seconds)} "
        f"measuring ({expected.plan.n_new + round(expected.n_verified):,} architectures), "
        f"{duration(computing)} computing"
    ]
    for title, score, digits in _SCORES:
        low, high = expected.interval(score)
        lines.append(
            f"  expect    {title} {expected.median(score):.{digits}f} in the median, "
            f"foreseen between {low:.{digits}f} and {high:.{digits}f} "
            # Honest about what docs/advice.md found: the range is too narrow.
            "(half of our trials fell outside); "
            # It may lie outside: a few truths are much worse than the rest.
            f"{expected.mean(score):.{digits}f} in the mean"
        )
    return lines


def _curves(advisor: Advisor) -> list[str]:
    """Say what the learning curves hold, in standard deviations of the measurements so far."""
    n_now = len(advisor.problem.measured)
    scale = float(advisor.problem.cost.std())
    lines = [f"{'std of deviations / std of values':<40}{f'{n_now:,} measured':>16}{'twice':>9}"]
    for curve in advisor.curves.values():
        now, twice = (curve.sigma_at(n) / scale for n in (n_now, 2 * n_now))
        spread = f"{now.mean():.3f} ± {now.std():.3f}"
        lines.append(f"  {curve.name:<38}{spread:>16}{twice.mean():>9.3f}")
    return lines


def _budgets(advice: Sequence[Advice], budget: float) -> list[str]:
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


def _verdict(advice: Sequence[Advice], advisor: Advisor, budget: float, worth: float) -> str:
    """Say whether twice the budget pays, and which smaller one would do."""
    name = advisor.objective
    sign = 1.0 if name == "retained_hypervolume" else -1.0
    gains = {one.budget_seconds: sign * float(np.round(one.plan.mean(name), 6)) for one in advice}
    asked = gains[budget]
    enough = min(step for step, value in gains.items() if value >= asked - worth)
    larger = gains.get(2 * budget)
    text = ""
    if larger is not None:
        gain = max(larger - asked, 0.0)
        pays = "pays" if gain >= worth else "would not pay"
        text = f"twice the budget {pays}: {name} better by {gain:.4f} in the mean (worth={worth:g})"
    if enough < budget:
        text += f"; {duration(enough)} would already come within {worth:g}"
    return text
