"""The cell of NAS-Bench-201 and TransNAS micro: as a graph, and counted for many cells at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.network._builder import GraphBuilder
from hwnas.network._graph import Layer
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace


def append_cell(
    graph: GraphBuilder,
    x: int,
    space: CellSpace,
    architecture: Sequence[int],
    channels: int,
    stride: int = 1,
) -> int:
    """Append one cell to the graph and return the node of its output.

    Parameters
    ----------
    x : int
        The node of the cell's input.
    architecture : sequence of int
        Its live part (`CellSpace.live`): ``none`` is left out, and a cell whose output nothing
        reaches is one multiplication with 0.
    channels, stride : int
        Of the cell's output; edges out of the input node change the shape.
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
        # A node that nothing enters has no live edge out of it: its entry is never read.
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
    """Append one cell with all its edges; ``none`` multiplies with 0, as published networks do."""
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
    """Append the operation of one edge; only edges out of the cell's input change the shape."""
    start = EDGES[edge][0]
    name = space.operations[operation]
    return append_operation(graph, outputs[start], name, channels, 1 if start else stride)


def append_operation(
    graph: GraphBuilder, x: int, operation: str, channels: int, stride: int
) -> int:
    """Append one operation; ``skip_connect`` and ``none`` need help where the shape changes.

    There, ``skip_connect`` is TransNAS-Bench-101's factorised reduction: two strided 1×1
    convolutions of half the channels, side by side. Its second one sees the image shifted by one
    pixel, which changes no count and is left out.
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


@dataclass(frozen=True)
class CellCounts:
    """How often each operation and each addition occurs in many cells.

    Parameters
    ----------
    entering, inner : array of int64, shape (n, n_operations)
        Edges out of the cell's input, and other edges, with each operation; for ``none``, the
        multiplications with 0.
    additions : array of int64, shape (n,)
    """

    entering: NDArray[np.int64]
    inner: NDArray[np.int64]
    additions: NDArray[np.int64]

    @classmethod
    def of(cls, space: CellSpace, built: Architectures, zeros: bool) -> CellCounts:
        """Count the operations of cells of which exactly the edges other than ``none`` are built.

        With `zeros`, ``none`` is a multiplication with 0 and its result is added.
        """
        terms = np.zeros((len(built), N_NODES), dtype=np.int64)
        for edge, (_, end) in enumerate(EDGES):
            terms[:, end] += zeros or built[:, edge] != space.none
        one_hot = built[:, :, None] == np.arange(len(space.operations))
        from_input = np.array([start == 0 for start, _ in EDGES])
        entering = one_hot[:, from_input].sum(axis=1, dtype=np.int64)
        inner = one_hot[:, ~from_input].sum(axis=1, dtype=np.int64)
        if not zeros:
            # An output that nothing reaches is the input times 0.
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
        """Return how often each layer occurs in `n_cells` cells fed by node `x` of the graph."""
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
