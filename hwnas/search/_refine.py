"""The second part of a search: what Gaussian processes expect to be on the front."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from hwnas.search._archive import Archive
from hwnas.search._expected import expected_front
from hwnas.search._moves import Moves
from hwnas.search._quantities import Float
from hwnas.search._surrogate import Surrogate
from hwnas.search._views import View, views_of
from hwnas.selection import nondominated
from hwnas.space import Architectures, places_in

#: Most architectures among which the processes choose. A smaller space is enumerated.
POOL = 20_000
#: Number of times that the processes are fitted and a share of the evaluations is chosen by them.
ROUNDS = 15
#: Share of a round that goes to the front of the predicted values on a space that cannot be
#: enumerated, and most of the rest that goes to architectures which differ from the front in one
#: decision.
_EXPECTED, _NEAR = 0.5, 0.8
#: Most architectures whose probability is computed at once.
_CHUNK = 2_000
#: Factor of the errors in this probability. A front consists of architectures that are better
#: than processes predict, so larger errors find more of it.
_OPTIMISM = 3.0
#: Lowest error. A process that is never wrong would make probabilities of 0 and 1 only.
_LEAST_ERROR = 1e-6
#: Share of architectures with the same network as an earlier one whose values must be equal to its
#: values, and fewest such architectures, for an objective to be that of the network.
_COPIED, _FEWEST_COPIES = 0.9, 5


def refine(archive: Archive, moves: Moves, rng: np.random.Generator) -> None:
    """Spend the evaluations that are left on architectures that are likely on the front.

    Each round fits a Gaussian process of every objective to what is evaluated. On a space that is
    too large to be enumerated, half of a round goes to the front that NSGA-II finds among the
    predicted values. The rest goes to the architectures that are most likely not dominated by the
    front: first among those that differ from a member of the front in one decision, then among all.

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
        surrogate = _fitted(archive, views, rng)
        if surrogate is not None and archive.problem.space.size > POOL:
            front = archive.new(expected_front(archive, surrogate, moves, rng))
            archive.add(front[: int(_EXPECTED * per_round)])
        near = archive.new(moves.neighbours(archive.architectures[archive.front()]))
        if len(near) > POOL // 2:
            near = near[rng.choice(len(near), POOL // 2, replace=False)]
        # The neighbours come first, so that rows below their number are theirs.
        pool = archive.new(np.concatenate([near, _pool(archive, near, moves, rng)]))
        order = _most_likely(archive, pool, surrogate, rng)
        left = per_round - (len(archive) - before)
        archive.add(pool[order[order < len(near)][: int(_NEAR * left)]])
        archive.add(archive.new(pool[order])[: per_round - (len(archive) - before)])
        if len(archive) == before:
            return


def _fitted(archive: Archive, views: list[View], rng: np.random.Generator) -> Surrogate | None:
    """Return the processes of the objectives, or None if too few architectures are evaluated."""
    known = archive.known()
    if len(known) < 2 * archive.problem.space.n_positions:
        return None
    return Surrogate(views).fit(archive.architectures[known], _ranks(archive.points[known]), rng)


def _pool(
    archive: Archive, near: Architectures, moves: Moves, rng: np.random.Generator
) -> Architectures:
    """Return architectures to choose from: all of a small space, else what is near the front."""
    space = archive.problem.space
    if space.size <= POOL:
        return space.enumerate()
    if not len(near):
        return moves.drawn(POOL, rng)
    parents = [near[rng.integers(len(near), size=POOL // 4)] for _ in range(2)]
    drawn = [
        moves.mutated(parents[0], rng),
        moves.crossed(parents[0], parents[1], rng),
        moves.drawn(POOL // 10, rng),
    ]
    return np.concatenate(drawn)


def _most_likely(
    archive: Archive, pool: Architectures, surrogate: Surrogate | None, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the rows of the pool, the most likely members of the front first."""
    if surrogate is None or not len(pool):
        return rng.permutation(len(pool))
    means, errors = surrogate.predict(pool)
    points = archive.points[archive.known()]
    ranks = _ranks(points)
    if not archive.problem.merges_networks:
        _take_values_of_networks(archive, pool, ranks, means, errors)
    errors = _OPTIMISM * np.maximum(errors, _LEAST_ERROR)
    front = ranks[nondominated(points)]
    if points.shape[1] == 2:
        order = -_probability_undominated(means, errors, front)
    else:
        order = _optimism_needed(means, errors, front)
    # Equal ones are in random order.
    return np.lexsort((rng.random(len(pool)), order))


def _take_values_of_networks(
    archive: Archive, pool: Architectures, ranks: Float, means: Float, errors: Float
) -> None:
    """Replace predictions by values that another architecture with the same network has shown.

    This is done for each objective in which evaluated architectures with the same network nearly
    always have equal values, as in a table that copies most of its values.

    Parameters
    ----------
    archive : Archive
    pool : array, shape (n, n_positions)
        The predicted architectures.
    ranks : array, shape (n_known, n_objectives)
        Of the evaluated architectures.
    means, errors : array, shape (n, n_objectives)
        The predictions, which are changed in place.
    """
    networks = archive.problem.space.network_representative
    evaluated = networks(archive.architectures[archive.known()])
    keys, rows, network = np.unique(evaluated, return_index=True, return_inverse=True)
    first = rows[network]
    later = np.flatnonzero(first != np.arange(len(first)))
    if len(later) < _FEWEST_COPIES:
        return
    place = places_in(keys, networks(pool))
    seen = place >= 0
    shares = (ranks[later] == ranks[first[later]]).mean(axis=0)
    for column in np.flatnonzero(shares >= _COPIED):
        # An equal value beats no member of the front, so it counts as slightly worse.
        means[seen, column] = ranks[rows[place[seen]], column] + 100 * _LEAST_ERROR
        errors[seen, column] = 0.0


def _ranks(points: Float) -> Float:
    """Return the normal score of each value's rank, shape (n, n_objectives).

    Ranks spread the best values out and do not depend on the unit.
    """
    return np.asarray(ndtri((rankdata(points, axis=0) - 0.5) / len(points)))


def _probability_undominated(means: Float, errors: Float, front: Float) -> Float:
    """Return the probability that no member of the front dominates each architecture.

    Parameters
    ----------
    means : array, shape (n, 2)
        Predicted values, which are to be minimised.
    errors : array, shape (n, 2)
        Standard deviations of independent normal distributions around them.
    front : array, shape (m, 2)
        Values of the front's members.
    """
    distinct = np.unique(front, axis=0)
    # Between two neighbours of the front in the first value, the second one must be below that of
    # the neighbour with the lower first value.
    steps = np.concatenate([[-np.inf], distinct[:, 0], [np.inf]])
    highest = np.concatenate([[np.inf], np.minimum.accumulate(distinct[:, 1])])
    parts = []
    # Parts bound the memory, because a front can have thousands of members.
    for start in range(0, len(means), _CHUNK):
        mean, error = means[start : start + _CHUNK], errors[start : start + _CHUNK]
        within = np.diff(ndtr((steps - mean[:, :1]) / error[:, :1]))
        parts.append((within * ndtr((highest - mean[:, 1:]) / error[:, 1:])).sum(axis=1))
    return np.concatenate(parts)


def _optimism_needed(means: Float, errors: Float, front: Float) -> Float:
    """Return how many errors better each architecture must be for no member to dominate it.

    It takes the place of the probability where there are more than two objectives, because that
    has no simple formula then. It is negative for an architecture that is predicted to be on the
    front.

    Parameters
    ----------
    means, errors : array, shape (n, n_objectives)
    front : array, shape (m, n_objectives)
    """
    needed = np.full(len(means), -np.inf)
    for member in np.unique(front, axis=0):
        # The objective in which the architecture beats this member most easily.
        np.maximum(needed, ((means - member) / errors).min(axis=1), out=needed)
    return needed
