"""The cell of NAS-Bench-201 and TransNAS micro: as a graph, and counted for many cells at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.network._graph import GraphBuilder, Layer
from hwnas.space import Architectures, CellSpace
from hwnas.space._cell import EDGES, N_NODES


def append_cell(
    graph: GraphBuilder, x: int, space: CellSpace, architecture: Sequence[int], dead_edges: bool
) -> int:
    """Append one cell to the graph and return the node of its output.

    Parameters
    ----------
    x : int
        The node of the cell's input.
    architecture : sequence of int
        Its live part (`CellSpace.live`), or the whole cell with `dead_edges`.
    dead_edges : bool
        Build ``none`` as a multiplication with 0, as the published networks do; otherwise it is
        left out, and a cell whose output nothing reaches is one such multiplication.
    """
    outputs: list[int | None] = [x]
    for end in range(1, N_NODES):
        terms = []
        for (start, to), index in zip(EDGES, architecture, strict=True):
            if to != end or (index == space.none and not dead_edges):
                continue
            source = outputs[start]
            assert source is not None, "an edge out of nothing is dead"
            terms.append(append_operation(graph, source, space.operations[index]))
        outputs.append(graph.add(terms) if terms else None)
    output = outputs[-1]
    return graph.pointwise("zero", x) if output is None else output


def append_operation(graph: GraphBuilder, x: int, operation: str) -> int:
    """Append one operation on one edge: the channels and the size stay."""
    if operation == "skip_connect":
        return x
    if operation == "none":
        return graph.pointwise("zero", x)
    if operation == "avg_pool_3x3":
        return graph.avg_pool(x, kernel=3, stride=1, padding=1)
    kernel = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[operation]
    return graph.relu_conv_bn(x, graph.channels(x), kernel)


@dataclass(frozen=True)
class CellCounts:
    """How often each operation and each addition occurs in many cells.

    Parameters
    ----------
    operations : array of int64, shape (n, n_operations)
        Edges with each operation; for ``none``, the multiplications with 0.
    additions : array of int64, shape (n,)
    """

    operations: NDArray[np.int64]
    additions: NDArray[np.int64]

    @classmethod
    def of(cls, space: CellSpace, architectures: Architectures, dead_edges: bool) -> CellCounts:
        """Count what `append_cell` appends."""
        n_operations = len(space.operations)
        if dead_edges:
            built = architectures
            additions = np.full(len(architectures), len(EDGES) - (N_NODES - 1), dtype=np.int64)
        else:
            built = space.live(architectures)
            terms = np.zeros((len(architectures), N_NODES), dtype=np.int64)
            for edge, (_, end) in enumerate(EDGES):
                terms[:, end] += built[:, edge] != space.none
            additions = np.maximum(terms - 1, 0).sum(axis=1)
        operations = (built[:, :, None] == np.arange(n_operations)).sum(axis=1, dtype=np.int64)
        if not dead_edges:
            operations[:, space.none] = (built == space.none).all(axis=1)
        return cls(operations, additions)

    def __mul__(self, n_cells: int) -> CellCounts:
        return CellCounts(self.operations * n_cells, self.additions * n_cells)

    def layers(self, space: CellSpace, channels: int, size: int) -> dict[Layer, NDArray[np.int64]]:
        """Return how often each layer occurs in each cell at this width and resolution."""
        counts: dict[Layer, NDArray[np.int64]] = {}
        for index, operation in enumerate(space.operations):
            for layer, times in _operation_layers(operation, channels, size).items():
                counts[layer] = counts.get(layer, 0) + times * self.operations[:, index]
        counts[Layer("add", channels, channels, size, size)] = self.additions
        return counts


def _operation_layers(operation: str, channels: int, size: int) -> Counter[Layer]:
    graph = GraphBuilder(channels, size)
    append_operation(graph, 0, operation)
    return Counter(node.layer for node in graph.nodes if node.layer.kind != "input")
