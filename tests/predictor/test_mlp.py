"""Perceptrons, and training many of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hwnas.encoding import OneHot, Structure
from hwnas.errors import UserError
from hwnas.predictor import Predictor, fit_many
from hwnas.predictor.nn import MLP
from hwnas.predictor.nn._mlp_training import forward
from hwnas.space import Architectures, NASBench201
from tests.predictor.members import additive, draw

SPACE = NASBench201()
QUICK: dict[str, Any] = {"width": 8, "epochs": 5, "min_steps": 40}


def test_forward_two_layers_equals_result_by_hand() -> None:
    weights = [
        torch.tensor([[[1.0, -1.0], [2.0, 0.5]]]),
        torch.tensor([[[0.5, 0.0]]]),
        torch.tensor([[[3.0], [4.0]]]),
        torch.tensor([[[-1.0]]]),
    ]
    # hidden = relu([1 + 4 + 0.5, -1 + 1]) = [5.5, 0]; output = 16.5 - 1
    assert forward(weights, torch.tensor([[[1.0, 2.0]]]), "relu").tolist() == [[15.5]]


def test_fit_many_equals_fit_of_each_alone() -> None:
    """Training together changes no model, even where sizes and recipes differ."""
    predictors = [
        Predictor(SPACE, Structure(), MLP(random_state=seed, n_members=members, **QUICK))
        for seed, members in [(0, 1), (1, 1), (2, 3), (3, 1)]
    ]
    X = [draw(SPACE, n, seed) for seed, n in enumerate((40, 40, 40, 25))]
    y = [additive(SPACE, architectures) for architectures in X]
    held_out = draw(SPACE, 50, seed=9)
    alone = [p.fit(a, b).predict(held_out) for p, a, b in zip(predictors, X, y, strict=True)]
    together = [p.predict(held_out) for p in fit_many(predictors, X, y)]
    np.testing.assert_allclose(together, alone, rtol=1e-3)
    assert np.abs(alone[0] - alone[1]).max() > 0.1


def test_fit_many_same_measurements_encodes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    X, others = draw(SPACE, 30, seed=0), draw(SPACE, 30, seed=1)
    encoded = []
    transform = Structure.transform

    def counted(self: Structure, rows: Architectures) -> NDArray[np.float64]:
        encoded.append(len(rows))
        return transform(self, rows)

    predictors = [Predictor(SPACE, Structure(), MLP(random_state=seed, **QUICK)) for seed in (0, 1)]
    predictors.append(Predictor(SPACE, OneHot(), MLP(random_state=0, **QUICK)))
    predictors.append(Predictor(SPACE, Structure(), MLP(random_state=0, **QUICK)))
    y = additive(SPACE, X)
    monkeypatch.setattr(Structure, "transform", counted)
    fit_many(predictors, [X, X, X, others], [y, y, y, additive(SPACE, others)])
    assert len(encoded) == 2
    monkeypatch.undo()
    together = [p.predict(others) for p in predictors]
    alone = [p.fit(X, y).predict(others) for p in predictors[:3]]
    np.testing.assert_allclose(together[:3], alone, rtol=1e-3)
    assert np.abs(together[0] - together[3]).max() > 0.1


def test_fit_many_model_without_batched_fit_fits_one_by_one() -> None:
    from sklearn.linear_model import Ridge

    predictors = [Predictor(SPACE, Structure(), Ridge(alpha=alpha)) for alpha in (0.1, 10.0)]
    X = draw(SPACE, 30, seed=0)
    y = additive(SPACE, X)
    together = [p.predict(X) for p in fit_many(predictors, [X, X], [y, y])]
    alone = [p.fit(X, y).predict(X) for p in predictors]
    np.testing.assert_array_equal(together, alone)


def test_fit_leaves_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        MLP(**QUICK, random_state=0).fit(np.eye(3), np.arange(3.0))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_fit_leaves_torchs_generator_as_it_was() -> None:
    before = torch.random.get_rng_state()
    MLP(**QUICK, random_state=0).fit(np.eye(3), np.arange(3.0))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_fit_l1_output_shrinks_output_layer() -> None:
    X = np.random.default_rng(0).random((40, 5))
    y = X @ np.arange(5.0) - 5
    free, held = (
        MLP(**QUICK, weight_decay=0.0, l1_output=factor, random_state=0).fit(X, y)
        for factor in (0.0, 1.0)
    )
    assert np.abs(held.weights_[-2]).sum() < 0.5 * np.abs(free.weights_[-2]).sum()


@pytest.mark.parametrize(
    ("name", "word", "meant"),
    [
        ("activation", "rleu", "relu"),
        ("first_weights", "gloro", "glorot"),
        ("schedule", "cosin", "cosine"),
        ("loss", "l11", "l1"),
    ],
)
def test_fit_unknown_word_names_the_nearest(name: str, word: str, meant: str) -> None:
    wrong: dict[str, Any] = {name: word}
    with pytest.raises(UserError, match=f"{name}: no '{word}'; did you mean '{meant}'"):
        MLP(**wrong).fit(np.eye(2), np.arange(2.0))
