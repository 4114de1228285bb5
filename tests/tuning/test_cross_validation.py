"""Tests of the folds of cross-validation and of their scores."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.neighbors import KNeighborsRegressor

from hwnas.encoding import OneHot
from hwnas.predictor import Predictor
from hwnas.predictor.nn._mlp import MLP
from hwnas.scores import kendall_tau
from hwnas.space import NASBench201
from hwnas.tuning._cross_validation import CrossValidation


def test_cross_validation_groups_are_held_out_once_and_together() -> None:
    groups = np.repeat(np.arange(20), 3)
    folds = CrossValidation.of(60, groups, 3, seed=1)

    assert sorted(np.concatenate([test for _, test in folds.splits])) == list(range(60))
    for train, test in folds.splits:
        assert not set(groups[train]) & set(groups[test])


def test_cross_validation_same_seed_gives_the_same_folds() -> None:
    first, again, other = (CrossValidation.of(30, None, 3, seed=s).splits for s in (0, 0, 1))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(first, other, strict=True))


def test_scores_memorised_noise_is_about_0() -> None:
    """A model that memorises its training measurements cannot predict held-out noise."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)), rng.normal(size=300)
    memorising = KNeighborsRegressor(n_neighbors=1)

    assert kendall_tau(y, memorising.fit(X, y).predict(X)) == pytest.approx(1.0)
    scores = list(CrossValidation.of(300, None, 3, seed=0).scores(memorising, X, y))
    assert abs(np.mean([s.kendall_tau for s in scores])) < 0.15


def test_scores_constant_model_on_pairs_are_0() -> None:
    """Pooled held-out predictions of a constant model would score -1."""
    X, y = np.arange(5.0)[:, None], np.arange(5.0)
    folds = CrossValidation.of(5, None, 3, seed=0)
    scores = list(folds.scores(DummyRegressor(), X, y))

    assert folds.leave_pair_out
    assert len(scores) == 10
    assert [s.kendall_tau for s in scores] == [0.0] * 10


def test_scores_folds_fitted_together_equal_separate_fits() -> None:
    space = NASBench201()
    X = space.enumerate()[::100]
    y = (X == 3).sum(axis=1) + 0.1 * (X == 2).sum(axis=1)
    predictor = Predictor(space, OneHot(), MLP(epochs=5, min_steps=100, random_state=0))
    folds = CrossValidation.of(len(X), None, 3, seed=0)

    together = [score.kendall_tau for score in folds.scores(predictor, X, y)]
    alone = [
        kendall_tau(y[test], clone(predictor).fit(X[train], y[train]).predict(X[test]))
        for train, test in folds.splits
    ]
    assert together == pytest.approx(alone, abs=0.01)
    assert min(together) > 0.3


def test_cross_validation_three_groups_give_no_folds() -> None:
    assert CrossValidation.of(9, np.repeat(np.arange(3), 3), 3, seed=0).splits == ()


class Diverged(DummyRegressor):
    """A model whose training diverged: it predicts NaN."""

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(X), np.nan)


def test_scores_nan_prediction_raises() -> None:
    folds = CrossValidation.of(30, None, 3, seed=0)
    with pytest.raises(ValueError, match="NaN"):
        list(folds.scores(Diverged(), np.zeros((30, 2)), np.arange(30.0)))
