"""Reduced networks of many cells, trained at once by grouped convolutions."""

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
    """The networks of K cells: stem, three stages of one cell, residual blocks between, linear.

    The skeleton is NAS-Bench-201's (Dong & Yang, ICLR 2020, section 2.1), narrower and with one
    cell a stage. Feature maps of all networks lie side by side along the channel axis, shape
    (batch, K * channels, height, width). A convolution with K groups then applies every network's
    own weights to its own channels, in one call.

    Parameters
    ----------
    space : CellSpace
    architectures : array of int8, shape (K, 6)
    channels : int
        Channels of the first stage; each further stage has twice as many.
    n_classes : int
    seed : int
        The first weights of a network depend on this seed and on its architecture, and not on the
        other architectures.

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
        draw = _FirstWeights(seed, space.rank(architectures).tolist())
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


class _FirstWeights:
    """Draws first weights (He et al., 2015) from each network's own random generator."""

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
        # The bundled accuracies were trained from weights that are drawn in this order.
        by_position = np.stack(drawn).reshape(-1, n_out, kernel_size, kernel_size, n_in)
        # A copy has the usual strides; from equivalent ones torch infers another memory layout.
        weights = by_position.transpose(0, 1, 4, 2, 3).copy()
        return torch.from_numpy(weights) * math.sqrt(2 / fan_in)


class _Convolution(nn.Conv2d):
    """One convolution for all networks, each with its own weights.

    Parameters
    ----------
    weights : tensor, shape (networks, n_out, n_in, kernel_size, kernel_size)
        The first weights.
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
            device="meta",  # torch draws no weights of its own there
        )
        self.weight = nn.Parameter(weights.flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return shape (batch, networks * n_out, height / stride, width / stride)."""
        if self.groups > 1:
            y = super().forward(x)
        else:
            # For one group torch takes another algorithm, which rounds differently. A network that
            # is alone is computed twice, so that its result is the same as in company.
            x, weight = x.repeat(1, 2, 1, 1), self.weight.repeat(2, 1, 1, 1)
            y = functional.conv2d(x, weight, None, self.stride, self.padding, groups=2)
        # torch's layers round differently in another memory layout.
        return y[:, : self.out_channels].contiguous()


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    # With a momentum of 1, evaluation uses the statistics of the last batch seen in training mode.
    return nn.BatchNorm2d(channels, momentum=1.0)


def _relu_conv_norm(weights: Tensor, stride: int = 1) -> nn.Sequential:
    convolution = _Convolution(weights, stride)
    return nn.Sequential(nn.ReLU(), convolution, _batch_norm(convolution.out_channels))


class _Edges(nn.Module):
    """All networks' edges into one node that have the same operation.

    Parameters
    ----------
    end : int
        The node.
    sources : list of (int, tensor)
        A node that such edges start from, and the networks that have one from there.
    layer : module
        The operation, on the feature maps of all these edges side by side.

    Attributes
    ----------
    networks : tensor, shape (n_edges,)
        Each edge's network.
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
            The nodes' values.
        """
        inputs = torch.cat([nodes[start].index_select(1, nets) for start, nets in self.sources], 1)
        outputs: Tensor = self.layer(inputs.flatten(1, 2))
        return outputs.view(inputs.shape)


class _Cell(nn.Module):
    """The cells of all networks in one stage; dead edges of `architectures` must be ``none``."""

    def __init__(
        self, space: CellSpace, architectures: Architectures, width: int, draw: _FirstWeights
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
        """Return the cells' outputs, of the shape of `x`: (batch, K * width, height, width)."""
        first = x.view(len(x), -1, self.width, *x.shape[2:])
        nodes = [first, *[torch.zeros_like(first)] * (N_NODES - 1)]
        # Ordered by the node they enter: a node is complete before an edge leaves it.
        for edges in cast("Iterable[_Edges]", self.edges):
            nodes[edges.end] = nodes[edges.end].index_add(1, edges.networks, edges(nodes))
        return nodes[-1].flatten(1, 2)


def _sources(end: int, operation: int, architectures: Architectures) -> list[tuple[int, Tensor]]:
    """Return each node with edges of the operation into node `end`, and the networks with one."""
    by_start = [
        (start, torch.from_numpy(np.flatnonzero(architectures[:, edge] == operation)))
        for edge, (start, to) in enumerate(EDGES)
        if to == end
    ]
    return [(start, networks) for start, networks in by_start if len(networks)]


def _layer(operation: str, networks: Sequence[int], width: int, draw: _FirstWeights) -> nn.Module:
    if operation in _KERNEL_SIZES:
        return _relu_conv_norm(draw(networks, width, width, _KERNEL_SIZES[operation]))
    if operation == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return nn.Identity()


class _Residual(nn.Module):
    """The block between two stages: half the resolution, twice the channels."""

    def __init__(self, width: int, draw: _FirstWeights, networks: Sequence[int]) -> None:
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
