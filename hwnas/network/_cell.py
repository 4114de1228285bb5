"""Cells of NAS-Bench-201 and TransNAS micro: their graph, and the layer counts of many cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.network._builder import GraphBuilder
from hwnas.network._executed import convolutions
from hwnas.network._graph import Layer
from hwnas.network._skeleton import Read
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace


def append_cell(
    graph: GraphBuilder,
    x: int,
    space: CellSpace,
    architecture: Sequence[int],
    channels: int,
    stride: int = 1,
) -> int:
    """Append the live part of one cell to the graph and return the node of its output.

    Edges with ``none`` get no layer. A cell without live operations is one multiplication with 0.

    Parameters
    ----------
    x : int
        The node of the cell's input.
    architecture : sequence of int
        Operations of the cell, with ``none`` on its dead edges (`CellSpace.live`).
    channels, stride : int
        Channels of the cell's output, and stride of the edges that start from the cell's input.
    """
    if all(operation == space.none for operation in architecture):
        return append_operation(graph, x, "none", channels, stride)
    outputs = [x]
    for end in range(1, N_NODES):
        terms = [
            append_edge(graph, outputs, space, edge, operation, channels, stride)
            for edge, operation in enumerate(architecture)
            if EDGES[edge][1] == end and operation != space.none
        ]
        # No live edge starts from a node without terms, so the appended x is never read.
        outputs.append(graph.add(terms) if terms else x)
    return outputs[-1]


def append_whole_cell(
    graph: GraphBuilder,
    x: int,
    space: CellSpace,
    architecture: Sequence[int],
    channels: int,
    stride: int = 1,
) -> int:
    """Append one cell with all its edges and return the node of its output.

    An edge with ``none`` multiplies with 0, as in the published networks.
    """
    outputs = [x]
    for end in range(1, N_NODES):
        terms = [
            append_edge(graph, outputs, space, edge, operation, channels, stride)
            for edge, operation in enumerate(architecture)
            if EDGES[edge][1] == end
        ]
        outputs.append(graph.add(terms))
    return outputs[-1]


def append_edge(
    graph: GraphBuilder,
    outputs: Sequence[int],
    space: CellSpace,
    edge: int,
    operation: int,
    channels: int,
    stride: int,
) -> int:
    """Append the operation of one edge and return its node.

    Only edges that start from the cell's input have a stride or change the number of channels.
    """
    start = EDGES[edge][0]
    name = space.operations[operation]
    return append_operation(graph, outputs[start], name, channels, 1 if start else stride)


def append_operation(
    graph: GraphBuilder, x: int, operation: str, channels: int, stride: int
) -> int:
    """Append one operation and return the node of its output.

    If the operation changes the shape, ``skip_connect`` becomes TransNAS-Bench-101's factorised
    reduction: two parallel strided 1×1 convolutions with half of the output channels each. In the
    benchmark the second convolution reads the image shifted by one pixel. The shift is omitted
    here, because it changes no layer count.
    """
    reshapes = stride != 1 or channels != graph.channels(x)
    if operation == "skip_connect":
        if not reshapes:
            return x
        activated = graph.pointwise("relu", x)
        halves = [graph.conv(activated, channels // 2, 1, stride) for _ in range(2)]
        return graph.pointwise("batch_norm", graph.concat(*halves))
    if operation == "none":
        zero = graph.pointwise("zero", x)
        if stride != 1:
            zero = graph.avg_pool(zero, kernel=1, stride=stride, padding=0)
        while graph.channels(zero) < channels:
            zero = graph.concat(zero, zero)
        return zero
    if operation == "avg_pool_3x3":
        return graph.avg_pool(x, kernel=3, stride=stride, padding=1)
    kernel = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[operation]
    return graph.relu_conv_bn(x, channels, kernel, stride)


def count_reads(space: CellSpace, built: Architectures) -> dict[Read, NDArray[np.int64]]:
    """Count the operations of each cell that read an intermediate node, by kind and node.

    Parameters
    ----------
    space : CellSpace
    built : array of int8, shape (n, 6)
        Operations of the cells, with ``none`` on every edge that is not executed.

    Returns
    -------
    dict of Read to array of int64, shape (n,)
    """
    is_conv = convolutions(space, built)
    is_elementwise = (built != space.none) & ~is_conv
    counts = {}
    for node in range(1, N_NODES - 1):
        readers = [edge for edge, (start, _) in enumerate(EDGES) if start == node]
        counts[Read("conv", node)] = is_conv[:, readers].sum(axis=1)
        counts[Read("elementwise", node)] = is_elementwise[:, readers].sum(axis=1)
    return counts


@dataclass(frozen=True)
class CellCounts:
    """How often each operation occurs in each of many cells, and the number of additions.

    Parameters
    ----------
    entering, inner : array of int64, shape (n, n_operations)
        Number of edges with each operation. ``entering`` counts the edges that start from the
        cell's input, and ``inner`` all other edges. The column of ``none`` counts multiplications
        with 0.
    additions : array of int64, shape (n,)
        Number of additions of two tensors.
    """

    entering: NDArray[np.int64]
    inner: NDArray[np.int64]
    additions: NDArray[np.int64]

    @classmethod
    def of(cls, space: CellSpace, built: Architectures, zeros: bool) -> CellCounts:
        """Count the operations of cells.

        Parameters
        ----------
        space : CellSpace
        built : array of int8, shape (n, 6)
            Operations of the cells.
        zeros : bool
            Whether an edge with ``none`` multiplies with 0 and adds the result. Otherwise such an
            edge has no layer.
        """
        terms = np.zeros((len(built), N_NODES), dtype=np.int64)
        for edge, (_, end) in enumerate(EDGES):
            terms[:, end] += zeros or built[:, edge] != space.none
        one_hot = built[:, :, None] == np.arange(len(space.operations))
        from_input = np.array([start == 0 for start, _ in EDGES])
        entering = one_hot[:, from_input].sum(axis=1, dtype=np.int64)
        inner = one_hot[:, ~from_input].sum(axis=1, dtype=np.int64)
        if not zeros:
            # The output of a cell that has only ``none`` is its input times 0.
            entering[:, space.none] = (built == space.none).all(axis=1)
            inner[:, space.none] = 0
        return cls(entering, inner, np.maximum(terms - 1, 0).sum(axis=1))

    def layers(
        self,
        space: CellSpace,
        graph: GraphBuilder,
        x: int,
        channels: int,
        stride: int = 1,
        n_cells: int = 1,
    ) -> dict[Layer, NDArray[np.int64]]:
        """Return how often each layer occurs in `n_cells` equal cells after node `x` of the graph.

        Returns
        -------
        dict of Layer to array of int64, shape (n,)
        """
        size = (graph.size(x) - 1) // stride + 1
        counts: dict[Layer, NDArray[np.int64]] = {}
        for index, name in enumerate(space.operations):
            places = (
                (self.entering, graph.channels(x), graph.size(x), stride),
                (self.inner, channels, size, 1),
            )
            for edges, in_channels, in_size, own_stride in places:
                part = GraphBuilder(in_channels, in_size)
                append_operation(part, 0, name, channels, own_stride)
                for layer, times in part.layer_counts.items():
                    counts[layer] = counts.get(layer, 0) + n_cells * times * edges[:, index]
        counts[Layer("add", channels, channels, size, size)] = n_cells * self.additions
        return counts
