"""`best` on spaces that are described by their dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import check_grad
from scipy.stats import kendalltau

import hwnas
from hwnas.errors import UserError
from hwnas.network import GraphBuilder, Network
from hwnas.predictor import Predictor, load_predictor
from hwnas.predictor.best._dimension_kernel import DimensionCovariance
from hwnas.predictor.best._dimension_process import DimensionProcess
from hwnas.predictor.best._dimensions import described
from hwnas.space import Choices, ColumnSpace, SearchSpace, Value

BLOCKS = {f"block{i}.kernel": {"choices": [3, 5, 7], "when": f"depth >= {i}"} for i in range(1, 7)}
SPACE = Choices("mobile", {"resolution": [96, 128, 160], "depth": [2, 4, 6], **BLOCKS})


class Words(SearchSpace):
    """Four words, in a space as a user writes it: it has no network."""

    name = "words"
    n_positions = 4
    operations = ("a", "b", "c")

    def parse(self, string: str) -> tuple[int, ...]:
        return tuple(self.operations.index(letter) for letter in string)

    def format(self, architecture: Sequence[int]) -> str:
        return "".join(self.operations[index] for index in architecture)


def cost(rows: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return pixels times the squared kernels of the blocks that exist, in ms."""
    numbers = SPACE.numbers(rows)
    kernels: NDArray[np.float64] = np.nansum(numbers[:, 2:] ** 2, axis=1)
    return 5 + (numbers[:, 0] / 100) ** 2 * kernels / 10


def measured(n: int, noise: float = 0.0) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    rows = SPACE.sample(n, rng)
    return rows, cost(rows) * np.exp(noise * rng.normal(size=n))


def process_of(predictor: Predictor) -> DimensionProcess:
    process = predictor.pipeline_.named_steps["model"].process_
    assert isinstance(process, DimensionProcess)
    return process


def tau(predictor: Predictor, rows: NDArray[np.int8]) -> float:
    return float(kendalltau(predictor.predict(rows), cost(rows)).statistic)


def test_best_choices_ranks_and_covers_with_few_measurements() -> None:
    rows, values = measured(300, noise=0.02)
    few = hwnas.make_predictor("best", SPACE).fit(rows[:12], values[:12])
    more = hwnas.make_predictor("best", SPACE).fit(rows[:60], values[:60])
    assert tau(few, rows[60:]) > 0.75
    assert tau(more, rows[60:]) > 0.93
    predicted, std = more.predict(rows[60:], return_std=True)
    assert 0.8 <= (np.abs(predicted - values[60:]) <= 1.645 * std).mean() <= 0.99
    assert more.remarks == []


def test_best_outliers_do_not_change_the_ranking() -> None:
    rows, values = measured(200)
    values[:60:6] *= 3
    predictor = hwnas.make_predictor("best", SPACE).fit(rows[:60], values[:60])
    assert tau(predictor, rows[60:]) > 0.93


def test_best_noise_is_called_noise() -> None:
    rows, _ = measured(60)
    values = np.random.default_rng(2).lognormal(size=60)
    predictor = hwnas.make_predictor("best", SPACE).fit(rows, values)
    assert "hardly anything is learnt" in predictor.remarks[0]
    predicted, std = predictor.predict(rows, return_std=True)
    covered = np.abs(predicted - values) <= 1.645 * std
    assert covered.mean() > 0.75
    assert std.mean() > 0.5 * values[values < np.quantile(values, 0.9)].std()


def test_best_words_of_a_new_space_are_learnt() -> None:
    space = Words()
    every = space.enumerate()
    values = np.array([1.0, 2.0, 4.0])[every].sum(axis=1)
    predictor = hwnas.make_predictor("best", space).fit(every[::3], values[::3])
    assert kendalltau(predictor.predict(every), values).statistic > 0.95


def test_best_columns_find_the_column_that_matters() -> None:
    rng = np.random.default_rng(3)
    table = {f"c{i}": rng.uniform(1, 9, 200) for i in range(8)}
    space = ColumnSpace().inferred(table | {"kind": rng.choice(["x", "y"], 200)})
    rows = space.sample(200, rng)
    values = 3 * rows[:, 2] + rows[:, 8]
    predictor = hwnas.make_predictor("best", space).fit(rows[:20], values[:20])
    assert kendalltau(predictor.predict(rows[20:]), values[20:]).statistic > 0.9


@pytest.mark.parametrize("n", [1, 2, 5])
def test_best_hardly_any_measurements_still_predicts(n: int) -> None:
    rows, values = measured(20)
    predictor = hwnas.make_predictor("best", SPACE).fit(rows[:n], values[:n])
    predicted, std = predictor.predict(rows, return_std=True)
    assert np.isfinite(predicted).all()
    assert (std > 0).all()


@pytest.mark.parametrize("name", ["ridge", "gp", "lgb", "xgb", "svr"])
def test_predictors_without_cell_work_on_choices(name: str) -> None:
    rows, values = measured(150)
    predictor = hwnas.make_predictor(name, SPACE).fit(rows[:60], values[:60])
    assert tau(predictor, rows[60:]) > 0.5


@pytest.mark.parametrize("log", [False, True])
def test_load_predictor_best_on_choices_predicts_the_same(tmp_path: Path, log: bool) -> None:
    rows, values = measured(40)
    # Values below zero have no logarithm.
    predictor = hwnas.make_predictor("best", SPACE).fit(rows, values if log else values - 30)
    predictor.save(tmp_path / "board.hwnas")
    loaded = load_predictor(tmp_path / "board.hwnas")
    assert loaded.space == SPACE
    assert log or not any(each.scale.log for each in process_of(loaded).components)
    for one, other in zip(
        loaded.predict(rows, return_std=True), predictor.predict(rows, return_std=True), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def network_of(architecture: Mapping[str, Value]) -> Network:
    """Return one convolution, as a user's function does."""
    graph = GraphBuilder(3, int(architecture["resolution"]))
    graph.classifier(graph.conv_bn(0, int(architecture["depth"]), kernel=3), 10)
    return graph.network(int(architecture["resolution"]), 10)


def test_load_predictor_function_of_the_space_must_be_trusted(tmp_path: Path) -> None:
    name = f"{__name__}.network_of"
    space = Choices("mobile", {"resolution": [8, 16], "depth": [2, 4, 6]}, network=name)
    rows = space.enumerate()
    predictor = hwnas.make_predictor("best", space).fit(rows, np.arange(6.0))
    predictor.save(tmp_path / "board.hwnas")
    with pytest.raises(UserError, match="names the function"):
        load_predictor(tmp_path / "board.hwnas")
    loaded = load_predictor(tmp_path / "board.hwnas", trusted=[name])
    np.testing.assert_allclose(loaded.predict(rows), predictor.predict(rows))


def test_dimension_covariance_gradient_is_exact() -> None:
    features = described(SPACE, SPACE.sample(12, np.random.default_rng(0)))
    covariance = DimensionCovariance(features)
    weights = np.random.default_rng(1).normal(size=(12, 12))
    weights += weights.T

    def value(theta: NDArray[np.float64]) -> float:
        scaled = covariance.scale(features, theta)
        return float((weights * covariance(scaled, scaled, theta)).sum())

    def gradient(theta: NDArray[np.float64]) -> NDArray[np.floating]:
        return covariance.with_pullback(covariance.scale(features, theta), theta)[1](weights)

    assert check_grad(value, gradient, covariance.mean) < 1e-4 * abs(value(covariance.mean)) + 1e-4
