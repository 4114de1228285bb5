"""The networks of many cells compute what single networks compute, with correct gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from hwnas.measure._cells import CellNetworks
from hwnas.measure._digits import Training, load, train
from hwnas.space import EDGES, NASBench201

SPACE = NASBench201()
CELLS = np.array(
    [[3, 2, 4, 1, 3, 2], [0, 0, 0, 0, 0, 0], [1, 3, 0, 4, 2, 3], [3, 3, 3, 3, 3, 3]], dtype=np.int8
)
QUICK = Training(
    channels=4,
    n_train=40,
    epochs=1,
    batch_size=20,
    learning_rate=0.1,
    momentum=0.9,
    weight_decay=5e-4,
)


@pytest.fixture
def networks() -> CellNetworks:
    networks = CellNetworks(SPACE, CELLS, channels=4, n_classes=10, seed=0).double()
    # Scales other than 1 and shifts other than 0, so that a missing one changes the result.
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in networks.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
    return networks


def images(n: int) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(n, 1, 8, 8, generator=generator, dtype=torch.float64)


def conv(x: Tensor, layer: Any, row: int) -> Tensor:
    """Apply one network's convolution."""
    weight = layer.weight.chunk(layer.groups)[row]
    padding = weight.shape[-1] // 2
    return functional.conv2d(x, weight, stride=layer.stride, padding=padding)


def norm(x: Tensor, layer: Any, row: int) -> Tensor:
    """Apply one network's batch norm."""
    scale, shift = (torch.split(part, x.shape[1])[row] for part in (layer.weight, layer.bias))
    return functional.batch_norm(x, None, None, scale, shift, training=True)


def relu_conv_norm(x: Tensor, layers: Any, row: int) -> Tensor:
    _, convolution, normalise = layers
    return norm(conv(functional.relu(x), convolution, row), normalise, row)


def cell(networks: CellNetworks, index: int, stage: int, x: Tensor) -> Tensor:
    nodes = [x, *[torch.zeros_like(x)] * 3]
    for (start, end), choice in zip(EDGES, SPACE.live(CELLS)[index].tolist(), strict=True):
        operation = SPACE.operations[choice]
        if operation == "skip_connect":
            nodes[end] = nodes[end] + nodes[start]
        elif operation == "avg_pool_3x3":
            nodes[end] = nodes[end] + functional.avg_pool2d(nodes[start], 3, 1, 1, False, False)
        elif operation != "none":
            layers, row = layers_of_edge(networks, index, stage, (start, end), operation)
            nodes[end] = nodes[end] + relu_conv_norm(nodes[start], layers, row)
    return nodes[-1]


def layers_of_edge(
    networks: CellNetworks, index: int, stage: int, edge: tuple[int, int], operation: str
) -> tuple[nn.Sequential, int]:
    """Return the layers that contain the convolution of a network's edge, and its index there."""
    size = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[operation]
    start, end = edge
    cells: Any = networks.cells[stage]
    (edges,) = [
        edges
        for edges in cells.edges
        if edges.end == end
        and isinstance(edges.layer, nn.Sequential)
        and edges.layer[1].kernel_size == (size, size)
    ]
    starts = [node for node, nets in edges.sources for _ in nets]
    places = list(zip(starts, edges.networks.tolist(), strict=True))
    return edges.layer, places.index((start, index))


def scores_by_torch(networks: CellNetworks, index: int, x: Tensor) -> Tensor:
    """Compute the scores of one network alone, from images of shape (batch, 1, 8, 8)."""
    y = norm(conv(x, networks.stem, index), networks.stem_norm, index)
    for stage in range(3):
        y = cell(networks, index, stage, y)
        if stage < 2:
            block: Any = networks.residuals[stage]
            inner = relu_conv_norm(relu_conv_norm(y, block.first, index), block.second, index)
            y = inner + conv(functional.avg_pool2d(y, 2), block.shortcut[1], index)
    y = functional.relu(norm(y, networks.head[0], index)).mean(dim=(2, 3))
    return functional.linear(y, networks.weight[index], networks.bias[index, 0])


@pytest.mark.parametrize("index", range(len(CELLS)))
def test_networks_forward_equals_each_network_by_itself(networks: CellNetworks, index: int) -> None:
    x = images(6)
    with torch.no_grad():
        torch.testing.assert_close(
            networks(x)[index], scores_by_torch(networks, index, x), atol=1e-6, rtol=1e-6
        )


def test_networks_backward_equals_finite_differences(networks: CellNetworks) -> None:
    x, labels = images(5), torch.arange(5).repeat(len(CELLS))
    parameters = list(networks.parameters())

    def loss() -> Tensor:
        return functional.cross_entropy(networks(x).flatten(0, 1), labels, reduction="sum")

    gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss(), parameters)])
    values = parameters_to_vector(parameters).detach()
    step = 1e-6
    with torch.no_grad():
        for place in np.random.default_rng(0).choice(len(values), 150, replace=False).tolist():
            around = []
            for change in (step, -step):
                moved = values.clone()
                moved[place] += change
                vector_to_parameters(moved, parameters)
                around.append(loss().item())
            numeric = (around[0] - around[1]) / (2 * step)
            assert gradient[place].item() == pytest.approx(numeric, rel=1e-3, abs=1e-5)


def test_train_other_architectures_beside_keeps_accuracy() -> None:
    together = train(SPACE, CELLS, QUICK, seed=0)
    alone = [train(SPACE, CELLS[i : i + 1], QUICK, seed=0)[0] for i in range(len(CELLS))]
    np.testing.assert_allclose(together, alone, atol=0.3)
    assert not np.array_equal(together, train(SPACE, CELLS, QUICK, seed=1))


def test_train_learns_digits_unless_the_cell_is_all_none() -> None:
    longer = Training(**{**vars(QUICK), "n_train": 400, "epochs": 4})
    accuracies = train(SPACE, CELLS, longer, seed=0)
    assert accuracies[1] < 25  # all none: the same scores for every image
    assert (accuracies[[0, 2, 3]] > 70).all()


def test_load_splits_without_overlap_and_standardises() -> None:
    digits = load(300)
    assert digits.train_images.shape == (300, 1, 8, 8)
    assert digits.test_images.shape == (1497, 1, 8, 8)
    assert float(digits.train_images.mean()) == pytest.approx(0, abs=1e-5)
    assert float(digits.train_images.std()) == pytest.approx(1, abs=1e-5)
    train_rows = {tuple(row) for row in digits.train_images.flatten(1).tolist()}
    test_rows = {tuple(row) for row in digits.test_images.flatten(1).tolist()}
    assert not train_rows & test_rows
