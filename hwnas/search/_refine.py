"""The second half of a search: what a simple model expects to be on the front."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from hwnas.search._archive import Archive
from hwnas.search._moves import Moves
from hwnas.search._quantities import Float
from hwnas.selection import nondominated
from hwnas.space import Architectures, Choices, SearchSpace

#: Number of times that the models are fitted, and a share of the evaluations is chosen by them.
ROUNDS = 10
#: Most of a round that goes to architectures which differ from the front in one decision.
_NEAR = 0.8
#: Most architectures among which the models choose, and most that the models are fitted to.
_POOL, _FITTED = 20_000, 4_000
#: Most inputs of a model that has the products of all pairs of decisions.
_PAIRS = 1_500
#: Number of draws from the models by which the probability of being on the front is estimated.
_DRAWS = 64
#: Factors of the errors in these draws. A front consists of architectures that are better than
#: models predict, so larger errors find more of it.
_OPTIMISM_RANKS, _OPTIMISM_LOGARITHMS = 4.0, 2.0
_ALPHAS = (0.1, 1.0, 10.0, 100.0)


def refine(archive: Archive, moves: Moves, rng: np.random.Generator) -> None:
    """Spend the evaluations that are left on architectures that are likely on the front.

    Each round fits two simple models of every objective to what is evaluated, and evaluates the
    architectures that are most likely not dominated by the front: first among those that differ
    from a member of the front in one decision, then among all. One model predicts the ranks of
    the values, the other one logarithms, which spread the best values out.

    Parameters
    ----------
    archive : Archive
        With evaluated architectures and a bound on their number.
    moves : Moves
    rng : numpy.random.Generator
    """
    assert archive.left is not None
    per_round = max(1, -(-archive.left // ROUNDS))
    while archive.left > 0:
        before = len(archive)
        near = archive.new(moves.neighbours(archive.architectures[archive.front()]))
        _add_most_likely(archive, near, int(_NEAR * per_round), rng)
        anywhere = archive.new(_pool(archive, moves, rng))
        _add_most_likely(archive, anywhere, per_round - (len(archive) - before), rng)
        if len(archive) == before:
            return


def _add_most_likely(
    archive: Archive, pool: Architectures, n: int, rng: np.random.Generator
) -> None:
    """Evaluate the `n` architectures of a pool that are most likely on the front."""
    if len(pool) and n > 0:
        archive.add(pool[_most_likely(archive, pool, rng)[:n]])


def _pool(archive: Archive, moves: Moves, rng: np.random.Generator) -> Architectures:
    """Return architectures to choose from: all of a small space, else what is near the front."""
    space = archive.problem.space
    if space.size <= _POOL:
        return space.enumerate()
    front = archive.architectures[archive.front()]
    if not len(front):
        return moves.drawn(_POOL, rng)
    near = moves.neighbours(front)
    parents = [near[rng.integers(len(near), size=_POOL // 4)] for _ in range(2)]
    drawn = [
        moves.mutated(parents[0], rng),
        moves.crossed(parents[0], parents[1], rng),
        moves.drawn(_POOL // 10, rng),
    ]
    return np.concatenate([near[: _POOL // 2], *drawn])


def _most_likely(archive: Archive, pool: Architectures, rng: np.random.Generator) -> list[int]:
    """Return the rows of the pool, the most likely members of the front first."""
    known = archive.known()[-_FITTED:]
    if len(known) < 2 * archive.problem.space.n_positions:
        shuffled: list[int] = rng.permutation(len(pool)).tolist()
        return shuffled
    features = _features(archive.problem.space, archive.architectures[known])
    X, new = features(archive.architectures[known]), features(pool)
    points = archive.points[known]
    on_front = nondominated(points)
    orders = []
    for scale, optimism in (
        (_gaussian_ranks, _OPTIMISM_RANKS),
        (_logarithms, _OPTIMISM_LOGARITHMS),
    ):
        targets = np.column_stack([scale(column) for column in points.T])
        models = [RidgeCV(_ALPHAS, store_cv_results=True).fit(X, each) for each in targets.T]
        means = np.column_stack([model.predict(new) for model in models])
        held_out = np.column_stack([_held_out(model) for model in models])
        spreads = optimism * np.sqrt(held_out.mean(axis=0))
        share = _share_undominated(means, spreads, targets[on_front], rng)
        # Equal shares are in random order.
        orders.append(np.lexsort((rng.random(len(pool)), -share)))
    # The two models choose alternately.
    return list(dict.fromkeys(np.stack(orders, axis=1).ravel().tolist()))


def _held_out(model: RidgeCV) -> Float:
    """Return the squared error of each row's prediction by a model without that row."""
    chosen = _ALPHAS.index(model.alpha_)
    return np.asarray(model.cv_results_)[:, chosen]


def _logarithms(values: Float) -> Float:
    # The lowest cost is the best. A share of the median keeps its logarithm finite.
    above = values - values.min()
    middle = float(np.median(above)) or 1.0
    logarithms = np.log(above + 0.05 * middle)
    return np.asarray((logarithms - logarithms.mean()) / (logarithms.std() or 1.0))


def _gaussian_ranks(values: Float) -> Float:
    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)))


def _share_undominated(
    means: Float, spreads: Float, front: Float, rng: np.random.Generator
) -> Float:
    """Return the share of draws from each prediction that no member of the front dominates."""
    share = np.zeros(len(means))
    distinct = np.unique(front, axis=0)
    for _ in range(_DRAWS):
        drawn = means + spreads * rng.standard_normal(means.shape)
        share += ~_dominated(drawn, distinct)
    return np.asarray(share / _DRAWS)


def _dominated(points: Float, front: Float) -> NDArray[np.bool_]:
    """Tell which points have a member of the sorted front that is at most as large everywhere."""
    if front.shape[1] == 2:
        # Of the members up to a point's first value, the one with the lowest second value decides.
        n_before = np.searchsorted(front[:, 0], points[:, 0], side="right")
        lowest = np.concatenate([[np.inf], np.minimum.accumulate(front[:, 1])])
        return np.asarray(lowest[n_before] <= points[:, 1])
    dominated = np.zeros(len(points), dtype=bool)
    for member in front:
        dominated |= (member <= points).all(axis=1)
    return dominated


def _features(space: SearchSpace, seen: Architectures) -> Callable[[Architectures], Float]:
    """Return the transformation from architectures to the inputs of the models.

    Parameters
    ----------
    space : SearchSpace
    seen : array, shape (n, n_positions)
        Evaluated architectures. The inputs are scaled by them.
    """
    words = [c for c in range(space.n_positions) if not _is_range(space, c)]
    numbers = [c for c in range(space.n_positions) if _is_range(space, c)]
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore", drop="if_binary")
    live = space.live(seen)
    encoder.fit(live[:, words])
    scaler = StandardScaler().fit(live[:, numbers]) if numbers else None

    def single(architectures: Architectures) -> Float:
        rows = space.live(architectures)
        parts = [encoder.transform(rows[:, words])] if words else []
        parts += [] if scaler is None else [scaler.transform(rows[:, numbers])]
        return np.hstack(parts)

    inputs = single(seen)
    n = inputs.shape[1]
    if n * (n + 1) // 2 > _PAIRS:
        return single
    pairs = make_pipeline(PolynomialFeatures(2, interaction_only=True, include_bias=False))
    pairs.fit(inputs)
    varies = pairs.transform(inputs).std(axis=0) > 0
    return lambda architectures: pairs.transform(single(architectures))[:, varies]


def _is_range(space: SearchSpace, column: int) -> bool:
    return isinstance(space, Choices) and space.dimensions[column].is_range
