"""The simulator: how well predictors with deviations of a given size select architectures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError, check_choice, check_number
from hwnas.seeding import generator
from hwnas.selection._deviations import Deviations, Mixture
from hwnas.selection._losses import SELECTION_SCORES
from hwnas.selection._many_predictions import score_many
from hwnas.selection._pareto import Float, objectives
from hwnas.selection._selection import Scale, score_selected
from hwnas.selection._tau import dense_ranks, kendall_tau
from hwnas.selection._verify import verify

Pairing = Literal["architecture", "sorted"]
#: Sizes of the candidate sets in the paper.
CANDIDATES = (100, 500, 1000, 2000, 5000, 15625)
#: Standard deviations of the deviations in the paper, in standard deviations of the metric.
SIGMAS = tuple(round(0.1 * step, 1) for step in range(11))


@dataclass(frozen=True)
class Simulation:
    """Scores of every trial of a simulation.

    Parameters
    ----------
    pairing : {"architecture", "sorted"}
        See `simulate`.
    n_candidates : tuple of int
        Sizes of the candidate sets.
    sigmas : tuple of float
        Standard deviations of the deviations, in standard deviations of the metric.
    scores : dict of arrays, shape (n_sizes, trials, n_sigmas)
        ``kendall_tau`` and each of `hwnas.selection.SELECTION_SCORES`.
    """

    pairing: Pairing
    n_candidates: tuple[int, ...]
    sigmas: tuple[float, ...]
    scores: dict[str, Float]

    def mean(self, score: str) -> Float:
        """Return the mean of a score over the trials, shape (n_sizes, n_sigmas)."""
        return np.asarray(self.scores[score].mean(axis=1))

    def sem(self, score: str) -> Float:
        """Return the standard error of the mean, shape (n_sizes, n_sigmas); NaN for one trial."""
        values = self.scores[score]
        trials = values.shape[1]
        if trials == 1:
            return np.full((values.shape[0], values.shape[2]), np.nan)
        return np.asarray(values.std(axis=1, ddof=1) / np.sqrt(trials))


def simulate(
    accuracy: Float,
    cost: Float,
    n_candidates: Sequence[int] = CANDIDATES,
    sigmas: Sequence[float] = SIGMAS,
    trials: int = 100,
    pairing: Pairing = "architecture",
    deviations: Deviations | None = None,
    seed: int = 0,
    rounds: int = 1,
) -> Simulation:
    """Simulate predictors with deviations of given sizes that select from random candidate sets.

    Each trial draws a candidate set, adds deviations to the true costs, selects the predicted
    Pareto front and scores it with the true costs.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Accuracy of every architecture of the table, in percent.
    cost : array, shape (n,) or (n, n_metrics)
        True costs in any unit; the function standardises them over the table. With several
        metrics, each metric has its own deviations, and Kendall's τ and the scores
        ``mra_all_hardware`` and ``mra_pareto_hardware`` are means over the metrics. One metric
        is simulated with fast vectorised code, several are simulated with moocore.
    n_candidates : sequence of int
        Sizes of the candidate sets.
    sigmas : sequence of float
        Standard deviations of the deviations, in standard deviations of the metric.
    trials : int
        Number of candidate sets of each size.
    pairing : {"architecture", "sorted"}
        ``"architecture"`` pairs each accuracy with the cost of the same architecture.
        ``"sorted"`` pairs the i-th row's accuracy with the i-th lowest cost, as the paper's code
        does. To reproduce the paper's numbers, rows must be in the order of
        `hwnas.space.SearchSpace.rank`, not in the order of the published table.
    deviations : Deviations, optional
        Distribution of the deviations. Default: the paper's `Mixture`.
    seed : int
        Determines the candidate sets and the deviations.
    rounds : int
        Rounds of verification, see `hwnas.selection.verify`. The simulated predictors do not
        learn between rounds. The paper has one round.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or a metric is equal for all architectures.
    UserError
        If a size is below 1 or above n, a standard deviation is negative, there are no sizes or
        standard deviations, `trials` or `rounds` is below 1, or the pairing is unknown.

    References
    ----------
    Laube, Mutschler, Zell: What to expect of hardware metric predictors in NAS, AutoML-Conf 2022.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> done = simulate(rng.uniform(10, 90, 200), rng.uniform(1, 9, 200), [50], [0.0, 0.5], 4)
    >>> done.mean("mra_all_percent").round(1).shape, float(done.mean("mra_all_percent")[0, 0])
    ((1, 2), 0.0)
    """
    points = objectives(accuracy, cost)
    _check(len(points), n_candidates, sigmas, trials, pairing, rounds)
    scale = Scale.of(points[:, 1:])
    points[:, 1:] = (points[:, 1:] - scale.mean) / scale.std
    if pairing == "sorted":
        points[:, 1:] = np.sort(points[:, 1:], axis=0)
    drawn_from = Mixture() if deviations is None else deviations
    trial = _Trial(points, np.asarray(sigmas, dtype=np.float64), drawn_from, rounds)
    of_trials = [
        [trial.run(size, generator(seed, "simulation", size, number)) for number in range(trials)]
        for size in n_candidates
    ]
    names = ("kendall_tau", *(score.name for score in SELECTION_SCORES))
    scores = {
        name: np.array([[one[name] for one in of_size] for of_size in of_trials]) for name in names
    }
    return Simulation(pairing, tuple(n_candidates), tuple(sigmas), scores)


class _Trial:
    """A trial of the simulation: one candidate set, and one simulated predictor for each σ.

    Parameters
    ----------
    points : array, shape (n, 1 + n_metrics)
        Points of `objectives` with standardised costs.
    sigmas : array, shape (k,)
    deviations : Deviations
    rounds : int
    """

    def __init__(self, points: Float, sigmas: Float, deviations: Deviations, rounds: int) -> None:
        # Sorted by accuracy once, because `score_many` expects this order in every trial.
        self.points = points[np.lexsort(points.T[::-1])]
        self.sigmas = sigmas
        self.deviations = deviations
        self.rounds = rounds
        self.ranks = [dense_ranks(column) for column in self.points[:, 1:].T]

    def run(self, size: int, rng: np.random.Generator) -> dict[str, Float]:
        """Return the scores of one random candidate set, each an array of shape (k,)."""
        drawn = rng.choice(len(self.points), size, replace=False)
        # `Mixture` gives consecutive architectures the same deviation. Deviations are therefore
        # drawn for the random order in `drawn`, not for the order of the accuracies.
        order = np.argsort(drawn)
        rows = drawn[order]
        true = self.points[rows]
        predicted = [
            column + self.deviations.draw(self.sigmas, size, rng)[:, order]
            for column in true[:, 1:].T
        ]
        taus = [kendall_tau(r[rows], p) for r, p in zip(self.ranks, predicted, strict=True)]
        if len(predicted) == 1:
            costs = true[:, 1]
            reference = 1.1 * float(costs.max())
            scores = score_many(-true[:, 0], costs, predicted[0], reference, self.rounds)
        else:
            scores = _score_several_metrics(true, np.stack(predicted, axis=2), self.rounds)
        return {"kendall_tau": np.mean(taus, axis=0), **scores}


def _score_several_metrics(true: Float, predicted: Float, rounds: int) -> dict[str, Float]:
    """Return the scores of selections with several metrics, each an array of shape (k,).

    Parameters
    ----------
    true : array, shape (n, 1 + n_metrics)
        Points of `objectives` with standardised costs.
    predicted : array, shape (k, n, n_metrics)
        Predicted costs.
    rounds : int
        Rounds of verification.
    """
    # The costs are standardised already, so this scale leaves them unchanged.
    unit = Scale(np.zeros(true.shape[1] - 1), np.ones(true.shape[1] - 1))
    rows: NDArray[np.int64] = np.arange(len(true))
    of_predictors = []
    for costs in predicted:
        done = verify(-true[:, 0], costs, lambda rows: true[rows, 1:], rounds)
        n_measured = sum(map(len, done.measured))
        selection = score_selected(true, rows, done.measured[0], unit, done.kept[-1], n_measured)
        of_predictors.append(selection.scores)
    names = [score.name for score in SELECTION_SCORES]
    return {name: np.array([np.mean(one[name]) for one in of_predictors]) for name in names}


def _check(
    n: int,
    n_candidates: Sequence[int],
    sigmas: Sequence[float],
    trials: int,
    pairing: str,
    rounds: int,
) -> None:
    """Raise `UserError` if an argument of `simulate` is out of its range."""
    check_choice("pairing", pairing, get_args(Pairing))
    wrong = [size for size in n_candidates if not 1 <= size <= n]
    if wrong or not n_candidates:
        raise UserError(
            f"n_candidates={list(n_candidates)}: the table has {n} architectures",
            remedy=f"give sizes from 1 to {n}",
        )
    if not sigmas or min(sigmas) < 0:
        raise UserError(
            f"sigmas={list(sigmas)}: a standard deviation is missing or negative",
            remedy="give one or more numbers that are at least 0",
        )
    check_number("trials", trials, 1)
    check_number("rounds", rounds, 1)
