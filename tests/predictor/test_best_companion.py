"""`best`: the average with the process of `gp` on noisy tables of cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.encoding import Operations
from hwnas.predictor import Predictor, load_predictor
from hwnas.predictor.best import Best
from hwnas.predictor.best._companion import average, companion
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace
from tests.predictor.members import draw

SPACE = NASBench201()
CELLS = SPACE.enumerate()


def values(X: Architectures, noise: float) -> NDArray[np.float64]:
    """Return costs as written with normal noise, of `noise` times their standard deviation."""
    cost: NDArray[np.float64] = np.array([0.0, 0.5, 1.0, 2.0, 1.5])[X].sum(axis=1)
    return 5 + cost + np.random.default_rng(0).normal(0, noise * cost.std(), len(X))


def best(n: int, noise: float) -> Predictor:
    X = draw(SPACE, n, seed=3)
    return Predictor(SPACE, Operations(), Best(random_state=0)).fit(X, values(X, noise))


@pytest.fixture(scope="module")
def noisy() -> Predictor:
    return best(60, 1.0)


def test_best_noisy_cells_averages_with_gp(noisy: Predictor) -> None:
    model: Best = noisy.pipeline_[-1]
    assert model.companion_ is not None
    alone = Best(**model.get_params())
    alone.__dict__.update(model.__dict__ | {"companion_": None})
    cells = CELLS[::500]
    both, only = model.predict(cells, return_std=True), alone.predict(cells, return_std=True)
    assert np.abs(both[0] - only[0]).max() > 1e-3


@pytest.mark.parametrize(("n", "noise"), [(60, 0.05), (30, 1.0)])
def test_best_little_noise_or_few_measurements_predicts_alone(n: int, noise: float) -> None:
    assert best(n, noise).pipeline_[-1].companion_ is None


@pytest.mark.parametrize(("space", "n"), [(FBNet(), 60), (SPACE, 401)])
def test_companion_no_cells_or_many_measurements_is_none(space: SearchSpace, n: int) -> None:
    rng = np.random.default_rng(0)
    assert companion(space, draw(space, n, seed=0), rng.normal(size=n), rng.normal(size=n)) is None


def test_companion_best_is_much_better_is_none() -> None:
    X = draw(SPACE, 60, seed=0)
    rng = np.random.default_rng(0)
    # The values are pure noise for `gp`, and `best` leaves a fifth of their variance unexplained.
    deviation = rng.normal(0, 0.45, len(X))
    assert companion(SPACE, X, rng.normal(size=len(X)), deviation) is None


def test_average_equals_mixture_of_normals() -> None:
    rng = np.random.default_rng(0)
    draws = np.concatenate([rng.normal(1, 2, 200_000), rng.normal(4, 1, 200_000)])
    mean, variance = average((np.array([1.0]), np.array([4.0])), (np.array([4.0]), np.array([1.0])))
    assert mean[0] == pytest.approx(draws.mean(), abs=0.02)
    assert variance[0] == pytest.approx(draws.var(), rel=0.01)


def test_load_predictor_best_with_companion_predicts_the_same(
    noisy: Predictor, tmp_path: Path
) -> None:
    noisy.save(tmp_path / "noisy.hwnas")
    loaded = load_predictor(tmp_path / "noisy.hwnas")
    cells = CELLS[::300]
    for kept, again in zip(
        noisy.predict(cells, return_std=True), loaded.predict(cells, return_std=True), strict=True
    ):
        np.testing.assert_allclose(again, kept, rtol=1e-9)


def test_best_with_companion_90_percent_intervals_cover_nine_of_ten() -> None:
    shares = []
    for seed in range(2, 6):
        rng = np.random.default_rng(seed)
        y = values(CELLS, 0.0)
        y = y + rng.normal(0, y.std(), len(y))
        order = rng.permutation(len(y))
        train, test = order[:60], order[-2000:]
        predictor = Predictor(SPACE, Operations(), Best(random_state=0)).fit(CELLS[train], y[train])
        assert predictor.pipeline_[-1].companion_ is not None
        predicted, std = predictor.predict(CELLS[test], return_std=True)
        shares.append(float((np.abs(y[test] - predicted) <= 1.645 * std).mean()))
    assert 0.85 < np.mean(shares) < 0.95
