"""The layer counts of networks, compared with published numbers."""

from __future__ import annotations

import pytest

from hwnas.image_set import ImageSet
from hwnas.network import build, count_layers
from hwnas.space import FBNet, NASBench201, TransNASMacro, TransNASMicro

NASBENCH201 = NASBench201()
IMAGE_SETS = {
    "cifar10": ImageSet("cifar10", 32, 10),
    "cifar100": ImageSet("cifar100", 32, 100),
    "ImageNet16-120": ImageSet("ImageNet16-120", 16, 120),
}
SCENES = ImageSet("class_scene", 256, 47)
FIRST = (
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+"
    "|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
)
SECOND = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+"
    "|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
)


@pytest.mark.parametrize(
    ("cell", "image_set", "mflops"),
    [
        # github.com/D-X-Y/NATS-Bench/issues/24
        (FIRST, "cifar10", 15.64737),
        (FIRST, "cifar100", 15.65322),
        (FIRST, "ImageNet16-120", 3.91948),
        # github.com/D-X-Y/NATS-Bench/issues/36
        (
            "|skip_connect~0|+|none~0|nor_conv_3x3~1|+"
            "|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
            "cifar10",
            113.95137,
        ),
    ],
)
def test_macs_nasbench201_equal_published_flops(cell: str, image_set: str, mflops: float) -> None:
    network = build(NASBENCH201, NASBENCH201.parse(cell), IMAGE_SETS[image_set], dead_edges=True)
    assert network.macs / 1e6 == pytest.approx(mflops, abs=6e-6)


@pytest.mark.parametrize(
    ("image_set", "mflops", "million_params"),
    # github.com/D-X-Y/NATS-Bench/issues/18
    [("cifar10", 113.95, 0.802), ("cifar100", 113.96, 0.808), ("ImageNet16-120", 28.50, 0.810)],
)
def test_params_nasbench201_equal_published(
    image_set: str, mflops: float, million_params: float
) -> None:
    network = build(NASBENCH201, NASBENCH201.parse(SECOND), IMAGE_SETS[image_set], dead_edges=True)
    assert round(network.macs / 1e6, 2) == mflops
    assert round(network.params / 1e6, 3) == million_params


@pytest.mark.parametrize(
    ("image_set", "params", "mflops"),
    # Smallest and largest values of the benchmark, which its users quote for normalisation.
    [
        ("cifar10", (73_306, 1_531_546), (7.78305, 220.11969)),
        ("cifar100", (79_156, 1_537_396), (7.7889, 220.12554)),
    ],
)
def test_counts_nasbench201_extremes_equal_published(
    image_set: str, params: tuple[int, int], mflops: tuple[float, float]
) -> None:
    counts = count_layers(
        NASBENCH201, NASBENCH201.enumerate(), IMAGE_SETS[image_set], dead_edges=True
    )
    assert (counts.params.min(), counts.params.max()) == params
    assert (counts.macs.min() / 1e6, counts.macs.max() / 1e6) == pytest.approx(mflops, abs=6e-6)


def test_counts_fbnet_c_equal_published() -> None:
    # The architecture, and 5.6 million parameters and 0.4 GMACs: timm's fbnetc_100 (model card
    # timm/fbnetc_100.rmsp_in1k); 375 million multiply-accumulates: FBNet, table 3.
    stages = (
        "k3_e1|"
        "k3_e6|skip|k3_e1|k3_e1|"
        "k5_e6|k5_e3|k5_e6|k3_e6|"
        "k5_e6|k5_e3|k5_e6|k5_e6|"
        "k5_e6|k5_e6|k5_e6|k5_e3|"
        "k5_e6|k5_e6|k5_e6|k5_e6|"
        "k3_e6"
    )
    space = FBNet()
    network = build(space, space.parse(stages), ImageSet("imagenet", 224, 1000))
    assert round(network.params / 1e6, 1) == 5.6
    assert network.macs / 1e6 == pytest.approx(375, rel=0.03)


@pytest.mark.parametrize(
    ("position", "block", "weights"),
    # Convolution weights of single blocks of FBNet-B: github.com/JunrQ/NAS/issues/19
    [(1, "k3_e6", 4704), (5, "k5_e6", 11664), (8, "k5_e6", 17088), (13, "k5_e6", 77184)],
)
def test_params_fbnet_block_equal_published(position: int, block: str, weights: int) -> None:
    space = FBNet()
    counts = []
    for name in (block, "skip"):
        row = [space.operations.index("skip")] * space.n_positions
        row[position] = space.operations.index(name)
        network = build(space, row, ImageSet("imagenet", 224, 1000))
        layers = (node.layer for node in network.nodes)
        counts.append(sum(layer.params for layer in layers if layer.kind == "conv"))
    # A skip that changes the shape is a 1x1 convolution.
    shortcut = {1: 16 * 24, 5: 24 * 32, 8: 0, 13: 64 * 112}[position]
    assert counts[0] - counts[1] + shortcut == weights


def test_counts_transnas_macro_equal_hand_computed() -> None:
    # 64-4111-basic; stem 3 -> 32 -> 64, then blocks of two 3x3 convolutions.
    space = TransNASMacro()
    network = build(space, space.parse("64-4111-basic"), SCENES)
    stem = 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64
    widening = 9 * 64 * 128 + 9 * 128 * 128 + 64 * 128 + 3 * 2 * 128
    block = 2 * (9 * 128 * 128 + 2 * 128)
    assert network.params == stem + widening + 7 * block + 128 * 47 + 47
    assert network.nodes[-2].layer.in_size == 256 // 8


def test_counts_transnas_micro_equal_hand_computed() -> None:
    # 64-41414 reduces three times; a cell with only an identity from input to output.
    space = TransNASMicro()
    network = build(space, space.parse("64-41414-0_00_100"), SCENES)
    stem = 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64
    reductions = sum(c * 2 * c + 2 * 2 * c for c in (64, 128, 256))
    assert network.params == stem + reductions + 512 * 47 + 47
    assert network.nodes[-2].layer.in_size == 256 // 32
