"""The second part of a search: what Gaussian processes expect to be on the front."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from hwnas.search._archive import Archive
from hwnas.search._moves import Moves
from hwnas.search._quantities import Float
from hwnas.search._surrogate import Surrogate
from hwnas.search._views import View, views_of
from hwnas.selection import nondominated
from hwnas.space import Architectures

#: Number of times that the processes are fitted and a share of the evaluations is chosen by them.
ROUNDS = 10
#: Most of a round that goes to architectures which differ from the front in one decision.
_NEAR = 0.8
#: Most architectures among which the processes choose.
_POOL = 20_000
#: Draws that estimate the probability of being on the front where there are several metrics.
_DRAWS = 64
#: Factor of the errors in this probability. A front consists of architectures that are better
#: than processes predict, so larger errors find more of it.
_OPTIMISM = 2.0
#: Lowest error. A process that is never wrong would make probabilities of 0 and 1 only.
_LEAST_ERROR = 1e-6


def refine(archive: Archive, moves: Moves, rng: np.random.Generator) -> None:
    """Spend the evaluations that are left on architectures that are likely on the front.

    Each round fits a Gaussian process of every objective to what is evaluated, and evaluates the
    architectures that are most likely not dominated by the front: first among those that differ
    from a member of the front in one decision, then among all.

    Parameters
    ----------
    archive : Archive
        With evaluated architectures and a bound on their number.
    moves : Moves
    rng : numpy.random.Generator
    """
    assert archive.left is not None
    per_round = max(1, -(-archive.left // ROUNDS))
    views = views_of(archive.problem, moves)
    while archive.left > 0:
        before = len(archive)
        near = archive.new(moves.neighbours(archive.architectures[archive.front()]))
        # The neighbours come first, so that rows below their number are theirs.
        pool = archive.new(np.concatenate([near, _pool(archive, near, moves, rng)]))
        order = _most_likely(archive, pool, views, rng)
        archive.add(pool[order[order < len(near)][: int(_NEAR * per_round)]])
        archive.add(archive.new(pool[order])[: per_round - (len(archive) - before)])
        if len(archive) == before:
            return


def _pool(
    archive: Archive, near: Architectures, moves: Moves, rng: np.random.Generator
) -> Architectures:
    """Return architectures to choose from: all of a small space, else what is near the front."""
    space = archive.problem.space
    if space.size <= _POOL:
        return space.enumerate()
    if not len(near):
        return moves.drawn(_POOL, rng)
    parents = [near[rng.integers(len(near), size=_POOL // 4)] for _ in range(2)]
    drawn = [
        moves.mutated(parents[0], rng),
        moves.crossed(parents[0], parents[1], rng),
        moves.drawn(_POOL // 10, rng),
    ]
    return np.concatenate(drawn)


def _most_likely(
    archive: Archive, pool: Architectures, views: list[View], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the rows of the pool, the most likely members of the front first."""
    known = archive.known()
    if len(known) < 2 * archive.problem.space.n_positions or not len(pool):
        return rng.permutation(len(pool))
    points = archive.points[known]
    # Ranks spread the best values out and do not depend on the unit.
    targets = np.column_stack([_gaussian_ranks(column) for column in points.T])
    surrogate = Surrogate(views).fit(archive.architectures[known], targets, rng)
    means, errors = surrogate.predict(pool)
    errors = _OPTIMISM * np.maximum(errors, _LEAST_ERROR)
    front = targets[nondominated(points)]
    probability = _probability_undominated(means, errors, front, rng)
    # Equal probabilities are in random order.
    return np.lexsort((rng.random(len(pool)), -probability))


def _gaussian_ranks(values: Float) -> Float:
    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)))


def _probability_undominated(
    means: Float, errors: Float, front: Float, rng: np.random.Generator
) -> Float:
    """Return the probability that no member of the front dominates each architecture.

    Parameters
    ----------
    means : array, shape (n, n_objectives)
        Predicted values, which are to be minimised.
    errors : array, shape (n, n_objectives)
        Standard deviations of normal distributions around them.
    front : array, shape (m, n_objectives)
        Values of the front's members. With two objectives, the probability is exact. With more,
        it is estimated.
    rng : numpy.random.Generator
    """
    distinct = np.unique(front, axis=0)
    if means.shape[1] > 2:
        share = np.zeros(len(means))
        for _ in range(_DRAWS):
            drawn = means + errors * rng.standard_normal(means.shape)
            share += ~_dominated(drawn, distinct)
        return np.asarray(share / _DRAWS)
    # Between two neighbours of the front in the first value, the second one must be below that of
    # the neighbour with the lower first value.
    steps = np.concatenate([[-np.inf], distinct[:, 0], [np.inf]])
    below = ndtr((steps - means[:, :1]) / errors[:, :1])
    highest = np.concatenate([[np.inf], np.minimum.accumulate(distinct[:, 1])])
    return np.asarray((np.diff(below) * ndtr((highest - means[:, 1:]) / errors[:, 1:])).sum(axis=1))


def _dominated(points: Float, front: Float) -> NDArray[np.bool_]:
    """Tell which points have a member of the front that is at most as large everywhere."""
    dominated = np.zeros(len(points), dtype=bool)
    for member in front:
        dominated |= (member <= points).all(axis=1)
    return dominated
