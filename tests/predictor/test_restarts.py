"""Networks whose training died are trained again from their next first weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hwnas.encoding import Graph, OneHot, Tokens
from hwnas.predictor import Predictor, fit_many, load_predictor
from hwnas.predictor._training import MOST_RESTARTS, differ, train_until_alive
from hwnas.predictor.nn import BONAS, GCN, MLP, NAO, _mlp_training, _network
from hwnas.space import NASBench201
from tests.predictor.members import additive, draw

SPACE = NASBench201()
X = draw(SPACE, 30, seed=0)
Y = additive(SPACE, X)
QUICK: dict[str, Any] = {"hidden": 8, "epochs": 2, "min_steps": 1, "batch_size": 7}
NETWORKS = [(GCN, Graph), (BONAS, Graph), (NAO, Tokens)]


def network_predictor(model: type[Any], encoding: type[Any]) -> Predictor:
    return Predictor(SPACE, encoding(), model(**QUICK, random_state=0))


def die(monkeypatch: pytest.MonkeyPatch, attempts: Sequence[int]) -> None:
    """Let the given attempts at training a graph or sequence network end with weights of 0."""
    train = _network.NetworkRegressor._train
    n_attempts = iter(range(100))

    def trained(self: Any, *given: Any) -> None:
        train(self, *given)
        if next(n_attempts) in attempts:
            for weight in self.network_.parameters():
                weight.data.zero_()

    monkeypatch.setattr(_network.NetworkRegressor, "_train", trained)


@pytest.mark.parametrize(("model", "encoding"), NETWORKS)
def test_fit_network_that_died_is_trained_again(
    model: type[Any], encoding: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = network_predictor(model, encoding).fit(X, Y).predict(X)
    die(monkeypatch, [0, 1])
    predictor = network_predictor(model, encoding).fit(X, Y)
    assert predictor.pipeline_[-1].n_restarts_ == 2
    again = predictor.predict(X)
    assert np.ptp(again) > 0
    assert not np.allclose(again, usual)


def test_fit_network_that_always_dies_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    die(monkeypatch, range(100))
    predictor = network_predictor(GCN, Graph).fit(X, Y)
    assert predictor.pipeline_[-1].n_restarts_ == MOST_RESTARTS
    assert np.ptp(predictor.predict(X)) < 1e-6


def test_fit_many_perceptron_that_died_is_trained_again_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second of three perceptrons dies once. The others are as they would be without it."""
    predictors = [
        Predictor(SPACE, OneHot(), MLP(width=8, epochs=5, min_steps=40, random_state=seed))
        for seed in range(3)
    ]
    usual = [p.predict(X) for p in fit_many(predictors, [X] * 3, [Y] * 3)]
    draw_weights = _mlp_training._first_weights
    n_draws = iter(range(100))

    def drawn(*given: Any) -> list[Tensor]:
        parts = draw_weights(*given)
        return [torch.zeros_like(part) for part in parts] if next(n_draws) == 1 else parts

    monkeypatch.setattr(_mlp_training, "_first_weights", drawn)
    again = [p.predict(X) for p in fit_many(predictors, [X] * 3, [Y] * 3)]
    assert [p.pipeline_[-1].n_restarts_ for p in predictors] == [0, 1, 0]
    np.testing.assert_allclose(again[::2], usual[::2], rtol=1e-4)
    assert np.ptp(again[1]) > 0.1
    assert not np.allclose(again[1], usual[1])


@pytest.mark.parametrize(
    ("architectures", "values"), [(X[:1].repeat(3, axis=0), Y[:3]), (X[:3], np.ones(3))]
)
def test_fit_constant_measurements_are_trained_once(
    architectures: np.ndarray[Any, Any], values: np.ndarray[Any, Any]
) -> None:
    """One value for all training rows is the right prediction here."""
    for model, encoding in [(MLP(epochs=2, min_steps=1), OneHot()), (GCN(**QUICK), Graph())]:
        predictor = Predictor(SPACE, encoding, model).fit(architectures, values)
        assert predictor.pipeline_[-1].n_restarts_ == 0


def test_train_until_alive_trains_only_dead_networks_again() -> None:
    asked = []

    def attempt(networks: list[int]) -> Tensor:
        asked.append(networks)
        alive = [network == 0 or len(asked) == 3 for network in networks]
        return torch.tensor([[0.0, float(each)] for each in alive])

    assert train_until_alive(attempt, [True, True, True, False]) == [0, 2, 2, 0]
    assert asked == [[0, 1, 2, 3], [1, 2], [1, 2]]


def test_differ_equal_rows_do_not() -> None:
    assert not differ(torch.ones(3, 2))
    assert differ(torch.tensor([1.0, 1.0, 2.0]))


def test_load_predictor_keeps_number_of_restarts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    die(monkeypatch, [0])
    network_predictor(GCN, Graph).fit(X, Y).save(tmp_path / "saved.hwnas")
    loaded = load_predictor(tmp_path / "saved.hwnas")
    assert loaded.pipeline_[-1].n_restarts_ == 1
