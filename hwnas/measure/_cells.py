"""Reduced networks of many cells, trained at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.measure._layers import (
    Mode,
    Norm,
    Parameters,
    ReluConvNorm,
    Weight,
    relu_gradient,
)
from hwnas.seeding import generator
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

_N_STAGES = 3
_WINDOWS = {"nor_conv_1x1": 1, "nor_conv_3x3": 9}


class CellNetworks:
    """The networks of K cells: stem, three stages of one cell, residual blocks between, linear.

    The skeleton is NAS-Bench-201's (Dong & Yang, ICLR 2020, section 2.1), narrower and with one
    cell a stage. Tensors have the shape (K, channels, height, width, batch).

    Parameters
    ----------
    space : CellSpace
    architectures : array of int8, shape (K, 6)
    channels : int
        Of the first stage.
    classes : int
    seed : int
        Each network's weights depend on the seed and its architecture, not on its company.
    """

    def __init__(
        self, space: CellSpace, architectures: Architectures, channels: int, classes: int, seed: int
    ) -> None:
        self.k = len(architectures)
        self.parameters = Parameters()
        ranks = space.rank(architectures).tolist()
        draw = _Draw([generator(seed, "weights", rank) for rank in ranks])
        everyone = torch.arange(self.k)
        widths = [channels << stage for stage in range(_N_STAGES)]
        self.stem = Weight(self.parameters, draw(everyone, channels, 9))
        self.stem_norm = Norm(self.parameters, self.k, channels)
        live = space.live(architectures)
        self.cells = [_Cell(space, live, width, self.parameters, draw) for width in widths]
        self.residuals = [
            _Residual(width, self.parameters, draw, everyone) for width in widths[:-1]
        ]
        self.head = Norm(self.parameters, self.k, widths[-1])
        self.linear = Weight(self.parameters, draw(everyone, classes, widths[-1]))
        self.bias = Weight(self.parameters, torch.zeros(self.k, classes, 1))
        self.parameters.freeze()

    def forward(self, images: Tensor, mode: Mode) -> Tensor:
        """Return the scores (K, classes, batch) of images (size, size, batch)."""
        size, _, batch = images.shape
        padded = functional.pad(images, (0, 0, 1, 1, 1, 1))
        self._columns = torch.stack(
            [padded[r : r + size, c : c + size] for r in range(3) for c in range(3)]
        ).view(9, -1)
        y = self.stem_norm.forward(self.stem.value @ self._columns, mode)
        x = y.view(self.k, -1, size, size, batch)
        for stage, cell in enumerate(self.cells):
            x = cell.forward(x, mode)
            if stage < len(self.residuals):
                x = self.residuals[stage].forward(x, mode)
        self._last_shape = x.shape
        self._active = self.head.forward(x.flatten(2), mode).clamp_min_(0)
        self._pooled = self._active.view(x.shape).mean(dim=(2, 3))
        return torch.baddbmm(self.bias.value, self.linear.value, self._pooled)

    def backward(self, gradient: Tensor) -> None:
        """Set all gradients from that of the scores, shape (K, classes, batch)."""
        torch.sum(gradient, dim=2, keepdim=True, out=self.bias.gradient)
        torch.bmm(gradient, self._pooled.transpose(1, 2), out=self.linear.gradient)
        pooled = torch.bmm(self.linear.value.transpose(1, 2), gradient)
        k, c, h, w, b = self._last_shape
        spread = (pooled / (h * w))[:, :, None].expand(k, c, h * w, b).reshape(k, c, -1)
        x = self.head.backward(relu_gradient(spread, self._active))
        x = x.view(self._last_shape)
        for stage in reversed(range(_N_STAGES)):
            if stage < len(self.residuals):
                x = self.residuals[stage].backward(x)
            x = self.cells[stage].backward(x)
        torch.matmul(self.stem_norm.backward(x.flatten(2)), self._columns.T, out=self.stem.gradient)


class _Draw:
    """Draws initial weights (He et al., 2015) from each network's own generator."""

    def __init__(self, random: Sequence[np.random.Generator]) -> None:
        self._random = random

    def __call__(self, networks: Tensor, out: int, fan_in: int) -> Tensor:
        drawn = [
            self._random[network].standard_normal((out, fan_in), dtype=np.float32)
            for network in networks.tolist()
        ]
        weights: Tensor = torch.from_numpy(np.stack(drawn)) * (2 / fan_in) ** 0.5
        return weights


class _Edges:
    """The edges of all networks that enter one node with one operation.

    Parameters
    ----------
    sources : list of (int, tensor)
        A node, and the networks whose edge starts there.
    """

    def __init__(self, sources: Sequence[tuple[int, Tensor]]) -> None:
        self._sources = sources
        self.networks = torch.cat([networks for _, networks in sources])

    def row(self, start: int, network: int) -> int:
        """Return the place of one network's edge among all."""
        before = 0
        for node, nets in self._sources:
            if node == start:
                return before + nets.tolist().index(network)
            before += len(nets)
        raise ValueError(f"network {network} has no such edge from node {start}")

    def gather(self, nodes: Sequence[Tensor]) -> Tensor:
        """Return the inputs of all edges, one after the other."""
        return torch.cat([nodes[start].index_select(0, nets) for start, nets in self._sources])

    def scatter(self, gradient: Tensor, nodes: Sequence[Tensor]) -> None:
        """Add the gradient of every edge's input to that of the node it starts from."""
        first = 0
        for start, nets in self._sources:
            nodes[start].index_add_(0, nets, gradient[first : first + len(nets)])
            first += len(nets)


class _Cell:
    """One stage's cells."""

    def __init__(
        self,
        space: CellSpace,
        architectures: Architectures,
        width: int,
        parameters: Parameters,
        draw: _Draw,
    ) -> None:
        self.into: list[list[tuple[str, _Edges, ReluConvNorm | None]]] = [[]]
        for end in range(1, N_NODES):
            self.into.append([])
            for index, operation in enumerate(space.operations):
                edges = _edges_into(end, index, architectures)
                if edges is None or index == space.none:
                    continue
                window = _WINDOWS.get(operation)
                layer = None
                if window is not None:
                    weight = draw(edges.networks, width, window * width)
                    layer = ReluConvNorm(parameters, weight, window)
                self.into[end].append((operation, edges, layer))

    def forward(self, x: Tensor, mode: Mode) -> Tensor:
        nodes = [x]
        for into in self.into[1:]:
            node = torch.zeros_like(x)
            for operation, edges, layer in into:
                y = edges.gather(nodes)
                if layer is not None:
                    y = layer.forward(y, mode)
                elif operation == "avg_pool_3x3":
                    y = (_average(y.shape[2], y.dtype) @ y.flatten(2, 3)).view(y.shape)
                node.index_add_(0, edges.networks, y)
            nodes.append(node)
        return nodes[-1]

    def backward(self, gradient: Tensor) -> Tensor:
        nodes = [*(torch.zeros_like(gradient) for _ in range(N_NODES - 1)), gradient]
        for end in reversed(range(1, N_NODES)):
            for operation, edges, layer in self.into[end]:
                y = nodes[end].index_select(0, edges.networks)
                if layer is not None:
                    y = layer.backward(y)
                elif operation == "avg_pool_3x3":
                    y = (_average(y.shape[2], y.dtype).T @ y.flatten(2, 3)).view(y.shape)
                edges.scatter(y, nodes)
        return nodes[0]


@lru_cache(maxsize=16)
def _average(size: int, dtype: torch.dtype) -> Tensor:
    """Return the matrix (pixels, pixels) of a 3×3 average that does not count its padding."""
    near = (torch.arange(size)[:, None] - torch.arange(size)).abs() <= 1
    mean = (near / near.sum(dim=1, keepdim=True)).to(dtype)
    return torch.kron(mean, mean)


def _edges_into(end: int, operation: int, architectures: Architectures) -> _Edges | None:
    sources = [
        (start, torch.from_numpy(np.flatnonzero(architectures[:, edge] == operation)))
        for edge, (start, to) in enumerate(EDGES)
        if to == end
    ]
    sources = [(start, networks) for start, networks in sources if len(networks)]
    return _Edges(sources) if sources else None


class _Residual:
    """The block between two stages: half the resolution, twice the channels."""

    def __init__(self, width: int, parameters: Parameters, draw: _Draw, everyone: Tensor) -> None:
        out = 2 * width
        self.first = ReluConvNorm(parameters, draw(everyone, out, 9 * width), 9, stride=2)
        self.second = ReluConvNorm(parameters, draw(everyone, out, 9 * out), 9)
        self.shortcut = Weight(parameters, draw(everyone, out, width))

    def forward(self, x: Tensor, mode: Mode) -> Tensor:
        y = self.second.forward(self.first.forward(x, mode), mode)
        # Four slices: PyTorch's mean over two inner dimensions is several times slower.
        halved = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2]
        halved.add_(x[:, :, ::2, 1::2]).add_(x[:, :, 1::2, 1::2]).mul_(0.25)
        self._halved = halved.flatten(2)
        y.flatten(2).baddbmm_(self.shortcut.value, self._halved)
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        flat = gradient.flatten(2)
        torch.bmm(flat, self._halved.transpose(1, 2), out=self.shortcut.gradient)
        x = self.first.backward(self.second.backward(gradient))
        halved = torch.bmm(self.shortcut.value.transpose(1, 2), flat).mul_(0.25)
        k, c, h, w, b = x.shape
        x = x.contiguous()
        x.view(k, c, h // 2, 2, w // 2, 2, b).add_(halved.view(k, c, h // 2, 1, w // 2, 1, b))
        return x
