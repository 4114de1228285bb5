"""The layer counts of many architectures, compared with the graphs of single ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hwnas.backend._forward import build_forward
from hwnas.backend._weights import random_image
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network import Read, build, count_layers, reaching
from hwnas.seeding import generator
from hwnas.space import LISTABLE, Architectures, FBNet, NASBench201, SearchSpace, space_classes

#: All search spaces with a skeleton, including those that a contributor adds.
SPACES = [each() for each in space_classes().values() if each.skeleton is not None]
SPACE = NASBench201()


def sample(space: SearchSpace, n: int) -> Architectures:
    rng = generator(0, "tests", space.name)
    if space.size > LISTABLE:
        shape = (n, space.n_positions)
        return rng.integers(0, len(space.operations), shape).astype(np.int8)
    return space.enumerate()[rng.choice(space.size, n, replace=False)]


@pytest.mark.parametrize("dead_edges", [False, True])
@pytest.mark.parametrize("resolution", [64, 33])
@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_count_layers_equals_graphs(space: SearchSpace, resolution: int, dead_edges: bool) -> None:
    image_set = ImageSet("images", resolution, 7)
    rows = sample(space, 25)
    counted = count_layers(space, rows, image_set, dead_edges=dead_edges)
    for row, counts in zip(rows.tolist(), counted.counts.tolist(), strict=True):
        network = build(space, row, image_set, dead_edges=dead_edges)
        layers = zip(counted.layers, counts, strict=True)
        assert network.layer_counts == {layer: count for layer, count in layers if count}


def test_layer_counts_totals_equal_graphs(cifar10: ImageSet) -> None:
    rows = sample(SPACE, 20)
    counted = count_layers(SPACE, rows, cifar10)
    networks = [build(SPACE, row, cifar10) for row in rows.tolist()]
    assert counted.macs.tolist() == [network.macs for network in networks]
    assert counted.params.tolist() == [network.params for network in networks]


def test_count_layers_other_sizes_equal_graphs(cifar10: ImageSet) -> None:
    rows = sample(SPACE, 5)
    counted = count_layers(SPACE, rows, cifar10, channels=8, cells_per_stage=1)
    networks = [build(SPACE, r, cifar10, channels=8, cells_per_stage=1) for r in rows.tolist()]
    assert counted.params.tolist() == [network.params for network in networks]


@pytest.mark.parametrize(
    "dead",
    [
        (3, 0, 0, 1, 0, 0),  # node 1 has no path to the output
        (0, 0, 0, 1, 0, 3),  # node 2 is empty
        (0, 0, 3, 1, 0, 3),  # node 1 is empty, and so is node 2
        (0, 0, 2, 1, 4, 0),  # node 1 is empty
    ],
)
def test_build_dead_edges_have_no_layers(dead: tuple[int, ...], cifar10: ImageSet) -> None:
    live = build(SPACE, (0, 0, 0, 1, 0, 0), cifar10)
    assert build(SPACE, dead, cifar10) == live
    assert build(SPACE, dead, cifar10, dead_edges=True).macs >= live.macs


def test_build_dead_cell_is_one_zero(cifar10: ImageSet) -> None:
    network = build(SPACE, (3, 2, 0, 0, 0, 0), cifar10)
    kinds = [node.layer.kind for node in network.nodes]
    assert kinds.count("zero") == 15
    assert network.macs == build(SPACE, (0, 0, 0, 1, 0, 0), cifar10).macs


def test_build_with_dead_edges_has_all_edges(cifar10: ImageSet) -> None:
    network = build(SPACE, (3, 0, 0, 0, 0, 0), cifar10, dead_edges=True)
    kinds = [node.layer.kind for node in network.nodes]
    assert kinds.count("zero") == 15 * 5
    assert kinds.count("add") == 15 * 3 + 2  # and one in each block between stages
    assert kinds.count("avg_pool") == 2


@pytest.mark.parametrize(
    ("cell", "runs_like"),
    [
        # A convolution on a dead edge runs, and its result is added nowhere.
        ((3, 0, 0, 1, 0, 0), {"nor_conv_3x3": 1, "additions": 0}),
        # The operation that computes its input runs too. An identity costs nothing, a pooling does.
        ((1, 0, 3, 1, 0, 0), {"nor_conv_3x3": 1, "additions": 0}),
        ((4, 0, 3, 1, 0, 0), {"nor_conv_3x3": 1, "avg_pool_3x3": 1, "additions": 0}),
        # Convolutions whose sum is multiplied by 0 do not run, because the multiplication can only
        # be folded into a convolution right before it.
        ((1, 3, 3, 1, 0, 0), {"additions": 0}),
        # A dead pooling does not run.
        ((4, 0, 0, 1, 0, 0), {"additions": 0}),
        # A convolution of zeros runs, and its result is added.
        ((0, 0, 0, 1, 0, 2), {"nor_conv_1x1": 1, "additions": 1}),
    ],
)
def test_count_layers_folded_keeps_convolutions(
    cell: tuple[int, ...], runs_like: dict[str, int], cifar10: ImageSet
) -> None:
    plain, counted = (
        count_layers(SPACE, np.array([row], dtype=np.int8), cifar10, dead_edges="folded")
        for row in ((0, 0, 0, 1, 0, 0), cell)
    )

    def in_first_stage(kind: str, kernel: int) -> int:
        number = 0
        for networks, sign in ((counted, 1), (plain, -1)):
            for layer, count in zip(networks.layers, networks.counts[0], strict=True):
                shape = (layer.in_channels, layer.out_channels, layer.kernel)
                if layer.kind == kind and shape == (16, 16, kernel):
                    number += sign * int(count)
        return number

    assert in_first_stage("conv", 1) == 5 * runs_like.get("nor_conv_1x1", 0)
    assert in_first_stage("conv", 3) == 5 * runs_like.get("nor_conv_3x3", 0)
    assert in_first_stage("avg_pool", 3) == 5 * runs_like.get("avg_pool_3x3", 0)
    assert in_first_stage("add", 1) == 5 * runs_like["additions"]


def test_count_layers_folded_constant_network_has_no_layers(cifar10: ImageSet) -> None:
    rows = np.array([[0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0]], dtype=np.int8)
    counts = count_layers(SPACE, rows, cifar10, dead_edges="folded").counts
    assert counts.any(axis=1).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("cell", "edges"),
    [
        # The skip connection reads a zero tensor and is executed.
        ((0, 0, 0, 3, 1, 0), [0, 0, 0, 1, 1, 0]),
        # Nothing that reaches the output reads node 1.
        ((3, 0, 3, 3, 0, 0), [0, 0, 0, 1, 0, 0]),
        ((3, 1, 4, 0, 2, 3), [1, 1, 1, 0, 1, 1]),
        # The output does not depend on the input, so nothing is executed.
        ((0, 0, 3, 0, 3, 3), [0, 0, 0, 0, 0, 0]),
    ],
)
def test_reaching_edges_with_path_to_output_are_executed(
    cell: tuple[int, ...], edges: list[int]
) -> None:
    found = reaching(SPACE, np.array([cell], dtype=np.int8))
    assert found[0].astype(int).tolist() == edges


def test_count_layers_reaching_counts_reads_of_all_cells(cifar10: ImageSet) -> None:
    # Node 1 is read by two convolutions, node 2 by a skip connection; the second cell is constant.
    rows = np.array([[4, 1, 2, 0, 3, 1], [3, 0, 3, 0, 0, 0]], dtype=np.int8)
    networks = count_layers(SPACE, rows, cifar10, dead_edges="reaching")
    assert {read: counts.tolist() for read, counts in networks.reads.items()} == {
        Read("conv", 1): [2 * 15, 0],
        Read("elementwise", 1): [0, 0],
        Read("conv", 2): [0, 0],
        Read("elementwise", 2): [15, 0],
    }
    assert networks.counts.any(axis=1).tolist() == [True, False]


def test_count_layers_reads_follow_number_of_cells(cifar10: ImageSet) -> None:
    rows = np.array([[3, 0, 0, 0, 3, 0]], dtype=np.int8)
    counts = count_layers(SPACE, rows, cifar10, cells_per_stage=2)
    assert counts.reads[Read("conv", 1)].tolist() == [3 * 2]


def test_count_layers_space_without_cells_has_no_reads(cifar10: ImageSet) -> None:
    space = FBNet()
    rows = np.zeros((1, space.n_positions), dtype=np.int8)
    assert count_layers(space, rows, cifar10).reads == {}


def test_count_layers_equal_functions_equal_macs(cifar10: ImageSet) -> None:
    rows = sample(SPACE, 300)
    live = count_layers(SPACE, SPACE.live(rows), cifar10)
    assert count_layers(SPACE, rows, cifar10).macs.tolist() == live.macs.tolist()


def test_skeleton_space_without_network_raises(
    cifar10: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = sample(SPACE, 2)
    monkeypatch.setattr(NASBench201, "skeleton", None)
    with pytest.raises(UserError, match="no network of its architectures is known"):
        count_layers(SPACE, rows, cifar10)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_macs_and_torchs_counter_agree(space: SearchSpace) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    image_set = ImageSet("images", 32, 7)
    for row in sample(space, 2).tolist():
        network = build(space, row, image_set, dead_edges=False)
        forward = build_forward(network, seed=0)
        image = torch.from_numpy(random_image(network.nodes[0].layer, 1, seed=0))
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            forward(image)
        # As NAS-Bench-201's own counter, ours adds the bias of the last layer; torch does not.
        assert 2 * (network.macs - network.classes) == counter.get_total_flops()
