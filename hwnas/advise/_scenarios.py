"""Possible truths, given the measurements so far, and what a selection would be worth in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwnas.advise._learning_curve import LearningCurve
from hwnas.advise._problem import Float, Problem, Rows
from hwnas.selection import Scale, fronts, hypervolume, nondominated, reduction
from hwnas.space import Architectures

if TYPE_CHECKING:
    from hwnas.predictor import Predictor

#: Held-out deviations that stand for those of a candidate: this share, within these numbers.
NEIGHBOURS, FEWEST, MOST = 0.1, 60, 200
#: Correlation of the deviations of two cells of NAS-Bench-201 that differ on one of six edges:
#: `benchmarks/advice.py` measures it (.3 to .6, less where more is measured).
SMOOTHNESS = 0.4
#: Random tables that make up one field of deviations.
TABLES = 32


@dataclass(frozen=True)
class ScenarioOutcome:
    """What a selected set is worth in one scenario.

    Parameters
    ----------
    mra_pareto_percent : float
        Mean reduction in accuracy of what is kept after verification.
    retained_hypervolume : float
        Of what is kept.
    """

    mra_pareto_percent: float
    retained_hypervolume: float


class Scenario:
    """One possible truth: the costs of every candidate.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, descending.
    true : array, shape (n,)
        Costs.
    """

    def __init__(self, accuracy: Float, true: Float) -> None:
        self.accuracy, self.true = accuracy, true
        self.points = np.column_stack([-accuracy, true])
        self.scale = Scale.of(true)
        self.front = self.points[fronts(accuracy[np.newaxis], true[np.newaxis])[1]]
        self.reference = np.array([0.0, 1.1 * self.scale.standardised(self.points)[:, 1].max()])
        self.best = hypervolume(self.scale.standardised(self.front), self.reference)

    def outcome(self, measured: Rows) -> ScenarioOutcome:
        """Return what the measured architectures are worth: their own Pareto front."""
        points = self.points[measured]
        kept = points[nondominated(points)]
        volume = hypervolume(self.scale.standardised(kept), self.reference)
        return ScenarioOutcome(
            mra_pareto_percent=float(reduction(self.front, kept)[:, 0].mean()),
            retained_hypervolume=volume / self.best,
        )


@dataclass(frozen=True)
class Draw:
    """A scenario, with the deviations that its predictors share.

    Parameters
    ----------
    scenario : Scenario
    explained, other : array, shape (n,)
        Deviations of the best predictor so far in this scenario, and others of the same kind.
    base : Float
        Its predictions.
    law : int
        Which of the curves' power laws holds in this scenario.
    lesson : float
        How much a verification teaches in this scenario, against a random training measurement:
        between 0 and 1, for it looks at a small corner of the space.
    """

    scenario: Scenario
    explained: Float
    other: Float
    base: Float
    law: int
    lesson: float

    def predict(self, sigma: float, sigma_now: float) -> Float:
        """Return predictions whose deviations have standard deviation `sigma`.

        A predictor better than today's has learnt a part of today's deviations: the part that is
        left is uncorrelated with its predictions. A worse one adds deviations to them.

        Parameters
        ----------
        sigma : float
            Standard deviation of the deviations wanted.
        sigma_now : float
            That of the best predictor so far.
        """
        if sigma <= sigma_now:
            learnt = 1.0 - (sigma / sigma_now) ** 2
            return np.asarray(
                self.base + learnt * self.explained + np.sqrt(learnt * (1.0 - learnt)) * self.other
            )
        added = sigma**2 - sigma_now**2
        # Adding deviations of variance h leaves the part added / (1 - added / var) unexplained.
        share = min(added / max(float(self.base.var()), 1e-300), 0.99)
        return np.asarray(self.base + np.sqrt(added / (1.0 - share)) / sigma_now * self.other)


def draw_worlds(
    problem: Problem,
    curve: LearningCurve,
    predictor: Predictor,
    n: int,
    rng: np.random.Generator,
) -> list[Draw]:
    """Draw possible truths around the predictions of the best predictor so far.

    In each scenario it is fitted to a resample of the measurements. A candidate's cost is its
    prediction plus a deviation drawn from the held-out ones of candidates like it; similar
    architectures get similar deviations. Measured candidates keep their value.

    Parameters
    ----------
    problem : Problem
    curve : LearningCurve
        Of the predictor with the smallest deviations so far.
    predictor : Predictor
        That predictor.
    n : int
        Number of scenarios.
    rng : numpy.random.Generator
    """
    from sklearn.base import clone

    X, y = problem.architectures, problem.cost
    draws = []
    for number in range(n):
        law = number % len(curve.laws)
        resample = rng.integers(len(y), size=len(y))
        fitted: Predictor = clone(predictor).fit(X[problem.measured[resample]], y[resample])
        base = fitted.predict(X)
        # The deviations were seen at a smaller train size than the measurements so far.
        shrink = curve.sigma_at(len(y))[law] / curve.sigma_at(int(curve.sizes[-1]))[law]
        nearest = shrink * _similar_deviations(problem, curve, base)
        explained, other = (_quantiles(nearest, smooth_uniform(X, rng)) for _ in range(2))
        true = np.maximum(base + explained, problem.least)
        true[problem.measured] = y
        scenario = Scenario(problem.accuracy, true)
        draws.append(Draw(scenario, explained, other, base, law, rng.random()))
    return draws


def _similar_deviations(problem: Problem, curve: LearningCurve, base: Float) -> Float:
    """Return the sorted deviations of the held-out measurements most like each candidate.

    Like it in the prediction, for deviations grow with the cost; and in the accuracy: where a
    cell computes less than it seems to, both its cost and its accuracy fall short.
    """
    from scipy.spatial import cKDTree

    predicted, deviations, accuracy = curve.held_out
    m = len(deviations)

    def place(cost: Float, percent: Float) -> Float:
        # Ranks among the candidates: both axes then count alike.
        ranks = [
            np.searchsorted(np.sort(axis), values) / len(axis)
            for axis, values in ((base, cost), (problem.accuracy, percent))
        ]
        return np.column_stack(ranks)

    reach = min(max(FEWEST, round(NEIGHBOURS * m)), MOST, m)
    _, nearest = cKDTree(place(predicted, accuracy)).query(place(base, problem.accuracy), k=reach)
    return np.asarray(np.sort(deviations[nearest], axis=1))


def _quantiles(ascending: Float, share: Float) -> Float:
    """Return the value at a share of the way along each row."""
    columns = (share * ascending.shape[1]).astype(np.int64)
    return np.asarray(ascending[np.arange(len(ascending)), columns])


def smooth_uniform(architectures: Architectures, rng: np.random.Generator) -> Float:
    """Draw a random number of [0, 1) for each architecture, similar for similar ones.

    The normal scores of two architectures correlate by ``r ** distance`` in the mean, where the
    distance is the number of positions that differ: a sum of random tables over random subsets of
    the positions, each position taken with probability ``1 - r``.

    Examples
    --------
    >>> drawn = smooth_uniform(np.array([[0, 1], [0, 1], [4, 3]]), np.random.default_rng(0))
    >>> bool(drawn[0] == drawn[1]), bool(drawn[0] == drawn[2])
    (True, False)
    """
    from scipy.special import ndtr

    n, positions = architectures.shape
    r = SMOOTHNESS ** (6 / positions)
    codes = rng.integers(2**63, size=(positions, int(architectures.max()) + 1), dtype=np.uint64)
    # Every architecture's code of each position; a sum of codes names a choice of operations.
    coded = codes[np.arange(positions), architectures]
    total = np.zeros(n)
    table = rng.standard_normal(1 << 16)
    for _ in range(TABLES):
        taken = rng.random(positions) >= r
        mixed = coded[:, taken].sum(axis=1, dtype=np.uint64) * rng.integers(2**63, dtype=np.uint64)
        total += table[mixed >> np.uint64(48)]
    uniform: Float = ndtr(total / np.sqrt(TABLES))
    return np.minimum(uniform, np.nextafter(1.0, 0.0))
