"""Searching the front of a space: methods, objectives and limits."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.search import ACCURACY, Archive, Known, Method, Moves, Problem, search
from hwnas.search._limits import Limits
from hwnas.search._output import compared
from hwnas.search._quantities import Float
from hwnas.space import Architectures, Choices, NASBench201, SearchSpace, TransNASMacro

LATENCY = Metric("latency", "ms")
SPACES: dict[str, SearchSpace] = {
    "cells": NASBench201(),
    "rules": TransNASMacro(),
    "choices": Choices(
        "mobile",
        {
            "resolution": [160, 192, 224],
            "depth": [2, 3],
            "kernel": {"choices": [3, 5, 7], "when": "depth >= 3"},
            "width": {"low": 1, "high": 40, "whole": True},
        },
    ),
}


@cache
def smooth(name: str) -> Problem:
    """Return a problem whose values are sums over decisions, so that a model can learn them."""
    space = SPACES[name]
    architectures = space.live(space.enumerate())
    weights = np.random.default_rng(0).uniform(0.2, 1.0, (space.n_positions, 64))
    codes = architectures.astype(np.int64)
    cost = sum(weights[c, codes[:, c]] * codes[:, c] for c in range(space.n_positions))
    assert isinstance(cost, np.ndarray)
    accuracy = 20.0 + 60.0 * (1 - np.exp(-cost / cost.mean())) + np.sin(7.0 * cost)
    return Problem(
        space,
        Known(space, architectures, accuracy, ACCURACY, "accuracies"),
        [Known(space, architectures, cost, LATENCY, "latencies")],
    )


@pytest.mark.parametrize("name", SPACES)
def test_moves_of_every_space_lead_to_its_architectures(name: str) -> None:
    space, rng = SPACES[name], np.random.default_rng(0)
    moves, known = Moves(space), set(space.identity(space.enumerate()).tolist())
    drawn = moves.drawn(30, rng)
    crossed = moves.crossed(drawn, drawn[::-1], rng)
    for rows in (drawn, moves.neighbours(drawn[:3]), moves.mutated(drawn, rng), crossed):
        assert len(rows)
        assert set(space.identity(rows).tolist()) <= known


def test_archive_evaluates_each_network_once() -> None:
    space = NASBench201()
    rows = space.enumerate()[:100]
    own = Known(space, rows, space.network_representative(rows).astype(float), LATENCY, "table")
    problem = Problem(space, own, [own])
    told: list[int] = []
    archive = Archive(problem, advance=told.append)
    archive.add(rows)
    keys = problem.space.network_representative(archive.architectures)
    assert len(np.unique(keys)) == len(archive) < 100
    assert archive.add(rows) == 0
    assert told == [len(archive)]


class _OfNetworks(Known):
    """Different values for architectures with the same network, as a predictor may have."""

    of_networks = True

    def values(self, architectures: Architectures) -> Float:
        return self.space.identity(architectures).astype(float) % 1_009


@pytest.mark.parametrize("method", ["exact", "nsga2", "random"])
def test_search_of_networks_evaluates_the_architecture_that_stands_for_each(method: Method) -> None:
    space = NASBench201()
    accuracy, latency = (_OfNetworks(space, space.enumerate(), np.ones(15_625), each, "predicted")
                         for each in (ACCURACY, LATENCY))  # fmt: skip
    archive = search(Problem(space, accuracy, [latency]), method, 300, seed=0)
    networks = space.network_representative(archive.architectures)
    assert len(np.unique(networks)) == len(archive)
    assert (space.identity(archive.architectures) == networks).all()


def test_known_with_own_values_of_one_network_distinguishes_architectures() -> None:
    space = NASBench201()
    rows = space.enumerate()
    own = Known(space, rows, np.arange(len(rows), dtype=float), LATENCY, "table")
    assert not own.of_networks
    assert own.values(rows[[7, 3]]).tolist() == [7.0, 3.0]
    assert np.isnan(Known(space, rows[:5], np.ones(5), LATENCY, "table").values(rows[-1:])).all()


@pytest.mark.parametrize("method", ["nsga2", "random"])
def test_search_with_a_seed_is_deterministic_and_keeps_to_its_evaluations(method: Method) -> None:
    if method == "nsga2":
        pytest.importorskip("pymoo")
    one, again = (search(smooth("choices"), method, 60, seed=1) for _ in range(2))
    assert len(one) == 60
    assert np.array_equal(one.architectures, again.architectures)


def test_search_nsga2_on_a_smooth_problem_finds_more_than_random() -> None:
    pytest.importorskip("pymoo")
    problem = smooth("rules")
    exact = search(problem, "exact", 20, seed=0)
    found = compared(exact, search(problem, "nsga2", 300, seed=0))
    assert found > compared(exact, search(problem, "random", 300, seed=0))
    assert found[0] > 0.99


def test_search_exact_on_an_endless_space_names_the_other_method() -> None:
    space = Choices("endless", {"width": {"low": 0.0, "high": 1.0}})
    known = Known(space, space.from_strings(["width=0.5"]), np.ones(1), LATENCY, "table")
    with pytest.raises(UserError, match="method=nsga2"):
        search(Problem(space, known, [known]), "exact", 20, seed=0)


def test_limits_choose_is_the_most_accurate_within_the_bound() -> None:
    problem = smooth("rules")
    archive = search(problem, "exact", 20, seed=0)
    costs = archive.points[:, 1]
    bound = float(np.median(costs))
    chosen = Limits.of(bound, ["latency"], 0.9).choose(archive)
    assert chosen is not None
    row, probability = chosen
    assert costs[row] <= bound
    assert probability == 1.0
    assert archive.points[row, 0] == archive.points[costs <= bound, 0].min()
    assert Limits.of(costs.min() / 2, ["latency"], 0.9).choose(archive) is None


@pytest.mark.parametrize("given", ["ten", [1.0, 2.0], True, -1.0])
def test_limits_that_fit_no_metric_are_mistakes(given: object) -> None:
    with pytest.raises(UserError, match="limit"):
        Limits.of(given, ["latency"], 0.9)
