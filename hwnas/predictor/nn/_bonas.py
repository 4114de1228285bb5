"""BONAS's predictor: graph convolutions that a global node sums up."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwnas.encoding import N_VERTICES
from hwnas.predictor.nn._gcn import unpack
from hwnas.predictor.nn._training import NetworkRegressor, glorot, uniform


class BONAS(NetworkRegressor):
    """Graph convolutional network with a global node (Shi et al., BONAS, NeurIPS 2020).

    Every vertex feeds one more vertex, the global node, whose last features a linear layer turns
    into the value. A layer sums, for every vertex, over itself and the vertices that feed it;
    each is followed by batch normalisation and rectification.

    Parameters
    ----------
    hidden, n_layers : int
        Width and number of the graph convolutions.
    first_bound : float or None
        First weights of the graph convolutions are drawn from U(-first_bound, first_bound), None:
        by Glorot & Bengio's rule. Batch normalisation cancels their scale, so that smaller ones
        turn further at the same learning rate.
    epochs, min_steps, batch_size, learning_rate, weight_decay, warmup
        See :func:`hwnas.predictor.nn._training.train`.
    random_state : int, RandomState or None
        Seed of the first weights and the batches.
    """

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
        Row the giver, column the taker.

    Returns
    -------
    features : Tensor, shape (n, 9, width + 1)
        The last column marks the global node, the last vertex.
    takes : Tensor, shape (n, 9, 9)
        Row the taker, column the giver; every vertex takes from itself, the global node from all.
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
        # No bias: batch normalisation would subtract it again.
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
