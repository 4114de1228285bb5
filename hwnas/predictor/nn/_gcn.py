"""The neural predictor of Wen et al.: graph convolutions along and against the edges."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwnas.encoding import N_VERTICES, Graph
from hwnas.predictor.nn._network import NetworkRegressor, dropout, glorot, uniform


def unpack(X: NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Split rows of the encoding :class:`hwnas.encoding.Graph` into features and adjacency.

    Returns
    -------
    features : Tensor, shape (n, 8, width)
    adjacency : Tensor, shape (n, 8, 8)
        Entry (i, j) is 1 if vertex i feeds vertex j.
    """
    vertices = torch.as_tensor(X, dtype=torch.float32).reshape(len(X), N_VERTICES, -1)
    return vertices[..., N_VERTICES:].contiguous(), vertices[..., :N_VERTICES].contiguous()


def row_normalised(adjacency: Tensor) -> Tensor:
    """Divide every row by its sum."""
    return adjacency / adjacency.sum(-1, keepdim=True)


class GCN(NetworkRegressor):
    """Directed graph convolutional network (Wen et al., "Neural Predictor for NAS", ECCV 2020).

    A graph convolution averages, for every vertex, over the vertex and those that it feeds, and
    with other weights over the vertex and those that feed it. Its output is the mean of both after
    a ReLU. Two linear layers turn the mean over all vertices of the last output into the value.

    Parameters
    ----------
    hidden, n_layers : int
        Width and number of the graph convolutions.
    hidden_linear : int
        Width of the first linear layer.
    dropout : float
        Rate of dropout after every graph convolution and after the first linear layer.
    epochs, min_steps, batch_size, learning_rate, weight_decay, warmup, random_state
        See :class:`hwnas.predictor.nn._network.NetworkRegressor`.

    Examples
    --------
    >>> from hwnas.encoding import Graph
    >>> from hwnas.space import NASBench201
    >>> cells = NASBench201().enumerate()[::400]
    >>> X, y = Graph(space=NASBench201()).fit_transform(cells), (cells == 3).sum(axis=1) - 1.0
    >>> bool(abs(GCN().fit(X, y).predict(X) - y).max() < 0.1)
    True
    """

    #: The only encoding that the model reads; see `hwnas.predictor.build`.
    input_encoding: ClassVar[type] = Graph

    def __init__(
        self,
        hidden: int = 32,
        n_layers: int = 4,
        hidden_linear: int = 128,
        dropout: float = 0.0,
        epochs: int = 140,
        min_steps: int = 300,
        batch_size: int = 128,
        learning_rate: float = 1e-2,
        weight_decay: float = 3e-4,
        warmup: float | None = 0.3,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.n_layers = n_layers
        self.hidden_linear = hidden_linear
        self.dropout = dropout
        self.epochs = epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.random_state = random_state

    def _inputs(self, X: NDArray[Any]) -> tuple[Tensor, ...]:
        features, adjacency = unpack(X)
        forward = row_normalised(adjacency + torch.eye(N_VERTICES))
        # As published: the backward matrix is the transpose of the normalised forward matrix.
        backward = row_normalised(forward.transpose(1, 2))
        return features, forward, backward

    def _network(self, inputs: tuple[Tensor, ...], generator: torch.Generator) -> nn.Module:
        widths = [inputs[0].shape[-1], *[self.hidden] * self.n_layers]
        return _Network(widths, self.hidden_linear, self.dropout, generator)

    def _loss(
        self, inputs: tuple[Tensor, ...], target: Tensor, generator: torch.Generator
    ) -> Tensor:
        return nn.functional.mse_loss(self.network_(*inputs, generator), target)


class _Network(nn.Module):
    def __init__(
        self, widths: list[int], linear: int, rate: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.rate = rate
        # The weights of both directions lie side by side: one product per layer instead of two.
        self.convolutions = nn.ParameterList(
            nn.Parameter(
                torch.cat([glorot(*shape, generator=generator).data for _ in range(2)], dim=1)
            )
            for shape in np.lib.stride_tricks.sliding_window_view(widths, 2).tolist()
        )
        self.first = uniform(widths[-1], linear, bound=widths[-1] ** -0.5, generator=generator)
        self.last = uniform(linear, 1, bound=linear**-0.5, generator=generator)

    def forward(
        self,
        x: Tensor,
        forward: Tensor,
        backward: Tensor,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        for weight in self.convolutions:
            ahead, back = (x @ weight).chunk(2, dim=-1)
            x = (torch.relu(forward @ ahead) + torch.relu(backward @ back)) / 2
            x = dropout(x, self.rate, generator)
        x = dropout(x.mean(dim=1) @ self.first, self.rate, generator)
        return (x @ self.last).squeeze(-1)
