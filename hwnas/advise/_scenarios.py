"""Scenarios: possible costs of all candidates, and the score of a selection in each scenario."""

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

#: A candidate's deviation is drawn from those of similar held-out measurements: this share of all
#: held-out measurements, but at least `FEWEST_NEIGHBOURS` and at most `MOST_NEIGHBOURS`.
NEIGHBOUR_SHARE = 0.1
FEWEST_NEIGHBOURS, MOST_NEIGHBOURS = 60, 200
#: Correlation of the deviations of two NAS-Bench-201 cells that differ on one of six edges.
#: `benchmarks/advice.py` measures it on published tables: docs/notes/advice.md holds the results.
EDGE_CORRELATION = 0.4
#: Number of random tables that `correlated_uniform` adds up.
N_RANDOM_TABLES = 32


@dataclass(frozen=True)
class ScenarioOutcome:
    """Scores of the measured architectures in one scenario.

    Parameters
    ----------
    mra_pareto_percent : float
        Mean reduction in accuracy (MRA) of the front of the measured architectures, in percent
        points.
    retained_hypervolume : float
        Hypervolume of that front divided by that of the true front.
    """

    mra_pareto_percent: float
    retained_hypervolume: float


class Scenario:
    """One possible truth: the costs of all candidates, with the Pareto front that they have.

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
        """Return the scores of the Pareto front of the measured architectures.

        Parameters
        ----------
        measured : array of int64
            Rows of the measured architectures.
        """
        points = self.points[measured]
        kept = points[nondominated(points)]
        volume = hypervolume(self.scale.standardised(kept), self.reference)
        return ScenarioOutcome(
            mra_pareto_percent=float(reduction(self.front, kept)[:, 0].mean()),
            retained_hypervolume=volume / self.best,
        )


@dataclass(frozen=True)
class DrawnScenario:
    """A scenario drawn at random, with the data to simulate any predictor's predictions in it.

    The leader is the predictor with the smallest deviations so far.

    Parameters
    ----------
    scenario : Scenario
    predicted : array, shape (n,)
        Costs that the leader predicts.
    deviations : array, shape (n,)
        True cost minus the leader's prediction, before bounds and measured values are applied.
    independent : array, shape (n,)
        A second draw of such deviations, independent of `deviations`.
    law : int
        Row of `LearningCurve.laws` that holds in this scenario, for each predictor.
    verification_value : float
        Value of a verified measurement for training, relative to a random measurement: between 0
        and 1, because verified architectures all lie near the front.
    """

    scenario: Scenario
    predicted: Float
    deviations: Float
    independent: Float
    law: int
    verification_value: float

    def predict(self, sigma: float, leader_sigma: float) -> Float:
        """Return simulated predictions whose deviations have the standard deviation `sigma`.

        If `sigma` is at most `leader_sigma`, the simulated predictor corrects part of the leader's
        deviations, and the rest is uncorrelated with its predictions. If `sigma` is larger, noise
        is added to the leader's predictions. After the best linear rescaling, the noisy
        predictions have deviations with standard deviation `sigma`.

        Parameters
        ----------
        sigma : float
            Standard deviation of the simulated predictor's deviations, in the metric's unit.
        leader_sigma : float
            Standard deviation of the leader's deviations, in the metric's unit.

        Returns
        -------
        array of float64, shape (n,)
            Costs.
        """
        if sigma <= leader_sigma:
            share = 1.0 - (sigma / leader_sigma) ** 2
            noise = np.sqrt(share * (1.0 - share)) * self.independent
            return np.asarray(self.predicted + share * self.deviations + noise)
        added = sigma**2 - leader_sigma**2
        # Let v be the variance of the leader's predictions. With noise of variance h, the best
        # linear rescaling leaves v h / (v + h) more variance unexplained. This equals `added`
        # for h = added / (1 - added / v).
        share = min(added / max(float(self.predicted.var()), 1e-300), 0.99)
        noise = np.sqrt(added / (1.0 - share)) / leader_sigma * self.independent
        return np.asarray(self.predicted + noise)


def draw_scenarios(
    problem: Problem,
    curve: LearningCurve,
    predictor: Predictor,
    n: int,
    rng: np.random.Generator,
) -> list[DrawnScenario]:
    """Draw scenarios around the predictions of the leader.

    For each scenario the leader is fitted to a resample of the measurements. The cost of a
    candidate is its prediction plus a deviation, which is drawn from the held-out deviations of
    similar architectures. The deviations of similar candidates are correlated. Measured
    candidates keep their measured cost.

    Parameters
    ----------
    problem : Problem
    curve : LearningCurve
        Learning curve of the leader, the predictor with the smallest deviations so far.
    predictor : Predictor
        The leader. The function fits clones of it.
    n : int
        Number of scenarios.
    rng : numpy.random.Generator
    """
    from sklearn.base import clone

    X, y = problem.architectures, problem.cost
    drawn = []
    for number in range(n):
        law = number % len(curve.laws)
        resample = rng.integers(len(y), size=len(y))
        fitted: Predictor = clone(predictor).fit(X[problem.measured[resample]], y[resample])
        predicted = fitted.predict(X)
        # The held-out deviations belong to a smaller train size. The law scales them down to the
        # number of measurements so far.
        shrink = curve.sigma_at(len(y))[law] / curve.sigma_at(int(curve.sizes[-1]))[law]
        similar = shrink * _similar_deviations(problem, curve, predicted)
        deviations, independent = (
            _row_quantiles(similar, correlated_uniform(X, rng)) for _ in range(2)
        )
        true = np.maximum(predicted + deviations, problem.least)
        true[problem.measured] = y
        scenario = Scenario(problem.accuracy, true)
        drawn.append(DrawnScenario(scenario, predicted, deviations, independent, law, rng.random()))
    return drawn


def _similar_deviations(problem: Problem, curve: LearningCurve, predicted: Float) -> Float:
    """Return the sorted deviations of the held-out measurements that are most like each candidate.

    Two architectures are alike if their predicted costs and their accuracies have similar ranks.
    Deviations depend on the predicted cost because they grow with it. They depend on the
    accuracy because dead operations make a cell cheaper than predicted and also less accurate.

    Returns
    -------
    array of float64, shape (n, n_neighbours)
        True minus predicted costs, ascending in each row.
    """
    from scipy.spatial import cKDTree

    held_out_predicted, held_out_deviations, held_out_accuracy = curve.held_out
    m = len(held_out_deviations)

    def ranks(cost: Float, accuracy: Float) -> Float:
        # Ranks among the candidates give both axes the same weight.
        columns = [
            np.searchsorted(np.sort(candidates), values) / len(candidates)
            for candidates, values in ((predicted, cost), (problem.accuracy, accuracy))
        ]
        return np.column_stack(columns)

    n_neighbours = min(max(FEWEST_NEIGHBOURS, round(NEIGHBOUR_SHARE * m)), MOST_NEIGHBOURS, m)
    tree = cKDTree(ranks(held_out_predicted, held_out_accuracy))
    _, nearest = tree.query(ranks(predicted, problem.accuracy), k=n_neighbours)
    return np.asarray(np.sort(held_out_deviations[nearest], axis=1))


def _row_quantiles(ascending: Float, probability: Float) -> Float:
    """Return one quantile of each row.

    Parameters
    ----------
    ascending : array, shape (n, k)
        Each row is sorted.
    probability : array, shape (n,)
        Probability of each row's quantile, in [0, 1).
    """
    columns = (probability * ascending.shape[1]).astype(np.int64)
    return np.asarray(ascending[np.arange(len(ascending)), columns])


def correlated_uniform(architectures: Architectures, rng: np.random.Generator) -> Float:
    """Draw a random number of [0, 1) for each architecture; similar ones get similar numbers.

    The numbers are uniform. Let d be the number of positions in which two architectures differ.
    The normal scores of their numbers have the expected correlation ``r ** d``, where r is
    `EDGE_CORRELATION` in a space of six positions.

    A normal score is a sum of entries of random tables. Each table is indexed by the operations
    at a random subset of the positions, which holds each position with probability ``1 - r``.

    Parameters
    ----------
    architectures : array of int8, shape (n, n_positions)
    rng : numpy.random.Generator

    Returns
    -------
    array of float64, shape (n,)

    Examples
    --------
    >>> drawn = correlated_uniform(np.array([[0, 1], [0, 1], [4, 3]]), np.random.default_rng(0))
    >>> bool(drawn[0] == drawn[1]), bool(drawn[0] == drawn[2])
    (True, False)
    """
    from scipy.special import ndtr

    n, positions = architectures.shape
    r = EDGE_CORRELATION ** (6 / positions)
    # A hash: the sum of the random codes of some positions identifies the operations there.
    codes = rng.integers(2**63, size=(positions, int(architectures.max()) + 1), dtype=np.uint64)
    coded = codes[np.arange(positions), architectures]
    total = np.zeros(n)
    table = rng.standard_normal(1 << 16)
    for _ in range(N_RANDOM_TABLES):
        taken = rng.random(positions) >= r
        # The random factor makes each iteration read other entries, like a table of its own.
        hashed = coded[:, taken].sum(axis=1, dtype=np.uint64) * rng.integers(2**63, dtype=np.uint64)
        total += table[hashed >> np.uint64(48)]
    uniform: Float = ndtr(total / np.sqrt(N_RANDOM_TABLES))
    return np.minimum(uniform, np.nextafter(1.0, 0.0))
