"""The choice of what to measure next, on a small table whose values are all known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.metric import Metric
from hwnas.next import Candidates, Known, improve_front, of_space, teach
from hwnas.selection import nondominated
from hwnas.space import Architectures, FBNet, NASBench201
from tests.tables import LATENCY, ridge

SPACE = NASBench201()


def networks(n: int) -> Candidates:
    """Return candidates, of which one with more 3x3 convolutions is more accurate."""
    drawn = of_space(SPACE, 0).without(np.empty((0, 6), np.int8), seed=0)[np.arange(n)]
    rng = np.random.default_rng(0)
    accuracy = 50 + 5.0 * (drawn.architectures == 3).sum(axis=1) + 4 * rng.random(n)
    return Candidates(SPACE, drawn.architectures, accuracy, "made")


def latency(architectures: Architectures) -> NDArray[np.float64]:
    milliseconds: NDArray[np.float64] = (
        1.0 + (architectures == 3).sum(axis=1) + 0.2 * (architectures == 2).sum(axis=1)
    )
    return milliseconds


def started(n: int, n_known: int) -> tuple[Candidates, Known]:
    every = networks(n)
    known = every[np.arange(n_known)]
    return (
        every[np.arange(n_known, n)],
        Known(known.architectures, latency(known.architectures), known.accuracy),
    )


def test_candidates_without_drops_every_copy_of_a_network() -> None:
    every = of_space(SPACE, 0)
    measured = every.architectures[[7, 4000]]
    left = every.without(measured, seed=0)
    networks_left = SPACE.network_representative(left.architectures)
    assert len(np.unique(networks_left)) == len(left)
    assert not np.isin(SPACE.network_representative(measured), networks_left).any()


def test_candidates_without_order_depends_on_the_seed_alone() -> None:
    every = of_space(SPACE, 0)
    shuffled = every[np.random.default_rng(1).permutation(len(every))]
    none = np.empty((0, 6), np.int8)
    first, second = every.without(none, seed=3), shuffled.without(none, seed=3)
    assert (first.architectures == second.architectures).all()
    assert (first.architectures != every.without(none, seed=4).architectures).any()


def test_of_space_large_space_is_a_random_sample() -> None:
    drawn = of_space(FBNet(), 0)
    assert 10_000 < len(drawn) <= 20_000
    assert "random" in drawn.source


def test_teach_never_chooses_twice() -> None:
    candidates = networks(40)
    first = teach(candidates, np.empty((0, 6), np.int8), 5).rows
    rest = candidates[np.setdiff1d(np.arange(40), first)]
    second = rest.architectures[teach(rest, candidates.architectures[first], 5).rows]
    taken = SPACE.identity(candidates.architectures[first])
    assert not np.isin(SPACE.identity(second), taken).any()


def test_improve_front_finds_more_of_the_front_than_random_measurements() -> None:
    candidates, known = started(300, 30)
    choice = improve_front(candidates, known, ridge(), LATENCY, 20)
    assert choice.n_front == 20

    every = networks(300)
    assert every.accuracy is not None
    points = np.column_stack([-every.accuracy, latency(every.architectures)])
    front = {tuple(row) for row in every.architectures[nondominated(points)].tolist()}
    chosen = {tuple(row) for row in candidates.architectures[choice.rows].tolist()}
    in_front = len(front - {tuple(row) for row in known.architectures.tolist()})
    assert len(chosen & front) > 3 * in_front * 20 / len(candidates)


def test_improve_front_limit_is_in_the_metrics_unit() -> None:
    candidates, known = started(300, 30)
    choice = improve_front(candidates, known, ridge(), LATENCY, 8, limit=2.5)
    of_front = candidates.architectures[choice.rows[: choice.n_front]]
    assert choice.n_front
    free = improve_front(candidates, known, ridge(), LATENCY, 8).rows
    assert latency(of_front).max() < 3.5 < latency(candidates.architectures[free]).max()


def test_improve_front_limit_of_a_maximised_metric_is_a_lower_bound() -> None:
    candidates, known = started(300, 30)
    speed = Metric("speed", "fps", direction="maximize")
    fast = Known(known.architectures, 10 - known.values, known.accuracy)
    choice = improve_front(candidates, fast, ridge(), speed, 8, limit=7.5)
    of_front = candidates.architectures[choice.rows[: choice.n_front]]
    assert choice.n_front
    assert (10 - latency(of_front)).min() > 6.5


def test_improve_front_small_front_is_filled_up_to_teach() -> None:
    candidates, known = started(80, 30)
    choice = improve_front(candidates, known, ridge(), LATENCY, 50)
    assert choice.n_front < 50
    assert len(set(choice.rows.tolist())) == 50


def test_improve_front_row_that_waits_counts_with_its_predicted_value() -> None:
    candidates, known = started(200, 30)
    cheap = int(np.argmin(latency(candidates.architectures)))
    rest = candidates[np.delete(np.arange(170), cheap)]
    assert known.accuracy is not None
    waits = Known(
        np.concatenate([known.architectures, candidates.architectures[[cheap]]]),
        np.append(known.values, np.nan),
        np.append(known.accuracy, 100.0),
    )
    before = improve_front(rest, known, ridge(), LATENCY, 40)
    # It is the most accurate one, and hardly anything can be cheaper.
    assert improve_front(rest, waits, ridge(), LATENCY, 40).n_front < before.n_front
