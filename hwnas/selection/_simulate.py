"""The selection simulator: what deviations of a given size cost, averaged over many trials."""

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
# The study's candidate sets and noise levels, in standardised units.
CANDIDATES = (100, 500, 1000, 2000, 5000, 15625)
SIGMAS = tuple(round(0.1 * step, 1) for step in range(11))


@dataclass(frozen=True)
class Simulation:
    """Scores of every trial of a simulation.

    Parameters
    ----------
    pairing : {"architecture", "sorted"}
    n_candidates : tuple of int
    sigmas : tuple of float
        Standard deviations of the simulated predictors, in standardised units.
    scores : dict of arrays, shape (n_candidate_sets, trials, n_sigmas)
        ``kendall_tau`` and each of `hwnas.selection.SELECTION_SCORES`.
    """

    pairing: Pairing
    n_candidates: tuple[int, ...]
    sigmas: tuple[float, ...]
    scores: dict[str, Float]

    def mean(self, score: str) -> Float:
        """Return the mean over trials, shape (n_candidate_sets, n_sigmas)."""
        return np.asarray(self.scores[score].mean(axis=1))

    def sem(self, score: str) -> Float:
        """Return the standard error of the mean, shape (n_candidate_sets, n_sigmas).

        NaN for a single trial, which does not tell.
        """
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
    """Simulate predictors of given quality that select among random candidate sets.

    Parameters
    ----------
    accuracy : array, shape (n,)
        Percent, of every architecture of the table.
    cost : array, shape (n,) or (n, n_metrics)
        True hardware values as costs, in any unit: they are standardised over the table. With
        several metrics, each has its own deviations; scores along the hardware axis, and τ, are
        means over the metrics. Two objectives take the fast way, more of them moocore.
    n_candidates : sequence of int
        Sizes of the candidate sets.
    sigmas : sequence of float
        Standard deviations of the deviations, in standardised units.
    trials : int
        Candidate sets of each size.
    pairing : {"architecture", "sorted"}
        ``"architecture"`` keeps each accuracy with its own architecture's hardware value.
        ``"sorted"`` is the study's way, to compare with its figures: the i-th lowest hardware
        value goes to the i-th row. For the study's values, rows must be in the order of the
        search space (`hwnas.space.SearchSpace.rank`), not in benchmark order.
    deviations : Deviations, optional
        Default the study's `Mixture`.
    seed : int
        Every trial's candidates and deviations come from it.
    rounds : int
        Rounds of verification: see `hwnas.selection.verify`, here without learning about what
        was not measured. 1 is the study's.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or a metric is constant.
    UserError
        If a size, a noise level, the number of trials or rounds, or the pairing makes no sense.

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
    levels = np.asarray(sigmas, dtype=np.float64)
    kind = Mixture() if deviations is None else deviations
    points[:, 1:] = (points[:, 1:] - Scale.of(points[:, 1:]).mean) / Scale.of(points[:, 1:]).std
    if pairing == "sorted":
        points[:, 1:] = np.sort(points[:, 1:], axis=0)
    trial = _Trial(points, levels, kind, rounds)
    found = [
        [trial.run(size, generator(seed, "simulation", size, number)) for number in range(trials)]
        for size in n_candidates
    ]
    names = ("kendall_tau", *(each.name for each in SELECTION_SCORES))
    scores = {name: np.array([[one[name] for one in size] for size in found]) for name in names}
    return Simulation(pairing, tuple(n_candidates), tuple(sigmas), scores)


class _Trial:
    """One candidate set and one predictor a noise level, on a table sorted by accuracy once."""

    def __init__(self, points: Float, sigmas: Float, deviations: Deviations, rounds: int) -> None:
        self.points = points[np.lexsort(points.T[::-1])]
        self.sigmas = sigmas
        self.deviations = deviations
        self.rounds = rounds
        self.ranks = [dense_ranks(column) for column in self.points[:, 1:].T]

    def run(self, size: int, rng: np.random.Generator) -> dict[str, Float]:
        """Return the scores at every noise level."""
        drawn = rng.choice(len(self.points), size, replace=False)
        # Deviations are repeated for neighbours in the order of the draw, which is random.
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
            scores = _several_objectives(true, np.stack(predicted, axis=2), self.rounds)
        return {"kendall_tau": np.mean(taus, axis=0), **scores}


def _several_objectives(true: Float, predicted: Float, rounds: int) -> dict[str, Float]:
    """Score predictions of shape (n_sigmas, n, n_metrics), one noise level after the other."""
    unit = Scale(np.zeros(true.shape[1] - 1), np.ones(true.shape[1] - 1))
    everything: NDArray[np.int64] = np.arange(len(true))
    found = []
    for costs in predicted:
        done = verify(-true[:, 0], costs, lambda rows: true[rows, 1:], rounds)
        n_measured = sum(map(len, done.measured))
        scored = score_selected(true, everything, done.measured[0], unit, done.kept[-1], n_measured)
        found.append(scored.scores)
    names = [each.name for each in SELECTION_SCORES]
    return {name: np.array([np.mean(one[name]) for one in found]) for name in names}


def _check(
    n: int,
    n_candidates: Sequence[int],
    sigmas: Sequence[float],
    trials: int,
    pairing: str,
    rounds: int,
) -> None:
    """Refuse what cannot be simulated, in one line each."""
    check_choice("pairing", pairing, get_args(Pairing))
    wrong = [size for size in n_candidates if not 1 <= size <= n]
    if wrong or not n_candidates:
        raise UserError(
            f"n_candidates={list(n_candidates)}: the table has {n} architectures",
            remedy=f"give sizes from 1 to {n}",
        )
    if not sigmas or min(sigmas) < 0:
        raise UserError(f"sigmas={list(sigmas)}: at least one, none negative")
    check_number("trials", trials, 1)
    check_number("rounds", rounds, 1)
