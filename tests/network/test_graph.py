"""Single layers and small graphs, compared with hand-computed counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hwnas.image_set import ImageSet
from hwnas.network import Layer, Network, Node, build, count_layers
from hwnas.network._builder import GraphBuilder
from hwnas.space import NASBench201

SPACE = NASBench201()


def test_layer_convolution_counts_equal_hand_computed() -> None:
    # 5 x 5 image, 4 -> 6 channels, two groups, stride 2 and padding 1: 3 x 3 out.
    conv = Layer("conv", 4, 6, 5, 3, kernel=3, stride=2, padding=1, groups=2)
    assert conv.params == 3 * 3 * (4 // 2) * 6 == 108
    assert conv.macs == 108 * 9
    assert (conv.input_elements, conv.output_elements) == (4 * 25, 6 * 9)
    assert conv.bytes_moved == 4 * (100 + 108 + 54)
    assert conv.elementwise_operations == 0


@pytest.mark.parametrize(
    ("layer", "params", "macs", "elementwise", "read", "written"),
    [
        (Layer("linear", 64, 10, 1, 1), 650, 650, 0, 64, 10),
        (Layer("batch_norm", 8, 8, 4, 4), 16, 0, 256, 128, 128),
        (Layer("relu", 8, 8, 4, 4), 0, 0, 128, 128, 128),
        (Layer("add", 8, 8, 4, 4), 0, 0, 128, 256, 128),
        (Layer("zero", 8, 8, 4, 4), 0, 0, 128, 128, 128),
        (Layer("avg_pool", 8, 8, 4, 4, kernel=3, padding=1), 0, 0, 9 * 128, 128, 128),
        (Layer("global_avg_pool", 8, 8, 4, 1), 0, 0, 128, 128, 8),
        (Layer("concat", 8, 16, 4, 4), 0, 0, 0, 256, 256),
        (Layer("channel_shuffle", 8, 8, 4, 4, groups=2), 0, 0, 0, 128, 128),
        (Layer("input", 3, 3, 4, 4), 0, 0, 0, 0, 48),
    ],
    ids=lambda value: value.kind if isinstance(value, Layer) else "",
)
def test_layer_other_kinds_counts_equal_hand_computed(
    layer: Layer, params: int, macs: int, elementwise: int, read: int, written: int
) -> None:
    assert (layer.params, layer.macs, layer.elementwise_operations) == (params, macs, elementwise)
    assert (layer.input_elements, layer.output_elements) == (read, written)
    assert layer.bytes_moved == 4 * (read + params + written)


def test_graph_builder_shapes_equal_hand_computed() -> None:
    graph = GraphBuilder(3, 9)
    conv = graph.conv(0, 8, kernel=3, stride=2)
    assert (graph.channels(conv), graph.size(conv)) == (8, 5)
    pool = graph.avg_pool(conv, kernel=2, stride=2, padding=0)
    assert (graph.channels(pool), graph.size(pool)) == (8, 2)
    with pytest.raises(ValueError, match="2 pixels is too small"):
        graph.avg_pool(pool, kernel=3, stride=1, padding=0)


def test_peak_activation_bytes_equals_hand_computed() -> None:
    # image 3x4x4 = 48; conv to 8 channels = 128, relu in place of nothing (conv output is read
    # twice), second conv = 128, add in place, pool to 8, linear to 2.
    graph = GraphBuilder(3, 4)
    conv = graph.conv(0, 8, kernel=3)
    relu = graph.pointwise("relu", conv)
    branch = graph.conv(relu, 8, kernel=3)
    graph.classifier(graph.add([conv, branch]), classes=2)
    network = graph.network(4, 2)
    # The peak is during the second convolution, when three tensors exist: conv, relu, branch.
    assert network.peak_activation_bytes == 4 * (128 + 128 + 128)


def test_peak_activation_bytes_in_place_layer_adds_nothing() -> None:
    shape = Layer("relu", 8, 8, 4, 4)
    image = Node(replace(shape, kind="input"))
    assert Network((image, Node(shape, (0,))), 4, 1).peak_activation_bytes == 4 * 128
    twice = (image, Node(shape, (0,)), Node(replace(shape, kind="add"), (0, 1)))
    assert Network(twice, 4, 1).peak_activation_bytes == 4 * 256


def test_peak_activation_bytes_of_cell_equals_hand_computed(cifar10: ImageSet) -> None:
    feature_map = 16 * 32 * 32
    # The cells have only identities, so the peak is in the block between two stages. Three tensors
    # exist there: its input, which the shortcut reads later, the input after ReLU, and the output
    # of the convolution, which is half as large.
    chain = build(SPACE, (0, 0, 0, 1, 0, 0), cifar10)
    whole = build(SPACE, (3, 3, 3, 3, 3, 3), cifar10)
    assert chain.peak_activation_bytes == 4 * 2.5 * feature_map
    assert whole.peak_activation_bytes > chain.peak_activation_bytes


def test_build_nodes_in_topological_order(cifar10: ImageSet) -> None:
    network = build(SPACE, (3, 4, 1, 0, 2, 3), cifar10)
    for index, node in enumerate(network.nodes):
        assert len(node.inputs) == node.layer.n_inputs
        for source in node.inputs:
            assert source < index
            before = network.nodes[source].layer
            assert (before.out_channels, before.out_size) == (
                node.layer.in_channels,
                node.layer.in_size,
            )
    assert network.nodes[-1].layer == Layer("linear", 64, 10, 1, 1)


def test_build_every_node_is_read(cifar10: ImageSet) -> None:
    network = build(SPACE, (3, 4, 1, 0, 2, 3), cifar10)
    used = {source for node in network.nodes for source in node.inputs}
    assert used == set(range(len(network.nodes) - 1))


def test_build_sizes_change_network(cifar10: ImageSet) -> None:
    row = (3, 3, 3, 3, 3, 3)
    small = build(SPACE, row, cifar10, channels=8, cells_per_stage=1, in_channels=1)
    assert small.nodes[0].layer.out_channels == 1
    convs = small.layer_counts[Layer("conv", 8, 8, 32, 32, kernel=3, padding=1)]
    assert convs == 6
    with pytest.raises(TypeError, match="cells"):
        build(SPACE, row, cifar10, cells=1)


def test_build_invalid_architecture_raises(cifar10: ImageSet) -> None:
    with pytest.raises(ValueError, match="expected shape"):
        build(SPACE, (1, 2), cifar10)
    with pytest.raises(ValueError, match="must lie in"):
        count_layers(SPACE, SPACE.enumerate() + 5, cifar10)
