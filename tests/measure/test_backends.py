"""The backends ONNX Runtime and PyTorch."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from hwnas.backend import Backend, ONNXRuntime, Torch, runs_of, time_calls
from hwnas.backend._forward import build_forward
from hwnas.backend._onnxruntime import build_onnx
from hwnas.backend._weights import RandomWeights, _pool, random_image
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


def test_backends_same_network_equal_scores(network: Network) -> None:
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


def test_random_weights_depend_on_seed_and_share_no_memory(network: Network) -> None:
    def arrays(seed: int) -> list[NDArray[np.float32]]:
        weights = RandomWeights(seed)
        return [each for node in network.nodes for each in weights.of(node.layer).values()]

    first, pool, again, other = arrays(0), _pool(0), arrays(0), arrays(1)
    for one, same, another in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, another)
    # If layers shared memory, their weights would already be in the CPU's cache.
    for one, another in combinations([*first, pool], 2):
        assert not np.may_share_memory(one, another)


@pytest.mark.parametrize("backend", [Torch(), ONNXRuntime()], ids=lambda each: each.name)
def test_prepared_returns_time_of_every_run(backend: Backend) -> None:
    space, architecture, image_set, sizes = NETWORKS[0]
    small = build(space, architecture, image_set, dead_edges=False, **sizes)
    large = build(space, (3,) * 6, image_set, dead_edges=False, channels=64, cells_per_stage=2)
    times = [
        runs_of(backend, backend.prepare(each, 1, 1, seed=0), 9).milliseconds.min()
        for each in (small, large)
    ]
    assert 0 < times[0] < times[1]
    assert backend.name in backend.facts()


BAD_UNITS: list[Backend] = [
    ONNXRuntime(provider="Toaster"),
    Torch(device="toaster"),
    Torch(device="meta"),
]
BAD_UNITS += [] if torch.cuda.is_available() else [Torch(device="cuda")]
BAD_UNITS += [Torch(device="cuda:99")]


@pytest.mark.parametrize("backend", BAD_UNITS, ids=str)
def test_backend_missing_unit_raises(backend: Backend) -> None:
    small = build(NASBench201(), (1,) * 6, TINY)
    with pytest.raises(UserError, match=r"backend\.(device|provider)="):
        backend.facts()
    with pytest.raises(UserError, match=r"backend\.(device|provider)="):
        backend.prepare(small, 1, 1, 0)


def test_onnxruntime_provider_not_starting_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("the provider starts here")
    # A GPU build without a driver lists the provider, but runs on the CPU.
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    small = build(NASBench201(), (1,) * 6, TINY)
    with (
        pytest.warns(UserWarning, match="CUDAExecutionProvider"),
        pytest.raises(UserError, match=r"does not start on this machine.*on CPUExecutionProvider"),
    ):
        ONNXRuntime(provider="CUDAExecutionProvider").prepare(small, 1, 1, 0)


def pretend(monkeypatch: pytest.MonkeyPatch, kind: str, n: int) -> None:
    accelerator = torch.device(kind)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: accelerator)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: n)


def test_torch_run_waits_for_chosen_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    # The tensors have no values, so every layer runs and computes nothing.
    pretend(monkeypatch, "meta", 1)
    small = build(NASBench201(), (3,) * 6, TINY)
    Torch(device="meta").prepare(small, 1, 1, 0)(3)
    assert waited == [torch.device("meta")] * 3
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    waited.clear()
    Torch().prepare(small, 1, 1, 0)(3)
    assert waited == []


def test_torch_facts_name_chosen_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "device" not in Torch().facts()
    pretend(monkeypatch, "cuda", 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index}")
    facts = Torch(device="cuda:1").facts()
    assert (facts["unit"], facts["device"], facts["tf32"]) == ("GPU 1", "cuda:1", "off")
    with pytest.raises(UserError, match="has only the devices cpu, cuda, cuda:0, cuda:1"):
        Torch(device="cuda:2").facts()


def test_time_calls_returns_milliseconds_of_every_call() -> None:
    from time import sleep

    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        sleep(0.002)

    times = time_calls(call, 4)
    assert len(calls) == 4
    assert (times >= 2).all()
    assert times.min() < 50
