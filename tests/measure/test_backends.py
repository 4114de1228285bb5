"""Both backends run the same network, and time it."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from hwnas.backend import Backend, ONNXRuntime, Torch, time_calls
from hwnas.backend._onnxruntime import build_onnx
from hwnas.backend._torch import build_forward
from hwnas.backend._weights import RandomWeights, random_image
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network import Network, build
from hwnas.space import FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro

TINY = ImageSet("tiny", resolution=8, classes=7)
SMALL = ImageSet("small", resolution=64, classes=7)
NETWORKS: list[tuple[SearchSpace, tuple[int, ...], ImageSet, dict[str, int]]] = [
    (NASBench201(), (3, 2, 4, 1, 3, 2), TINY, {"channels": 4, "cells_per_stage": 1}),
    (NASBench201(), (0, 0, 0, 0, 0, 0), TINY, {"channels": 4, "cells_per_stage": 1}),
    (TransNASMicro(), (3, 2, 1, 1, 3, 2), SMALL, {"channels": 8}),
    (TransNASMacro(), (4, 1, 2, 3, 0, 0), SMALL, {"channels": 8}),
    (FBNet(), (1, 5, 3, 8, 0, 2, 4, 6, 7, 8, 1, 5, 3, 8, 0, 2, 4, 6, 7, 8, 1, 5), SMALL, {}),
]


@pytest.fixture(params=NETWORKS, ids=lambda case: f"{case[0].name}-{case[1][0]}")
def network(request: pytest.FixtureRequest) -> Network:
    space, architecture, image_set, sizes = request.param
    return build(space, architecture, image_set, dead_edges=False, **sizes)


def test_both_backends_compute_the_same_scores(network: Network) -> None:
    image = random_image(network.nodes[0].layer, 2, seed=3)
    model = build_onnx(network, 2, seed=3).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (by_onnxruntime,) = session.run(None, {"image": image})
    with torch.inference_mode():
        by_torch = build_forward(network, seed=3)(torch.from_numpy(image)).numpy()
    assert by_torch.shape == (2, 7)
    assert np.isfinite(by_torch).all()
    scale = np.abs(by_torch).max()
    np.testing.assert_allclose(by_onnxruntime / scale, by_torch / scale, atol=1e-4)


def test_weights_come_from_the_seed_and_lie_apart(network: Network) -> None:
    layers = [node.layer for node in network.nodes if node.layer.kind == "conv"]
    first, again, other = RandomWeights(0), RandomWeights(0), RandomWeights(1)
    for layer in layers:
        weight = first.of(layer)["weight"]
        np.testing.assert_array_equal(weight, again.of(layer)["weight"])
        assert not np.array_equal(weight, other.of(layer)["weight"])
        assert weight.base is None or not np.shares_memory(weight, again.of(layer)["weight"])


@pytest.mark.parametrize("backend", [Torch(), ONNXRuntime()], ids=lambda each: each.name)
def test_backend_times_every_run(backend: Backend) -> None:
    space, architecture, image_set, sizes = NETWORKS[0]
    small = build(space, architecture, image_set, dead_edges=False, **sizes)
    large = build(space, (3,) * 6, image_set, dead_edges=False, channels=64, cells_per_stage=2)
    times = [
        backend.prepare(each, batch_size=1, threads=1, seed=0)(9).min() for each in (small, large)
    ]
    assert backend.prepare(small, batch_size=1, threads=1, seed=0)(5).shape == (5,)
    assert 0 < times[0] < times[1]
    assert backend.name in backend.facts()


def test_unknown_unit_is_a_users_mistake() -> None:
    small = build(NASBench201(), (1,) * 6, TINY)
    with pytest.raises(UserError, match=r"backend\.provider=Toaster"):
        ONNXRuntime(provider="Toaster").prepare(small, 1, 1, 0)
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match=r"backend\.device=cuda"):
            Torch(device="cuda").prepare(small, 1, 1, 0)


def test_time_calls_counts_calls_and_measures_milliseconds() -> None:
    from time import sleep

    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        sleep(0.002)

    times = time_calls(call, 4)
    assert len(calls) == 4
    assert (times >= 2).all()
    assert times.min() < 50
