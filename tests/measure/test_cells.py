"""The batched networks are the networks they claim to be, and their gradients are right."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.measure._cells import CellNetworks
from hwnas.measure._digits import Training, load, train
from hwnas.measure._layers import Norm, ReluConvNorm
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
    return in_double(CellNetworks(SPACE, CELLS, channels=4, classes=10, seed=0))


def in_double(networks: CellNetworks) -> CellNetworks:
    parameters = networks.parameters
    # Scales and shifts away from 1 and 0, so that none can hide.
    generator = torch.Generator().manual_seed(1)
    parameters.value = parameters.value.double()
    parameters.value += 0.3 * torch.randn(parameters.value.shape, generator=generator).double()
    parameters.gradient = parameters.gradient.double()
    parameters.hand_out()
    return networks


def images(n: int) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(8, 8, n, generator=generator, dtype=torch.float64)


def conv(x: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    out, columns = weight.shape
    window = 3 if columns == 9 * x.shape[1] else 1
    kernel = weight.view(out, window, window, x.shape[1]).permute(0, 3, 1, 2)
    return functional.conv2d(x, kernel, stride=stride, padding=window // 2)


def norm(x: Tensor, layer: Norm, row: int) -> Tensor:
    scale, shift = layer.scale.value[row, :, 0], layer.shift.value[row, :, 0]
    return functional.batch_norm(x, None, None, scale, shift, training=True)


def relu_conv_norm(x: Tensor, layer: ReluConvNorm, row: int) -> Tensor:
    y = conv(functional.relu(x), layer.weight.value[row], layer.stride)
    return norm(y, layer.norm, row)


def cell(networks: CellNetworks, index: int, stage: int, x: Tensor) -> Tensor:
    nodes = [x, *[torch.zeros_like(x)] * 3]
    for (start, end), choice in zip(EDGES, SPACE.live(CELLS)[index].tolist(), strict=True):
        operation = SPACE.operations[choice]
        if operation == "skip_connect":
            nodes[end] = nodes[end] + nodes[start]
        elif operation == "avg_pool_3x3":
            nodes[end] = nodes[end] + functional.avg_pool2d(nodes[start], 3, 1, 1, False, False)
        elif operation != "none":
            ((edges, layer),) = [
                (edges, layer)
                for name, edges, layer in networks.cells[stage].into[end]
                if name == operation and layer is not None
            ]
            y = relu_conv_norm(nodes[start], layer, edges.row(start, index))
            nodes[end] = nodes[end] + y
    return nodes[-1]


def scores_by_torch(networks: CellNetworks, index: int, x: Tensor) -> Tensor:
    """Run one network with PyTorch's own layers, on images (batch, 1, 8, 8)."""
    y = norm(conv(x, networks.stem.value[index]), networks.stem_norm, index)
    for stage in range(3):
        y = cell(networks, index, stage, y)
        if stage < 2:
            block = networks.residuals[stage]
            inner = relu_conv_norm(relu_conv_norm(y, block.first, index), block.second, index)
            y = inner + conv(functional.avg_pool2d(y, 2), block.shortcut.value[index])
    y = functional.relu(norm(y, networks.head, index)).mean(dim=(2, 3))
    return functional.linear(y, networks.linear.value[index], networks.bias.value[index, :, 0])


@pytest.mark.parametrize("index", range(len(CELLS)))
def test_forward_is_that_of_torchs_own_layers(networks: CellNetworks, index: int) -> None:
    x = images(6)
    with torch.no_grad():
        batched = networks.forward(x, "train")[index].T
        single = scores_by_torch(networks, index, x.permute(2, 0, 1)[:, None])
    torch.testing.assert_close(batched, single, atol=1e-6, rtol=1e-6)


def test_backward_is_the_gradient(networks: CellNetworks) -> None:
    x, labels = images(5), torch.arange(5)
    values = networks.parameters.value

    def loss() -> float:
        scores = networks.forward(x, "train")
        return float(
            functional.cross_entropy(scores, labels.expand(len(CELLS), 5), reduction="sum")
        )

    with torch.no_grad():
        scores = networks.forward(x, "train")
        networks.backward(scores.softmax(dim=1) - functional.one_hot(labels, 10).double().T)
        gradient = networks.parameters.gradient.clone()
        step = 1e-6
        for place in np.random.default_rng(0).choice(len(values), 150, replace=False).tolist():
            before = values[place].item()
            values[place] = before + step
            above = loss()
            values[place] = before - step
            below = loss()
            values[place] = before
            numeric = (above - below) / (2 * step)
            assert gradient[place].item() == pytest.approx(numeric, rel=1e-3, abs=1e-5)


def test_company_does_not_change_an_architectures_accuracy() -> None:
    together = train(SPACE, CELLS, QUICK, seed=0)
    alone = [train(SPACE, CELLS[i : i + 1], QUICK, seed=0)[0] for i in range(len(CELLS))]
    np.testing.assert_allclose(together, alone, atol=0.3)
    assert not np.array_equal(together, train(SPACE, CELLS, QUICK, seed=1))


def test_training_learns_digits_where_anything_reaches_the_output() -> None:
    longer = Training(**{**vars(QUICK), "n_train": 400, "epochs": 4})
    accuracies = train(SPACE, CELLS, longer, seed=0)
    assert accuracies[1] < 25  # all none: the same scores for every image
    assert (accuracies[[0, 2, 3]] > 70).all()


def test_digits_are_split_without_overlap_and_standardised() -> None:
    digits = load(300)
    assert digits.train_images.shape == (8, 8, 300)
    assert digits.test_images.shape == (8, 8, 1497)
    assert float(digits.train_images.mean()) == pytest.approx(0, abs=1e-5)
    assert float(digits.train_images.std()) == pytest.approx(1, abs=1e-5)
    train_rows = {tuple(row) for row in digits.train_images.reshape(64, -1).T.tolist()}
    test_rows = {tuple(row) for row in digits.test_images.reshape(64, -1).T.tolist()}
    assert not train_rows & test_rows
