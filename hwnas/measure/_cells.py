"""Reduced networks of many cells, which grouped convolutions compute together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hwnas.seeding import generator
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

_N_STAGES = 3
_KERNEL_SIZES = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


class CellNetworks(nn.Module):
    """The networks of K cells, as one module.

    The skeleton is that of NAS-Bench-201 (Dong & Yang, ICLR 2020, section 2.1), with fewer channels
    and one cell in each stage. The feature maps of all networks are concatenated along the channel
    axis, shape (batch, K * channels, height, width). One convolution with K groups then applies the
    weights of every network to the channels of that network.

    Parameters
    ----------
    space : CellSpace
    architectures : array of int8, shape (K, 6)
    channels : int
        Channels of the first stage. Each further stage has twice as many.
    n_classes : int
    seed : int
        Seed of the initial weights. The initial weights of a network depend on this seed and its
        architecture, and not on the other architectures.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> space = NASBench201()
    >>> networks = CellNetworks(space, space.enumerate()[:5], channels=4, n_classes=10, seed=0)
    >>> networks(torch.zeros(20, 1, 8, 8)).shape
    torch.Size([5, 20, 10])
    """

    def __init__(
        self,
        space: CellSpace,
        architectures: Architectures,
        channels: int,
        n_classes: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.k = len(architectures)
        draw = _InitialWeights(seed, space.rank(architectures).tolist())
        everyone = range(self.k)
        live = space.live(architectures)
        widths = [channels << stage for stage in range(_N_STAGES)]
        self.stem = _Convolution(draw(everyone, widths[0], 1, kernel_size=3))
        self.stem_norm = _batch_norm(self.k * widths[0])
        self.cells = nn.ModuleList(_Cell(space, live, width, draw) for width in widths)
        self.residuals = nn.ModuleList(_Residual(width, draw, everyone) for width in widths[:-1])
        self.head = nn.Sequential(_batch_norm(self.k * widths[-1]), nn.ReLU())
        self.weight = nn.Parameter(draw(everyone, n_classes, widths[-1])[..., 0, 0])
        self.bias = nn.Parameter(torch.zeros(self.k, 1, n_classes))

    def forward(self, images: Tensor) -> Tensor:
        """Return every network's scores, shape (K, batch, n_classes).

        Parameters
        ----------
        images : tensor, shape (batch, 1, height, width)
        """
        x = self.stem_norm(self.stem(images.expand(-1, self.k, -1, -1)))
        for stage, cell in enumerate(self.cells):
            x = cell(x)
            if stage < len(self.residuals):
                x = self.residuals[stage](x)
        pooled = self.head(x).mean(dim=(2, 3)).unflatten(1, (self.k, -1)).transpose(0, 1)
        return torch.baddbmm(self.bias, pooled, self.weight.transpose(1, 2))


class _InitialWeights:
    """Draws initial weights (He et al., 2015), with one random generator for each network."""

    def __init__(self, seed: int, ranks: Sequence[int]) -> None:
        self._random = [generator(seed, "weights", rank) for rank in ranks]

    def __call__(
        self, networks: Sequence[int], n_out: int, n_in: int, kernel_size: int = 1
    ) -> Tensor:
        """Return weights, shape (networks, n_out, n_in, kernel_size, kernel_size)."""
        fan_in = n_in * kernel_size**2
        drawn = [
            self._random[network].standard_normal((n_out, fan_in), dtype=np.float32)
            for network in networks
        ]
        # The networks of the bundled accuracies drew their weights in this order of the axes.
        by_position = np.stack(drawn).reshape(-1, n_out, kernel_size, kernel_size, n_in)
        # The copy is contiguous. From other strides torch would infer another memory layout.
        weights = by_position.transpose(0, 1, 4, 2, 3).copy()
        return torch.from_numpy(weights) * math.sqrt(2 / fan_in)


class _Convolution(nn.Conv2d):
    """One convolution for all networks, with separate weights for each network.

    Parameters
    ----------
    weights : tensor, shape (networks, n_out, n_in, kernel_size, kernel_size)
        The initial weights.
    stride : int
    """

    def __init__(self, weights: Tensor, stride: int = 1) -> None:
        k, n_out, n_in, kernel_size, _ = weights.shape
        super().__init__(
            k * n_in,
            k * n_out,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            groups=k,
            bias=False,
            device="meta",  # torch draws no weights on this device
        )
        self.weight = nn.Parameter(weights.flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return shape (batch, networks * n_out, height / stride, width / stride)."""
        if self.groups > 1:
            y = super().forward(x)
        else:
            # For one group torch uses another algorithm, which rounds differently. A single network
            # is computed twice, so that its result is the same as among other networks.
            x, weight = x.repeat(1, 2, 1, 1), self.weight.repeat(2, 1, 1, 1)
            y = functional.conv2d(x, weight, None, self.stride, self.padding, groups=2)
        # In another memory layout, torch's layers round differently.
        return y[:, : self.out_channels].contiguous()


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    # With a momentum of 1, evaluation uses the statistics of the last batch seen in training mode.
    return nn.BatchNorm2d(channels, momentum=1.0)


def _relu_conv_norm(weights: Tensor, stride: int = 1) -> nn.Sequential:
    convolution = _Convolution(weights, stride)
    return nn.Sequential(nn.ReLU(), convolution, _batch_norm(convolution.out_channels))


class _Edges(nn.Module):
    """The edges of all networks that end in one node and have the same operation.

    Parameters
    ----------
    end : int
        The node in which the edges end.
    sources : list of (int, tensor)
        For each node in which such edges start: the node, and the networks with such an edge.
    layer : module
        The operation. It takes the concatenated feature maps of all these edges.

    Attributes
    ----------
    networks : tensor, shape (n_edges,)
        The network of each edge.
    """

    def __init__(self, end: int, sources: Sequence[tuple[int, Tensor]], layer: nn.Module) -> None:
        super().__init__()
        self.end = end
        self.sources = sources
        self.networks = torch.cat([networks for _, networks in sources])
        self.layer = layer

    def forward(self, nodes: Sequence[Tensor]) -> Tensor:
        """Return the edges' outputs, shape (batch, n_edges, channels, height, width).

        Parameters
        ----------
        nodes : sequence of tensor, shape (batch, K, channels, height, width)
            The values of the nodes.
        """
        inputs = torch.cat([nodes[start].index_select(1, nets) for start, nets in self.sources], 1)
        outputs: Tensor = self.layer(inputs.flatten(1, 2))
        return outputs.view(inputs.shape)


class _Cell(nn.Module):
    """The cells of all networks in one stage. Dead edges of `architectures` must be ``none``."""

    def __init__(
        self, space: CellSpace, architectures: Architectures, width: int, draw: _InitialWeights
    ) -> None:
        super().__init__()
        self.width = width
        self.edges = nn.ModuleList()
        for end in range(1, N_NODES):
            for index, operation in enumerate(space.operations):
                sources = _sources(end, index, architectures)
                if not sources or index == space.none:
                    continue
                networks = [network for _, nets in sources for network in nets.tolist()]
                self.edges.append(_Edges(end, sources, _layer(operation, networks, width, draw)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of the cells, shape (batch, K * width, height, width) like `x`."""
        first = x.view(len(x), -1, self.width, *x.shape[2:])
        nodes = [first, *[torch.zeros_like(first)] * (N_NODES - 1)]
        # The edges are ordered by end node, so a node is complete before an edge starts from it.
        for edges in cast("Iterable[_Edges]", self.edges):
            nodes[edges.end] = nodes[edges.end].index_add(1, edges.networks, edges(nodes))
        return nodes[-1].flatten(1, 2)


def _sources(end: int, operation: int, architectures: Architectures) -> list[tuple[int, Tensor]]:
    """Return the start nodes of edges to node `end` that have the operation, with their networks.

    Each start node comes with the indices of the networks that have such an edge.
    """
    by_start = [
        (start, torch.from_numpy(np.flatnonzero(architectures[:, edge] == operation)))
        for edge, (start, to) in enumerate(EDGES)
        if to == end
    ]
    return [(start, networks) for start, networks in by_start if len(networks)]


def _layer(operation: str, networks: Sequence[int], width: int, draw: _InitialWeights) -> nn.Module:
    if operation in _KERNEL_SIZES:
        return _relu_conv_norm(draw(networks, width, width, _KERNEL_SIZES[operation]))
    if operation == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return nn.Identity()


class _Residual(nn.Module):
    """The block between two stages. It halves the resolution and doubles the channels."""

    def __init__(self, width: int, draw: _InitialWeights, networks: Sequence[int]) -> None:
        super().__init__()
        self.first = _relu_conv_norm(draw(networks, 2 * width, width, kernel_size=3), stride=2)
        self.second = _relu_conv_norm(draw(networks, 2 * width, 2 * width, kernel_size=3))
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2), _Convolution(draw(networks, 2 * width, width))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return shape (batch, K * 2 * width, height / 2, width / 2)."""
        deep: Tensor = self.second(self.first(x))
        shallow: Tensor = self.shortcut(x)
        return deep + shallow
