"""`best`: features, choice of the model, predictions and standard deviations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import check_grad
from scipy.stats import kendalltau

from hwnas.encoding import Operations
from hwnas.network import executed
from hwnas.predictor import Predictor
from hwnas.predictor.best import _model_choice
from hwnas.predictor.best._estimator import Best
from hwnas.predictor.best._features import describe
from hwnas.predictor.best._kernel import Covariance
from hwnas.predictor.best._model_choice import N_CHECK, Candidate, Model, choose
from hwnas.predictor.gp import LowRankFit, condition
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace, TransNASMacro
from tests.predictor.conftest import Measured
from tests.predictor.members import draw

Split = Callable[[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]]

SPACE = NASBench201()
CELLS = SPACE.enumerate()


def best(space: SearchSpace = SPACE) -> Predictor:
    return Predictor(space, Operations(), Best(random_state=0))


def model_of(predictor: Predictor) -> Best:
    model: Best = predictor.pipeline_.named_steps["model"]
    return model


def counts(X: Architectures) -> NDArray[np.float64]:
    """Return the sum of the costs of all operations as written, in ms."""
    cost = np.array([0.0, 0.0, 1.0, 4.0, 1.0])
    total: NDArray[np.float64] = 3.0 + cost[X].sum(axis=1)
    return total


def interval_coverage(predictor: Predictor, X: Architectures, y: NDArray[np.float64]) -> float:
    predicted, std = predictor.predict(X, return_std=True)
    return float((np.abs(y - predicted) <= 1.645 * std).mean())


# Edges: 0>1, 0>2, 1>2, 0>3, 1>3, 2>3. Operations: none, skip, 1x1, 3x3, pooling.
@pytest.mark.parametrize(
    ("cell", "edges"),
    [
        ((3, 3, 3, 3, 3, 3), (1, 1, 1, 1, 1, 1)),
        # Only `none` reads node 2, which is the sum of two convolutions: both are dropped.
        ((3, 3, 3, 3, 3, 0), (1, 0, 0, 1, 1, 0)),
        # Node 2 is a single convolution, and only `none` reads it: it runs with weights of 0.
        ((3, 0, 3, 3, 3, 0), (1, 0, 1, 1, 1, 0)),
        ((3, 0, 4, 3, 3, 0), (1, 0, 0, 1, 1, 0)),
        # Node 1 is 0, and skip passes the 0 on: node 2 is a single convolution.
        ((0, 3, 1, 3, 0, 0), (0, 1, 0, 1, 0, 0)),
        # The runtime does not see that a convolution of 0 gives 0: node 2 is a sum.
        ((0, 3, 3, 3, 0, 0), (0, 0, 0, 1, 0, 0)),
        # An operation on 0 runs if its output is needed. A constant cell runs no operation.
        ((0, 3, 3, 3, 0, 3), (0, 1, 1, 1, 0, 1)),
        ((0, 3, 3, 0, 3, 0), (0, 0, 0, 0, 0, 0)),
    ],
)
def test_executed_cells_by_hand_gives_edges_that_tensorflow_lite_runs(
    cell: tuple[int, ...], edges: tuple[int, ...]
) -> None:
    runs = executed(SPACE, np.array([cell], dtype=np.int8))
    assert tuple(runs[0].astype(int)) == edges


@pytest.mark.parametrize("space", [NASBench201(), TransNASMacro(), FBNet()], ids=repr)
def test_describe_single_row_equals_row_among_many(space: SearchSpace) -> None:
    X = draw(space, 40, seed=1)
    one, many = describe(space, X[:1]), describe(space, X)
    for name, block in many.linear.items():
        np.testing.assert_allclose(one.linear[name][0], block[0], atol=1e-12)
    np.testing.assert_allclose(one.totals[0], many.totals[0])


@pytest.mark.parametrize("space", [NASBench201(), TransNASMacro()], ids=repr)
def test_covariance_pullback_equals_finite_differences(space: SearchSpace) -> None:
    features = describe(space, draw(space, 12, seed=2))
    covariance = Covariance(features)
    weights = np.random.default_rng(0).normal(size=(12, 12))
    weights += weights.T

    def weighted(theta: NDArray[np.float64]) -> float:
        scaled = covariance.scale(features, theta)
        return float((weights * covariance(scaled, scaled, theta)).sum())

    def gradient(theta: NDArray[np.float64]) -> NDArray[np.floating]:
        return covariance.with_pullback(covariance.scale(features, theta), theta)[1](weights)

    theta = covariance.mean + 0.1
    assert np.linalg.norm(gradient(theta)) > 1
    assert check_grad(weighted, gradient, theta) < 1e-4 * np.linalg.norm(gradient(theta))
    scaled = covariance.scale(features, theta)
    full = covariance(scaled, scaled, theta)
    np.testing.assert_allclose(covariance.diagonal(scaled, theta), np.diag(full))


def test_left_out_equals_process_without_the_measurement() -> None:
    features = Model().select(describe(SPACE, CELLS[::800]))
    y = counts(CELLS[::800]) + (CELLS[::800, 0] == 3)
    kernel = Covariance(features)
    process = condition(kernel, np.append(kernel.mean, -4.0), features, y)
    deviation, variance = process.left_out(np.array([4]))
    rest = np.delete(np.arange(len(process.alpha)), 4)
    covariance = process.kernel(process.rows, process.rows, process.theta)
    known = covariance[np.ix_(rest, rest)] + np.diag(process.noise[rest] + 1e-8)
    weights = np.linalg.solve(known, covariance[rest, 4])
    values = (process.factor @ process.factor.T) @ process.alpha
    assert deviation[0] == pytest.approx(values[4] - weights @ values[rest], rel=1e-4)
    expected = covariance[4, 4] - weights @ covariance[rest, 4] + 1e-8
    assert variance[0] == pytest.approx(expected, rel=1e-3, abs=1e-9)


def test_best_additive_costs_few_measurements_predicts_exactly() -> None:
    X = draw(SPACE, 25, seed=3)
    predictor = best().fit(X, counts(X))
    assert model_of(predictor).model_ == Model("raw", by_position=False)
    np.testing.assert_allclose(predictor.predict(CELLS), counts(CELLS), atol=1e-3)
    assert kendalltau(predictor.predict(CELLS), counts(CELLS)).statistic > 0.99


def test_best_cost_depends_on_pooling_pattern_ranks_well() -> None:
    """Each pattern of pooling edges has another cost, and 3×3 convolutions add up."""
    pools = np.equal(CELLS, SPACE.operations.index("avg_pool_3x3"))
    convolutions = np.equal(CELLS, SPACE.operations.index("nor_conv_3x3")).sum(axis=1)
    pattern = np.random.default_rng(0).normal(size=2**6)[pools @ 2 ** np.arange(6)]
    y = 10.0 + pattern + 0.3 * convolutions
    order = np.random.default_rng(1).permutation(len(CELLS))
    train, test = order[:300], order[300:900]
    predicted = best().fit(CELLS[train], y[train]).predict(CELLS[test])
    assert kendalltau(predicted, y[test]).statistic > 0.9


def test_best_costs_of_executed_edges_chooses_view_executed() -> None:
    X = draw(SPACE, 60, seed=4)
    noise = np.random.default_rng(0).normal(0, 0.3, len(CELLS))
    y = counts(np.where(executed(SPACE, CELLS), CELLS, 0).astype(np.int8)) + noise
    predictor = best().fit(X, y[SPACE.rank(X)])
    assert model_of(predictor).model_.view == "executed"


def test_choose_many_measurements_standard_error_is_that_of_the_compared_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = np.random.default_rng(0).normal(size=N_CHECK)
    noise = (noise - noise.mean()) / noise.std()

    def candidate(model: Model, *_: object) -> Candidate:
        # The mean score of simple models is 0.025 lower. The standard error of the difference is
        # 0.032 with 1,000 measurements.
        scores = np.zeros(N_CHECK) if model.view is None else -0.025 - noise
        return Candidate(model, np.zeros(1), scores)

    monkeypatch.setattr(_model_choice, "_candidate", candidate)
    n = 3 * N_CHECK
    chosen = choose(describe(SPACE, CELLS[:n]), np.zeros(n), np.arange(n))
    assert chosen.model.view is not None


def test_best_outliers_change_predictions_little() -> None:
    X = draw(SPACE, 150, seed=5)
    noise = np.random.default_rng(1).normal(0, 0.3, len(X))
    clean = best().fit(X, counts(X) + noise)
    noise[::15] += 40
    predicted = best().fit(X, counts(X) + noise).predict(CELLS[::30])
    assert np.abs(predicted - counts(CELLS[::30])).mean() < 0.4
    assert np.abs(predicted - clean.predict(CELLS[::30])).mean() < 0.4


@pytest.mark.thorough
@pytest.mark.parametrize("n", [11, 60, 300])
def test_best_90_percent_intervals_cover_nine_of_ten_of_the_test_set(n: int) -> None:
    """Take the mean over tables with different noise, none of which `best` models exactly."""
    shares = []
    for seed in range(3 if n == 300 else 6):
        rng = np.random.default_rng(seed)
        cost = rng.exponential(1.0, (6, 5)) + np.array([0, 0, 1, 4, 1])
        y = 3 + cost[np.arange(6), CELLS].sum(axis=1) + 0.4 * (CELLS[:, 0] == 3) * CELLS[:, 5]
        y += rng.standard_t(5, len(y)) * (0.5 + seed / 4)
        order = rng.permutation(len(y))
        train, test = order[:n], order[-2000:]
        shares.append(interval_coverage(best().fit(CELLS[train], y[train]), CELLS[test], y[test]))
    assert 0.83 < np.mean(shares) < 0.97


def test_best_more_than_n_check_measurements_uses_all() -> None:
    order = np.random.default_rng(6).permutation(len(CELLS))[: N_CHECK + 300]
    y = counts(CELLS) + np.random.default_rng(2).normal(0, 0.5, len(CELLS))
    predictor = best().fit(CELLS[order], y[order])
    process = model_of(predictor).process_
    assert isinstance(process, LowRankFit)
    assert len(process.y) == len(order)
    assert 0.85 < interval_coverage(predictor, CELLS[::7], y[::7]) < 0.95


@pytest.mark.parametrize("n", [1, 2, 5])
def test_best_few_equal_measurements_predictions_are_finite(n: int) -> None:
    predicted, std = best().fit(CELLS[:n], np.full(n, 4.0)).predict(CELLS, return_std=True)
    assert np.isfinite(predicted).all()
    assert (std > 0).all()


#: Number of measurements and target for Kendall's tau (mean over raspi4, pixel3, seeds 0 to 2).
TARGETS = [(5, 0.66), (11, 0.74), (25, 0.76), (55, 0.79), (124, 0.82), (276, 0.84)]


@pytest.mark.thorough
@pytest.mark.parametrize(("n_train", "target"), TARGETS)
def test_best_published_tables_reaches_target_tau(
    cifar10_latency: Measured, n_train: int, target: float, split: Split
) -> None:
    taus = []
    for device in ("raspi4", "pixel3"):
        X, y = cifar10_latency(device)
        for seed in range(3):
            train, test = split(seed, n_train)
            predicted = best().fit(X[train], y[train]).predict(X[test])
            taus.append(kendalltau(predicted, y[test]).statistic)
    assert np.mean(taus) >= target


@pytest.fixture
def split() -> Split:
    """Return a function that gives the paper's training and test rows for a seed and a size."""

    def rows(seed: int, n_train: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        perm = np.random.RandomState(seed).permutation(len(CELLS))
        return perm[625 : 625 + n_train], perm[:625]

    return rows
