"""Graph and sequence networks: their layers by hand, their training, and their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from hwnas.encoding import Graph, Tokens
from hwnas.errors import UserError
from hwnas.predictor._torch import denormals_flushed
from hwnas.predictor._training import Adam, train
from hwnas.predictor.bohamiann import AdaptiveSGHMC, Bohamiann
from hwnas.predictor.gp import SparseGP
from hwnas.predictor.nn import BONAS, GCN, NAO
from hwnas.predictor.nn._bonas import with_global_node
from hwnas.predictor.nn._gcn import unpack
from hwnas.space import NASBench201

SPACE = NASBench201()
CELLS = SPACE.enumerate()[::781]
GRAPHS = Graph(space=SPACE).fit_transform(CELLS)
TOKENS = Tokens(space=SPACE).fit_transform(CELLS)
Y = (CELLS == 3).sum(axis=1) - 1.0
QUICK: dict[str, Any] = {"hidden": 8, "epochs": 2, "min_steps": 1, "batch_size": 7}


def fitted(model: type[Any], **changed: Any) -> Any:
    X = TOKENS if model is NAO else GRAPHS
    return model(**QUICK | changed, random_state=0).fit(X, Y)


def predicted(model: type[Any], **changed: Any) -> NDArray[np.float64]:
    result: NDArray[np.float64] = fitted(model, **changed).predict(
        TOKENS if model is NAO else GRAPHS
    )
    return result


def test_gcn_inputs_average_over_what_a_vertex_feeds() -> None:
    features, forward, backward = GCN()._inputs(GRAPHS[:1])
    assert features.shape == (1, 8, 7)
    number = torch.arange(8.0)
    # The vertices, and those they feed: 0: 1, 2, 4; 1: 3, 5; 2 and 3: 6; 4, 5 and 6: 7.
    ahead = [7 / 4, 9 / 3, 8 / 2, 9 / 2, 11 / 2, 12 / 2, 13 / 2, 7]
    torch.testing.assert_close(forward[0] @ number, torch.tensor(ahead))
    assert torch.equal(backward[0] > 0, forward[0].T > 0)
    torch.testing.assert_close(backward[0].sum(dim=1), torch.ones(8))


def test_with_global_node_it_takes_from_all_and_feeds_none() -> None:
    features, takes = with_global_node(*unpack(GRAPHS[:1]))
    assert features.shape == (1, 9, 8)
    assert features[0, 8].tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert takes[0, 8].tolist() == [1] * 9
    assert takes[0, :8, 8].tolist() == [0] * 8
    # 2→3, vertex 6, takes from itself, 0→2 and 1→2.
    assert takes[0, 6].nonzero().flatten().tolist() == [2, 3, 6]


def adam(weight: torch.Tensor) -> Adam:
    return Adam([weight], weight_decay=0.0, decoupled=False, beta2=0.999)


def test_train_many_steps_clears_gradients_between_them() -> None:
    # Adam moves a weight of constant gradient by the learning rate a step, whatever the gradient;
    # gradients that pile up would move it less.
    weight = nn.Parameter(torch.zeros(1))
    train(
        adam(weight),
        lambda batch: 5 * weight.expand(len(batch)).mean(),
        batches=lambda: torch.split(torch.arange(10), 4),
        rate=lambda _: 0.01,
        n_steps=4 * 3,
    )
    assert weight.item() == pytest.approx(-0.12, rel=1e-4)


def test_train_draws_batches_anew_until_the_last_step() -> None:
    weight = nn.Parameter(torch.zeros(1))
    seen: list[list[int]] = []
    epochs = iter([[1, 2, 3], [4, 5, 6]])

    def loss(batch: torch.Tensor) -> torch.Tensor:
        seen.append(batch.tolist())
        return weight.sum()

    rates: list[int] = []

    def rate(step: int) -> float:
        rates.append(step)
        return 0.1

    train(adam(weight), loss, lambda: torch.split(torch.tensor(next(epochs)), 2), rate, n_steps=3)
    assert seen == [[1, 2], [3], [4, 5]]
    assert rates == [0, 1, 2]


@pytest.mark.parametrize(
    ("decoupled", "theirs"), [(False, torch.optim.Adam), (True, torch.optim.AdamW)]
)
def test_adam_steps_equal_those_of_torchs_class(decoupled: bool, theirs: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 4), (5,)]
    ours = [torch.randn(shape, generator=generator) for shape in shapes]
    reference = [nn.Parameter(weight.clone()) for weight in ours]
    optimiser = Adam(ours, weight_decay=0.1, decoupled=decoupled, beta2=0.99)
    expected = theirs(reference, lr=0.01, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
    for _ in range(5):
        optimiser.zero_gradients()
        for weight, parameter in zip(ours, reference, strict=True):
            gradient = torch.randn(weight.shape, generator=generator)
            assert weight.grad is not None
            weight.grad += gradient
            parameter.grad = gradient
        optimiser.step(0.01)
        expected.step()
    for weight, parameter in zip(ours, reference, strict=True):
        assert torch.equal(weight, parameter)


def test_fit_sees_every_measurement_once_in_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[float]] = []
    loss = GCN._loss

    def recorded(self: GCN, inputs: Any, target: torch.Tensor, generator: Any) -> torch.Tensor:
        seen.append(target.tolist())
        return loss(self, inputs, target, generator)

    monkeypatch.setattr(GCN, "_loss", recorded)
    # A network of two hidden units may die, which starts its training again.
    GCN(hidden=32, epochs=1, min_steps=6, batch_size=4).fit(GRAPHS[:10], np.arange(10.0))
    assert [len(batch) for batch in seen] == [3, 3, 4] * 2
    for epoch in (seen[:3], seen[3:]):
        assert sorted(value for batch in epoch for value in batch) == list(range(10))


@pytest.mark.parametrize("model", [GCN, BONAS, NAO])
def test_fit_takes_the_given_number_of_steps_and_width(model: type[Any]) -> None:
    # 21 cells in batches of at most 7: 3 steps an epoch.
    assert fitted(model, epochs=3, hidden=5).n_steps_ == 9
    assert fitted(model, batch_size=8, epochs=3).n_steps_ == 9
    assert fitted(model, batch_size=32, epochs=3).n_steps_ == 3
    assert fitted(model, min_steps=10).n_steps_ == 10
    weights = fitted(model, hidden=5).network_.parameters()
    assert any(5 in weight.shape for weight in weights)


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        *[(m, {"learning_rate": 0.003}) for m in (GCN, BONAS, NAO)],
        *[(m, {"weight_decay": 0.5}) for m in (GCN, BONAS, NAO)],
        *[(m, {"warmup": 0.0}) for m in (GCN, BONAS, NAO)],
        *[(m, {"warmup": None}) for m in (GCN, BONAS, NAO)],
        *[(m, {"n_layers": 2}) for m in (GCN, BONAS)],
        *[(m, {"dropout": 0.4}) for m in (GCN, NAO)],
        (NAO, {"reconstruction": 0.2}),
        (NAO, {"max_norm": 0.01}),
        (NAO, {"hidden_regressor": 7}),
        (GCN, {"hidden_linear": 7}),
        (BONAS, {"first_bound": 0.05}),
    ],
    ids=str,
)
def test_fit_hyperparameter_changes_predictions(model: type[Any], changed: dict[str, Any]) -> None:
    assert not np.allclose(predicted(model), predicted(model, **changed), atol=1e-5)


def test_bonas_first_weights_lie_within_first_bound() -> None:
    still = fitted(BONAS, first_bound=0.05, learning_rate=0.0).network_.convolutions
    for weight in still:
        assert 0.04 < weight.abs().max().item() <= 0.05


def test_predict_after_dropout_in_training_drops_nothing() -> None:
    model = fitted(GCN, dropout=0.4)
    np.testing.assert_array_equal(model.predict(GRAPHS), model.predict(GRAPHS))


def test_nao_token_beyond_vocabulary_raises() -> None:
    with pytest.raises(ValueError, match=r"0\.\.3"):
        NAO(n_tokens=4).fit(TOKENS, Y)


@pytest.mark.parametrize(
    "model",
    [
        GCN(**QUICK),
        BONAS(**QUICK),
        NAO(**QUICK),
        Bohamiann(n_steps=4, burn_in=1, keep_every=1),
        SparseGP(n_steps=2),
    ],
)
def test_fit_leaves_generator_threads_and_denormals_as_they_were(model: Any) -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    model.set_params(random_state=0).fit(TOKENS if isinstance(model, NAO) else GRAPHS, Y)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert torch.full((1,), 1e-38).mul(0.1).item() != 0


def test_denormals_flushed_ends_with_its_block() -> None:
    small = torch.full((1,), 1e-38)
    with denormals_flushed():
        assert small.mul(0.1).item() == 0
    assert small.mul(0.1).item() != 0


def test_bohamiann_burn_in_leaves_no_sample_raises() -> None:
    with pytest.raises(UserError, match=r"keep no sample.*predictor\.model\.n_steps=1020"):
        Bohamiann(n_steps=500, burn_in=1000, keep_every=20).fit(GRAPHS, Y)
    assert len(Bohamiann(n_steps=12, burn_in=10, keep_every=2).fit(GRAPHS, Y).samples_) == 1


@pytest.mark.parametrize(
    "changed",
    [{"first_weights": "linear"}, {"noise": 1e-4}, {"weight_precision": 50.0}, {"n_layers": 1}],
    ids=str,
)
def test_bohamiann_changed_setting_changes_predictions(changed: dict[str, Any]) -> None:
    def outputs(**settings: Any) -> NDArray[np.float64]:
        model = Bohamiann(
            width=8, n_steps=30, burn_in=10, keep_every=10, random_state=0, **settings
        )
        values: NDArray[np.float64] = model.fit(GRAPHS, Y).predict(GRAPHS)
        return values

    assert not np.allclose(outputs(), outputs(**changed), atol=1e-4)


def test_bohamiann_unknown_first_weights_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'linear'"):
        Bohamiann(first_weights="liner").fit(GRAPHS, Y)  # type: ignore[arg-type]


def test_sghmc_samples_a_known_distribution() -> None:
    weights = torch.full((500,), 3.0)
    sampler = AdaptiveSGHMC(weights, 0.01, torch.Generator().manual_seed(0))
    kept = []
    for step in range(4000):
        sampler.step(weights / 0.5**2, adapt=step < 1000)  # normal, standard deviation 0.5
        if step >= 1000 and step % 100 == 0:
            kept.append(weights.clone())
    samples = torch.stack(kept)
    assert abs(samples.mean().item()) < 0.05
    # A little too narrow: the sampler counts the gradient itself as noise.
    assert 0.4 < samples.std().item() < 0.55
