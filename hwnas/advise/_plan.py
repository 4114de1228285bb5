"""Plans: how many architectures to measure, which predictor to fit, how many to verify."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.advise._problem import Float, Rows
from hwnas.advise._scenarios import ScenarioOutcome
from hwnas.selection import fronts

#: Verification lowers the predicted costs of unmeasured architectures by a multiple of the
#: deviations' standard deviation. The multiple grows by `OPTIMISM_STEP` up to `MOST_OPTIMISM`.
OPTIMISM_STEP, MOST_OPTIMISM = 0.5, 4.0
#: Number of verification rounds to aim for: each round measures at least this fraction of the
#: limit, as long as optimism finds enough architectures.
ROUNDS = 20


@dataclass(frozen=True)
class Plan:
    """One way to spend a time budget.

    Parameters
    ----------
    predictor : str or None
        Name of the predictor. None selects from measured architectures only.
    n_new : int
        Number of random architectures to measure first, besides those measured so far.
    n_train : int
        Number of training measurements of the predictor: `n_new` plus those measured so far.
    n_verify : int
        Largest number of architectures to measure for verification.
    spread : float
        Standard deviation of the predictor's deviations, in the metric's unit. Verification
        measures unmeasured architectures whose cost may be lower than predicted by some multiple
        of it.
    """

    predictor: str | None
    n_new: int
    n_train: int
    n_verify: int
    spread: float = 0.0

    def describe(self, n_candidates: int) -> str:
        """Return the plan as an instruction.

        Parameters
        ----------
        n_candidates : int
            Number of architectures in the candidate set.
        """
        if self.predictor is None:
            if self.n_train >= n_candidates:
                return f"measure all {n_candidates:,} candidates, select from their measured values"
            return (
                f"measure {self.n_new:,} more at random, select from all {self.n_train:,} measured"
            )
        first = f"measure {self.n_new:,} more at random, " if self.n_new else ""
        return (
            f"{first}fit {self.predictor} to all {self.n_train:,}, then verify the predicted front "
            f"in rounds, fitting again after each: up to {self.n_verify:,} measurements"
        )


@dataclass(frozen=True)
class Expected:
    """A plan with its expected cost in time and its outcome in each scenario.

    Parameters
    ----------
    plan : Plan
    seconds : float
        Mean time over the scenarios: measuring, fitting, predicting and verifying.
    measuring_seconds : float
        The part of `seconds` that occupies the device.
    n_verified : float
        Mean number of architectures that verification measured. It is below `Plan.n_verify`
        where verification ended because no unmeasured architecture was on the front.
    outcomes : tuple of ScenarioOutcome
        One for each scenario.
    """

    plan: Plan
    seconds: float
    measuring_seconds: float
    n_verified: float
    outcomes: tuple[ScenarioOutcome, ...]

    def mean(self, score: str) -> float:
        """Return the mean of a score over the scenarios.

        Parameters
        ----------
        score : str
            Name of an attribute of `ScenarioOutcome`.
        """
        return float(np.mean([getattr(one, score) for one in self.outcomes]))

    def median(self, score: str) -> float:
        """Return the median of a score over the scenarios."""
        return float(np.median([getattr(one, score) for one in self.outcomes]))


@dataclass(frozen=True)
class Verified:
    """The result of verification.

    Parameters
    ----------
    rows : array of int64
        Rows of all measured architectures, including those measured before verification.
    n_fits : int
        Number of times that the predictor was fitted again.
    """

    rows: Rows
    n_fits: int


def verify_within(
    accuracy: Float,
    predicted: Float,
    true: Float,
    measured: Rows,
    limit: int,
    spread: float = 0.0,
    relearn: Callable[[Rows], Float] | None = None,
) -> Verified:
    """Verify the predicted front in rounds, with at most `limit` measurements.

    Each round takes the Pareto front of accuracy and cost, where the cost of a measured
    architecture is its true cost and any other cost is predicted. The round measures the
    unmeasured architectures on this front. If `limit` does not allow all of them, it measures
    some, spaced evenly along the front.

    The predictions are too high for some architectures. So the round lowers all predicted costs
    by the smallest multiple of `spread` that puts ``limit / ROUNDS`` unmeasured architectures on
    the front, a lower confidence bound.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, descending.
    predicted, true : array, shape (n,)
        Costs.
    measured : array of int64
        Rows of the architectures measured so far.
    limit : int
        Largest number of architectures to measure.
    spread : float
        Standard deviation of the deviations. With 0 the predicted costs are not lowered, and
        verification ends when no unmeasured architecture is on the front.
    relearn : callable, optional
        Takes the rows of all measured architectures and returns new predicted costs, shape (n,).
        Default: the predictions stay the same in all rounds.

    Examples
    --------
    >>> true = np.array([9.0, 2.0, 3.0])
    >>> verify_within(
    ...     np.array([90.0, 80.0, 80.0]), np.array([1.0, 4.0, 3.0]), true, np.array([], int), 2
    ... ).rows.tolist()
    [0, 2]
    """
    known = np.zeros(len(accuracy), dtype=bool)
    known[measured] = True
    batch, n_fits, optimism = -(-limit // ROUNDS), 0, 0.0
    while limit > 0:
        new, optimism = unmeasured_front(
            accuracy, np.where(known, true, predicted), known, spread, batch, optimism
        )
        if len(new) == 0:
            break
        new = spaced(new, limit)
        known[new] = True
        limit -= len(new)
        if relearn is not None and limit > 0:
            predicted = relearn(np.flatnonzero(known))
            n_fits += 1
    return Verified(np.flatnonzero(known), n_fits)


def spaced(rows: Rows, n: int) -> Rows:
    """Return at most `n` of the rows, spaced evenly.

    Examples
    --------
    >>> spaced(np.arange(7), 3).tolist()
    [0, 3, 6]
    """
    if len(rows) <= n:
        return rows
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(np.int64)]


def unmeasured_front(
    accuracy: Float,
    cost: Float,
    known: NDArray[np.bool_],
    spread: float | Float,
    batch: int,
    optimism: float = 0.0,
) -> tuple[Rows, float]:
    """Return the unmeasured rows on the front after lowering the predicted costs, and by how much.

    The search for this amount begins one step below that of the last round, because the
    measurements of that round have improved the predictions.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, descending.
    cost : array, shape (n,)
        Measured or predicted costs.
    known : array of bool, shape (n,)
        Whether each architecture is measured.
    spread : float or array, shape (n,)
        Standard deviation of the deviations, of all or of each architecture.
    batch : int
        Smallest number of unmeasured rows to return, if the largest optimism gives as many.
    optimism : float
        Amount of the last round: a multiple of `spread`.

    Returns
    -------
    rows : array of int64
        In the order of their accuracy.
    optimism : float
        By how many `spread` the predicted costs were lowered.
    """
    optimism = max(optimism - OPTIMISM_STEP, 0.0)
    while True:
        lowered = np.where(known, cost, cost - optimism * spread)
        _, front = fronts(accuracy[np.newaxis], lowered[np.newaxis])
        new = front[~known[front]]
        if len(new) >= batch or np.all(spread == 0) or optimism >= MOST_OPTIMISM:
            return new, optimism
        optimism += OPTIMISM_STEP


def train_sizes(n_now: int, n_more: int, n_sizes: int = 6) -> list[int]:
    """Return numbers of additional training measurements to compare, from 0 to `n_more`.

    Parameters
    ----------
    n_now : int
        Number of measurements so far.
    n_more : int
        Largest number of additional measurements.
    n_sizes : int
        Largest number of values to return. The resulting train sizes grow geometrically.

    Examples
    --------
    >>> train_sizes(100, 700, n_sizes=4)
    [0, 100, 300, 700]
    """
    totals = np.geomspace(n_now, n_now + n_more, n_sizes) if n_more > 0 else [n_now]
    return sorted({round(total) - n_now for total in totals})


def best_plan(plans: Sequence[Expected], objective: str) -> Expected:
    """Return the plan with the best mean of the objective; of equally good plans, the fastest."""
    sign = -1.0 if objective == "retained_hypervolume" else 1.0
    return min(plans, key=lambda one: (round(sign * one.mean(objective), 6), one.seconds))
