"""Gaussian processes of low rank, and `best` with more measurements than an exact process takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import check_grad
from scipy.stats import multivariate_normal

import hwnas
from hwnas.predictor import Predictor, load_predictor
from hwnas.predictor.best import Best, _process
from hwnas.predictor.best._features import Features, describe
from hwnas.predictor.best._kernel import Covariance
from hwnas.predictor.best._model_choice import Model
from hwnas.predictor.gp import (
    LowRank,
    condition,
    condition_low_rank,
    inducing_points,
    similarity,
    weighted_similarity,
)
from hwnas.predictor.gp._core import log_marginal_likelihood
from hwnas.space import Choices, NASBench201

SPACE = NASBench201()
CELLS = SPACE.enumerate()
RNG = np.random.default_rng(0)
ROWS = RNG.permutation(len(CELLS))
Y = RNG.normal(size=60)
FACTORS = RNG.uniform(1, 3, 60)

Array = NDArray[np.floating]


def inputs(model: Model, rows: NDArray[np.int64]) -> Features:
    return model.select(describe(SPACE, CELLS[rows]))


@pytest.fixture
def additive() -> tuple[Covariance, Array, Features]:
    """Return a linear kernel with 8 columns, its hyperparameters, and 60 training architectures."""
    features = inputs(Model("executed", by_position=False), ROWS[:60])
    kernel = Covariance(features)
    return kernel, np.append(kernel.mean, -2.0), features


@pytest.fixture
def whole() -> tuple[Covariance, Array, Features]:
    """Return a kernel that is not linear, its hyperparameters, and 60 training architectures."""
    features = inputs(Model(), ROWS[:60])
    kernel = Covariance(features)
    return kernel, np.append(kernel.mean, -2.0), features


def test_log_density_linear_kernel_equals_that_of_the_exact_process(
    additive: tuple[Covariance, Array, Features],
) -> None:
    kernel, theta, features = additive
    prior = (kernel.mean, kernel.deviation, (-1.0, 2.0))
    exact = condition(kernel, theta, features, Y, FACTORS).log_density(*prior)
    low_rank = condition_low_rank(kernel, theta, features, Y, FACTORS).log_density(*prior)
    assert low_rank == pytest.approx(exact, rel=1e-9)


def test_log_marginal_likelihood_linear_kernel_equals_normal_density(
    additive: tuple[Covariance, Array, Features],
) -> None:
    kernel, theta, features = additive
    scaled = kernel.scale(features, theta[:-1])
    noise = np.exp(theta[-1]) * FACTORS + kernel.jitter
    covariance = kernel(scaled, scaled, theta[:-1]) + np.diag(noise)
    expected = multivariate_normal(np.zeros(60), covariance).logpdf(Y)
    value, _ = log_marginal_likelihood(kernel, theta, features, Y, FACTORS)
    assert value - 30 * np.log(2 * np.pi) == pytest.approx(expected, rel=1e-9)


def test_log_marginal_likelihood_linear_kernel_gradient_equals_finite_differences(
    additive: tuple[Covariance, Array, Features],
) -> None:
    kernel, theta, features = additive
    error = check_grad(
        lambda theta: log_marginal_likelihood(kernel, theta, features, Y, FACTORS)[0],
        lambda theta: log_marginal_likelihood(kernel, theta, features, Y, FACTORS)[1],
        theta,
    )
    assert error < 1e-4


def assert_equals_exact(
    kernel: Covariance,
    theta: Array,
    features: Features,
    inducing: NDArray[np.int64] | None,
    queries: Features,
) -> None:
    exact = condition(kernel, theta, features, Y, FACTORS)
    low = condition_low_rank(kernel, theta, features, Y, FACTORS, inducing=inducing)
    for found, expected in zip(
        low.predict(queries, True), exact.predict(queries, True), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    some = np.array([3, 40])
    for found, expected in zip(low.left_out(some), exact.left_out(some), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_condition_low_rank_linear_kernel_equals_exact_process(
    additive: tuple[Covariance, Array, Features],
) -> None:
    queries = inputs(Model("executed", by_position=False), ROWS[60:100])
    assert_equals_exact(*additive, None, queries)


def test_condition_low_rank_every_architecture_inducing_equals_exact_process(
    whole: tuple[Covariance, Array, Features],
) -> None:
    assert_equals_exact(*whole, np.arange(60), inputs(Model(), ROWS[60:100]))


def test_weighted_equals_product_of_covariances_and_weights(
    whole: tuple[Covariance, Array, Features],
) -> None:
    kernel, theta, features = whole
    a = kernel.scale(features, theta[:-1])
    expected = kernel(a, a[:20], theta[:-1]) @ Y[:20]
    np.testing.assert_allclose(kernel.weighted(a, a[:20], theta[:-1], Y[:20]), expected)


@pytest.mark.parametrize("repeated", [False, True])
def test_weighted_similarity_equal_rows_equals_product(repeated: bool) -> None:
    a, b = RNG.integers(2, size=(30, 3)).astype(float), RNG.normal(size=(7, 3))
    weights = RNG.normal(size=(7, 2))
    found = weighted_similarity(a, b, weights, repeated=repeated)
    np.testing.assert_allclose(found, similarity(a, b) @ weights)


def test_inducing_points_leave_at_most_the_tolerance(
    whole: tuple[Covariance, Array, Features],
) -> None:
    kernel, theta, features = whole
    chosen = inducing_points(kernel, theta, features, tolerance=0.02, most=60, seed=0)
    assert len(chosen) == len(set(chosen)) < 60
    scaled = kernel.scale(features, theta[:-1])
    full = kernel(scaled, scaled, theta[:-1])
    known = full[:, chosen] @ np.linalg.solve(full[np.ix_(chosen, chosen)], full[chosen])
    assert np.trace(full - known) / 60 <= 0.02


def test_inducing_points_copies_are_chosen_once(whole: tuple[Covariance, Array, Features]) -> None:
    kernel, theta, _ = whole
    features = inputs(Model(), np.tile(ROWS[:10], 6))
    chosen = inducing_points(kernel, theta, features, tolerance=1e-7, most=60, seed=0)
    assert sorted(chosen % 10) == list(range(10))


def values(rows: NDArray[np.int64]) -> Array:
    """Return costs that depend on the pattern of pooling edges, in ms."""
    pools = np.equal(CELLS[rows], SPACE.operations.index("avg_pool_3x3"))
    pattern: Array = np.random.default_rng(1).normal(size=2**6)[pools @ 2 ** np.arange(6)]
    noise = np.random.default_rng(2).normal(0, 0.2, len(CELLS))[rows]
    total: Array = 10 + pattern + 0.3 * np.equal(CELLS[rows], 3).sum(axis=1) + noise
    return total


def fitted(n: int) -> Predictor:
    return hwnas.make_predictor("best", SPACE).fit(CELLS[ROWS[:n]], values(ROWS[:n]))


@pytest.mark.thorough
def test_best_more_than_n_exact_measurements_predicts_as_the_exact_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    queries = CELLS[ROWS[300:700]]
    exact = fitted(300).predict(queries, return_std=True)
    monkeypatch.setattr(_process, "N_EXACT", 250)
    predictor = fitted(300)
    model = predictor.pipeline_.named_steps["model"]
    assert isinstance(model, Best)
    assert isinstance(model.process_, LowRank)
    assert model.process_.chosen is not None
    found = predictor.predict(queries, return_std=True)
    assert np.abs(found[0] - exact[0]).max() < 0.1 * exact[1].mean()
    np.testing.assert_allclose(found[1], exact[1], rtol=0.05)
    assert found[0][7] == predictor.predict(queries[7:8])[0]
    predictor.save(tmp_path / "board.hwnas")
    loaded = load_predictor(tmp_path / "board.hwnas").predict(queries, return_std=True)
    np.testing.assert_allclose(loaded, found, rtol=1e-9)


def test_best_choices_more_than_n_exact_measurements_predicts_as_the_exact_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    space = Choices("mobile", {f"width{i}": [1, 2, 4, 8] for i in range(4)} | {"kind": ["a", "b"]})
    rows = space.sample(400, np.random.default_rng(0))
    numbers = space.numbers(rows)
    y = 5 + np.sqrt(numbers[:, 0] * numbers[:, 1]) + numbers[:, 2] * (1 + numbers[:, 4])
    y *= np.exp(np.random.default_rng(1).normal(0, 0.02, 400))
    exact = hwnas.make_predictor("best", space).fit(rows[:200], y[:200])
    # The module of the components has its own name of the constant.
    for module in ("_process", "_dimension_process"):
        monkeypatch.setattr(f"hwnas.predictor.best.{module}.N_EXACT", 150)
    predictor = hwnas.make_predictor("best", space).fit(rows[:200], y[:200])
    found, expected = (each.predict(rows, return_std=True) for each in (predictor, exact))
    # The noise of the last 50 measurements is estimated from the first 150 alone.
    assert np.abs(found[0] - expected[0]).mean() < 0.05 * expected[1].mean()
    np.testing.assert_allclose(found[1], expected[1], rtol=0.1)
    predictor.save(tmp_path / "board.hwnas")
    loaded = load_predictor(tmp_path / "board.hwnas").predict(rows, return_std=True)
    np.testing.assert_allclose(loaded, found, rtol=1e-9)
