"""Which architectures a search expects on the front, and the models that it takes for this."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.search import Archive, Known, Moves, Problem, search
from hwnas.search._quantities import Float
from hwnas.search._refine import (
    _optimism_needed,
    _probability_undominated,
    _ranks,
    _take_values_of_networks,
)
from hwnas.search._surrogate import Errors, Surrogate
from hwnas.search._views import View, views_of
from hwnas.selection import hypervolume
from hwnas.space import Architectures, Choices, NASBench201
from tests.search.test_search import LATENCY, smooth


def test_probability_undominated_is_the_share_of_draws() -> None:
    rng = np.random.default_rng(0)
    front = np.array([[0.0, 3.0], [1.0, 1.0], [1.0, 2.0], [2.5, 0.5]])
    means, errors = rng.uniform(-1, 4, (20, 2)), rng.uniform(0.2, 1.0, (20, 2))
    draws = means + errors * rng.standard_normal((4_000, 20, 2))
    worse = np.all(front <= draws[:, :, np.newaxis], axis=3)
    share = 1.0 - np.any(worse, axis=2).mean(axis=0)
    assert _probability_undominated(means, errors, front) == pytest.approx(share, abs=0.04)


def test_optimism_needed_is_the_least_with_which_no_member_dominates() -> None:
    rng = np.random.default_rng(0)
    front = rng.uniform(0, 1, (8, 3))
    means, errors = rng.uniform(-0.5, 2, (50, 3)), rng.uniform(0.1, 1.0, (50, 3))
    needed = _optimism_needed(means, errors, front)

    def dominated(optimism: Float) -> NDArray[np.bool_]:
        points = means - optimism[:, np.newaxis] * errors
        worse = np.all(front <= points[:, np.newaxis], axis=2)
        return np.asarray(np.any(worse, axis=1))

    assert not dominated(needed + 1e-6).any()
    assert dominated(needed - 1e-6).all()


def test_views_distance_is_the_share_of_decisions_that_differ() -> None:
    space = NASBench201()
    cells = space.enumerate()[[0, 1, 31, 15_624]]
    written = View(space, lambda cells: cells).features(cells)
    squared = ((written - written[0]) ** 2).sum(axis=1)
    assert squared == pytest.approx([0.0, 1 / 6, 3 / 6, 1.0])


def test_views_of_networks_are_equal_for_equal_networks() -> None:
    moves = Moves(NASBench201())
    cells = moves.space.enumerate()[::7]
    features = View(moves.space, moves.representatives).features(cells)
    networks = moves.space.network_representative(cells)
    rows = np.unique(features.round(6), axis=0, return_inverse=True)[1]
    assert len(np.unique(networks)) < len(cells)
    pairs = np.unique(np.column_stack([networks, rows]), axis=0)
    assert len(pairs) == len(np.unique(networks))
    assert rows.max() + 1 > 0.9 * len(pairs)


def test_views_numbers_that_are_close_differ_less() -> None:
    space = Choices("one", {"width": {"low": 0, "high": 10, "whole": True}, "kernel": [3, 5, 7]})
    rows = space.from_strings(["width=0;kernel=3", "width=1;kernel=3", "width=9;kernel=3"])
    features = View(space, lambda rows: rows).features(rows)
    near, far = ((features[1:] - features[0]) ** 2).sum(axis=1)
    assert 0 < near < far


def test_views_of_a_problem_with_a_value_of_each_network_are_one() -> None:
    space = NASBench201()
    rows = space.enumerate()[:200]
    merged = Known(space, rows, space.network_representative(rows).astype(float), LATENCY, "table")
    own = Known(space, rows, np.arange(200.0), LATENCY, "table")
    counts = [len(views_of(Problem(space, each, [each]), Moves(space))) for each in (merged, own)]
    assert counts == [1, 3]


def test_views_executed_only_skips_what_a_runtime_skips() -> None:
    space = NASBench201()
    cells = space.from_strings(
        [
            # Only `none` reads node 1: a runtime runs its convolution, and skips its pooling.
            "|nor_conv_3x3~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|nor_conv_3x3~2|",
            "|avg_pool_3x3~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|nor_conv_3x3~2|",
            "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|nor_conv_3x3~2|",
        ]
    )
    values = Known(space, cells, np.arange(3.0), LATENCY, "table")
    *_, executed = views_of(Problem(space, values, [values]), Moves(space))
    folded, pooled, without = executed.features(cells)
    assert pooled == pytest.approx(without)
    assert folded != pytest.approx(without)


def test_surrogate_learns_a_smooth_value_and_says_its_error() -> None:
    problem, rng = smooth("cells"), np.random.default_rng(0)
    moves = Moves(problem.space)
    seen, new = (problem.space.live(moves.drawn(n, rng)) for n in (700, 200))
    model = Surrogate(views_of(problem, moves)).fit(seen, problem.points(seen), rng)
    means, errors = model.predict(new)
    true = problem.points(new)
    residuals = np.sqrt(((means - true) ** 2).mean(axis=0))
    assert (residuals < 0.3 * true.std(axis=0)).all()
    assert residuals == pytest.approx(np.sqrt((errors**2).mean(axis=0)), rel=0.7)


def test_take_values_of_networks_only_where_equal_networks_have_equal_values() -> None:
    space = NASBench201()
    cells = space.enumerate()[::5]
    networks = space.network_representative(cells)
    own = np.random.default_rng(0).random(len(cells))
    latency = Known(space, cells, (networks % 97).astype(float), LATENCY, "table")
    archive = Archive(Problem(space, Known(space, cells, own, LATENCY, "table"), [latency]))
    archive.add(cells[:1_500])
    ranks = _ranks(archive.points)
    means, errors = np.zeros((2, len(cells) - 1_500, 2))
    errors += 0.5
    _take_values_of_networks(archive, cells[1_500:], ranks, means, errors)
    assert not means[:, 0].any()
    assert (errors[:, 0] == 0.5).all()
    seen = np.isin(networks[1_500:], networks[:1_500])
    assert 0.05 < seen.mean() < 0.95
    assert (errors[:, 1] == np.where(seen, 0.0, 0.5)).all()
    first = {network: row for row, network in reversed(list(enumerate(networks[:1_500].tolist())))}
    expected = [ranks[first[network], 1] for network in networks[1_500:][seen].tolist()]
    assert means[seen, 1] == pytest.approx(expected, abs=1e-3)
    assert not means[~seen, 1].any()


def test_errors_are_those_of_similar_predictions() -> None:
    predicted = np.linspace(0.0, 1.0, 1_000)
    residuals = np.where(predicted < 0.5, 0.1, 2.0) * np.resize([1.0, -1.0], 1_000)
    errors = Errors.of(predicted, residuals)
    assert errors.at(np.array([-1.0, 0.2, 0.8, 3.0])) == pytest.approx([0.1, 0.1, 2.0, 2.0])


@pytest.mark.slow
def test_search_nsga2_of_twenty_dimensions_beats_random_search() -> None:
    pytest.importorskip("pymoo")
    space = Choices("large", {f"d{number}": [1, 2, 3, 4] for number in range(20)})
    rows = space.sample(10, np.random.default_rng(0))

    class Sum(Known):
        """A sum over the decisions, which takes no time."""

        of_networks = True

        def values(self, architectures: Architectures) -> Float:
            codes = architectures.astype(np.float64)
            return np.asarray((codes * np.linspace(1, 2, 20) ** float(self.source)).sum(axis=1))

    accuracy, latency = (Sum(space, rows, np.ones(10), LATENCY, power) for power in ("-1", "2"))
    problem = Problem(space, accuracy, [latency])
    archive, random = search(problem, "nsga2", 2_000, seed=0), search(problem, "random", 2_000, 0)
    assert len(archive) == len(random) == 2_000
    reference = np.concatenate([archive.points, random.points]).max(axis=0)
    found, drawn = (hypervolume(each.points[each.front()], reference) for each in (archive, random))
    assert found > 1.2 * drawn
