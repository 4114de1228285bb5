"""The predictor of BONAS: a graph convolutional network with a global node."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwnas.encoding import N_VERTICES, Graph
from hwnas.predictor.nn._gcn import unpack
from hwnas.predictor.nn._network import NetworkRegressor, glorot, uniform


class BONAS(NetworkRegressor):
    """Graph convolutional network with a global node (Shi et al., BONAS, NeurIPS 2020).

    One more vertex, the global node, is fed by all others. A graph convolution sums, for every
    vertex, the features of the vertex itself and of those that feed it; batch normalisation and
    ReLU follow. A linear layer turns the global node's last features into the value.

    Parameters
    ----------
    hidden, n_layers : int
        Width and number of the graph convolutions.
    first_bound : float or None
        The graph convolutions' first weights are drawn from U(-first_bound, first_bound), or by
        Glorot & Bengio's rule if it is None. Batch normalisation cancels the scale of the weights,
        so that steps at the same learning rate change the direction of smaller weights more.
    epochs, min_steps, batch_size, learning_rate, weight_decay, warmup, random_state
        See :class:`hwnas.predictor.nn._network.NetworkRegressor`.
    """

    #: The only encoding that the model reads; see `hwnas.predictor.build`.
    input_encoding: ClassVar[type] = Graph

    def __init__(
        self,
        hidden: int = 32,
        n_layers: int = 4,
        first_bound: float | None = None,
        epochs: int = 140,
        min_steps: int = 300,
        batch_size: int = 128,
        learning_rate: float = 2e-2,
        weight_decay: float = 1e-2,
        warmup: float | None = 0.3,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.n_layers = n_layers
        self.first_bound = first_bound
        self.epochs = epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.random_state = random_state

    def _inputs(self, X: NDArray[Any]) -> tuple[Tensor, ...]:
        return with_global_node(*unpack(X))

    def _network(self, inputs: tuple[Tensor, ...], generator: torch.Generator) -> nn.Module:
        widths = [inputs[0].shape[-1], *[self.hidden] * self.n_layers]
        return _Network(widths, self.first_bound, generator)

    def _loss(
        self,
        inputs: tuple[Tensor, ...],
        target: Tensor,
        generator: torch.Generator,  # noqa: ARG002 (the network drops nothing)
    ) -> Tensor:
        return nn.functional.mse_loss(self.network_(*inputs), target)


def with_global_node(features: Tensor, adjacency: Tensor) -> tuple[Tensor, Tensor]:
    """Add the global node to graphs.

    Parameters
    ----------
    features : Tensor, shape (n, 8, width)
    adjacency : Tensor, shape (n, 8, 8)
        Entry (i, j) is 1 if vertex i feeds vertex j.

    Returns
    -------
    features : Tensor, shape (n, 9, width + 1)
        The last vertex is the global node, and the last column marks it.
    takes : Tensor, shape (n, 9, 9)
        Entry (i, j) is 1 if vertex j feeds vertex i. Every vertex feeds itself and the global node.
    """
    takes = nn.functional.pad(adjacency.transpose(1, 2), (0, 1, 0, 1))
    takes[:, N_VERTICES] = 1
    takes = torch.maximum(takes, torch.eye(N_VERTICES + 1))
    marked = nn.functional.pad(features, (0, 1, 0, 1))
    marked[:, N_VERTICES, -1] = 1
    return marked, takes


class _Network(nn.Module):
    def __init__(self, widths: list[int], bound: float | None, generator: torch.Generator) -> None:
        super().__init__()
        shapes = np.lib.stride_tricks.sliding_window_view(widths, 2).tolist()
        # Without biases, which batch normalisation would subtract again.
        self.convolutions = nn.ParameterList(
            glorot(*shape, generator=generator)
            if bound is None
            else uniform(*shape, bound=bound, generator=generator)
            for shape in shapes
        )
        self.normalisations = nn.ModuleList(nn.BatchNorm1d(width) for width in widths[1:])
        self.last = uniform(widths[-1], 1, bound=widths[-1] ** -0.5, generator=generator)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, takes: Tensor) -> Tensor:
        for weight, normalise in zip(self.convolutions, self.normalisations, strict=True):
            summed = takes @ (x @ weight)
            x = torch.relu(normalise(summed.flatten(0, 1))).view_as(summed)
        return (x[:, N_VERTICES] @ self.last + self.bias).squeeze(-1)
