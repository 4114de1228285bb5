"""OFA-MobileNetV3: published counts of known networks, and total costs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hwnas.backend import build_onnx
from hwnas.backend._forward import build_forward
from hwnas.image_set import ImageSet
from hwnas.network import TOTALS, OFASkeleton, Skeleton, build, skeleton
from hwnas.space import Architectures, Choices, spaces

IMAGES = ImageSet("ImageNet", 224, 1000)
SPACE = spaces()["ofa"]
#: Resolution, depths, and for each stage the kernels and the expansions of the blocks.
NOTE8_22MS = (140, "22222", ["3333", "5533", "7333", "5333", "3733"],
              ["3333", "3333", "4333", "3433", "6636"])  # fmt: skip
NOTE8_31MS = (152, "22334", ["5333", "5533", "3353", "3573", "3355"],
              ["3333", "4333", "4444", "4343", "6333"])  # fmt: skip


def architecture(
    resolution: int, depths: str, kernels: list[str], expansions: list[str]
) -> Architectures:
    parts = [f"resolution={resolution}"]
    for stage in range(5):
        parts.append(f"stage{stage + 1}.depth={depths[stage]}")
        for block in range(4):
            name = f"stage{stage + 1}.block{block + 1}"
            parts += [f"{name}.kernel={kernels[stage][block]}"]
            parts += [f"{name}.expansion={expansions[stage][block]}"]
    return SPACE.from_strings([";".join(parts)])


@pytest.mark.parametrize(
    ("chosen", "params", "flops"), [(NOTE8_22MS, 4.3, 70.9), (NOTE8_31MS, 4.6, 105.4)]
)
def test_ofa_counts_are_those_that_mmrazor_publishes(
    chosen: tuple[int, str, list[str], list[str]], params: float, flops: float
) -> None:
    """The README of mmrazor's once-for-all gives millions of parameters and FLOPs.

    Its FLOPs are multiply-accumulates, and the operations of normalisations, ReLU and poolings.
    """
    network = build(SPACE, architecture(*chosen)[0].tolist(), IMAGES)
    counted = ("batch_norm", "relu", "global_avg_pool")
    others = sum(
        node.layer.elementwise_operations for node in network.nodes if node.layer.kind in counted
    )
    assert round(network.params / 1e6, 1) == params
    assert round((network.macs + others) / 1e6, 1) == flops


def test_ofa_largest_network_has_published_parameters() -> None:
    largest = architecture(224, "44444", ["7777"] * 5, ["6666"] * 5)
    assert build(SPACE, largest[0].tolist(), IMAGES).params == pytest.approx(7.66e6, abs=1e4)


def test_ofa_totals_equal_sums_over_the_layers() -> None:
    rows = SPACE.sample(3, np.random.default_rng(0))
    ofa = skeleton(SPACE)
    assert isinstance(ofa, OFASkeleton)
    totals = ofa.totals(rows, IMAGES)
    np.testing.assert_allclose(totals, Skeleton.totals(ofa, rows, IMAGES))
    macs = [TOTALS.index(f"macs_{kind}") for kind in ("dense", "grouped")]
    network = build(SPACE, rows[0].tolist(), IMAGES)
    assert totals[0, macs].sum() == network.macs


def test_ofa_network_runs_in_torch_as_in_onnx() -> None:
    assert isinstance(SPACE, Choices)
    smallest = architecture(128, "22222", ["3333"] * 5, ["3333"] * 5)
    network = build(SPACE, smallest[0].tolist(), IMAGES)
    image = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(build_onnx(network, 1, seed=0).SerializeToString())
    [scores] = session.run(None, {session.get_inputs()[0].name: image.numpy()})
    expected = build_forward(network, seed=0)(image).numpy()
    np.testing.assert_allclose(scores, expected, rtol=1e-2, atol=1e-3)
