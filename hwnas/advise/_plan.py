"""Plans: what to measure, what to fit, what to verify, what it costs and what to expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.advise._problem import Float, Rows
from hwnas.advise._scenarios import ScenarioOutcome
from hwnas.selection import fronts

#: Benefit of the doubt, in standard deviations of the deviations: by how much it grows, how far.
DOUBT_STEP, DOUBT_LIMIT = 0.5, 4.0
#: Rounds that verification is cut into, as far as the fronts are not longer than that.
ROUNDS = 20


@dataclass(frozen=True)
class Plan:
    """One way to spend a budget.

    Parameters
    ----------
    predictor : str or None
        Which predictor; None measures without one.
    n_new : int
        Architectures to measure at random, beside those measured so far.
    n_train : int
        Training measurements of the predictor: all of them.
    n_verify : int
        Most architectures to measure for verification.
    spread : float
        Standard deviation of the predictor's deviations, in the metric's unit: the benefit of the
        doubt that verification gives.
    """

    predictor: str | None
    n_new: int
    n_train: int
    n_verify: int
    spread: float = 0.0

    def describe(self, n_candidates: int) -> str:
        """Say in words what to do."""
        if self.predictor is None:
            if self.n_train >= n_candidates:
                return f"measure all {n_candidates:,} candidates, select from their true values"
            return (
                f"measure {self.n_new:,} more at random, select from all {self.n_train:,} measured"
            )
        more = f"measure {self.n_new:,} more at random, " if self.n_new else ""
        return (
            f"{more}fit {self.predictor} to all {self.n_train:,}, verify its front in rounds of "
            f"measuring and fitting again, up to {self.n_verify:,} measurements"
        )


@dataclass(frozen=True)
class Expected:
    """A plan with its cost and what to expect of it, over possible truths.

    Parameters
    ----------
    plan : Plan
    seconds : float
        Mean cost: measuring, fitting, querying, verifying.
    measuring_seconds : float
        The part of it that occupies the device.
    n_verified : float
        Mean number of verifications until nothing was left that could be on the front.
    outcomes : tuple of ScenarioOutcome
        One a scenario.
    """

    plan: Plan
    seconds: float
    measuring_seconds: float
    n_verified: float
    outcomes: tuple[ScenarioOutcome, ...]

    def mean(self, score: str) -> float:
        """Return the expected value of a score of `ScenarioOutcome`."""
        return float(np.mean([getattr(one, score) for one in self.outcomes]))

    def median(self, score: str) -> float:
        """Return the value that a score exceeds in half of the scenarios."""
        return float(np.median([getattr(one, score) for one in self.outcomes]))

    def interval(self, score: str) -> tuple[float, float]:
        """Return the interval that holds 80 % of the possible truths."""
        low, high = np.quantile([getattr(one, score) for one in self.outcomes], [0.1, 0.9])
        return float(low), float(high)


@dataclass(frozen=True)
class Verified:
    """What verification measured.

    Parameters
    ----------
    rows : array of int64
        Every row measured by the end, those measured before included.
    n_fits : int
        How often the predictor was fitted again.
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
    """Verify the predicted front, round after round, with at most `limit` measurements.

    Each round measures what is new on the front of measured values and predictions; where less is
    left than a round asks for, it takes them evenly along the front. What is not measured may be
    better than predicted: it is given the benefit of the doubt, as many steps of `spread` as a
    round needs to measure a twentieth of `limit`.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, descending.
    predicted, true : array, shape (n,)
        Costs.
    measured : array of int64
        Rows measured so far.
    limit : int
        Most measurements.
    spread : float
        Standard deviation of the deviations; 0 stops when nothing is new.
    relearn : callable, optional
        Takes the rows measured so far and returns better predictions.

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
    batch, n_fits, doubt = -(-limit // ROUNDS), 0, 0.0
    while limit > 0:
        fresh, doubt = _candidates(
            accuracy, np.where(known, true, predicted), known, spread, batch, doubt
        )
        if len(fresh) == 0:
            break
        if len(fresh) > limit:
            fresh = fresh[np.linspace(0, len(fresh) - 1, limit).round().astype(np.int64)]
        known[fresh] = True
        limit -= len(fresh)
        if relearn is not None and limit > 0:
            predicted = relearn(np.flatnonzero(known))
            n_fits += 1
    return Verified(np.flatnonzero(known), n_fits)


def _candidates(
    accuracy: Float,
    cost: Float,
    known: NDArray[np.bool_],
    spread: float,
    batch: int,
    doubt: float,
) -> tuple[Rows, float]:
    """Return what is not known on the front, with as much benefit of the doubt as fills a batch.

    It starts a step below the last round's `doubt`, for what was learnt since.
    """
    doubt = max(doubt - DOUBT_STEP, 0.0)
    while True:
        hoped = np.where(known, cost, cost - doubt * spread)
        _, front = fronts(accuracy[np.newaxis], hoped[np.newaxis])
        fresh = front[~known[front]]
        if len(fresh) >= batch or spread == 0 or doubt >= DOUBT_LIMIT:
            return fresh, doubt
        doubt += DOUBT_STEP


def train_sizes(n_now: int, n_more: int, n_sizes: int = 6) -> list[int]:
    """Return how many more training measurements to consider: none, then growing steps.

    Examples
    --------
    >>> train_sizes(100, 700, n_sizes=4)
    [0, 100, 300, 700]
    """
    totals = np.geomspace(n_now, n_now + n_more, n_sizes) if n_more > 0 else [n_now]
    return sorted({round(total) - n_now for total in totals})


def best(plans: Sequence[Expected], objective: str) -> Expected:
    """Return the plan with the best expected score; of plans as good, the cheapest."""
    sign = -1.0 if objective == "retained_hypervolume" else 1.0
    return min(plans, key=lambda one: (round(sign * one.mean(objective), 6), one.seconds))
