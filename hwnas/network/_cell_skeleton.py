"""The base class of skeletons of cell spaces: fixed layers with equal cells between them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network._builder import GraphBuilder
from hwnas.network._cell import (
    CellCounts,
    append_cell,
    append_whole_cell,
    count_reads,
)
from hwnas.network._executed import executed, reaching
from hwnas.network._graph import Layer, Network
from hwnas.network._skeleton import DeadEdges, LayerCounts, Skeleton
from hwnas.space import Architectures, CellSpace

_RULES = {"folded": executed, "reaching": reaching}


class Cells(Protocol):
    """A function that appends equal cells to the graph, one after another."""

    def __call__(
        self, graph: GraphBuilder, x: int, channels: int, stride: int = 1, n_cells: int = 1
    ) -> int:
        """Append `n_cells` cells after node `x` and return the node of their output.

        Only the first cell has the stride and changes the number of channels.
        """


@dataclass(frozen=True)
class CellSkeleton(Skeleton):
    """The skeleton of a cell space. A subclass defines the fixed layers in `assemble`.

    Attributes
    ----------
    space : CellSpace
        The search space of the cells.
    in_channels : int
        Channels of the image.
    """

    space: ClassVar[CellSpace]
    in_channels: int = 3

    @abstractmethod
    def assemble(self, graph: GraphBuilder, image_set: ImageSet, cells: Cells) -> None:
        """Append the whole network. It calls `cells` wherever the network has cells."""

    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> Network:
        """Return the network of one architecture."""
        row = np.array([architecture], dtype=np.int8)
        built = (row if dead_edges else self.space.live(row))[0].tolist()
        append = append_whole_cell if dead_edges else append_cell

        def cells(
            graph: GraphBuilder, x: int, channels: int, stride: int = 1, n_cells: int = 1
        ) -> int:
            for index in range(n_cells):
                x = append(graph, x, self.space, built, channels, 1 if index else stride)
            return x

        graph = GraphBuilder(self.in_channels, image_set.resolution)
        self.assemble(graph, image_set, cells)
        return graph.network(image_set.resolution, image_set.classes)

    def count(
        self, architectures: Architectures, image_set: ImageSet, dead_edges: DeadEdges
    ) -> LayerCounts:
        """Return the layer counts of many architectures, without building their graphs."""
        if isinstance(dead_edges, str):
            runs = _RULES[dead_edges](self.space, architectures)
            built = np.where(runs, architectures, self.space.none).astype(np.int8)
        else:
            built = architectures if dead_edges else self.space.live(architectures)
        counts = CellCounts.of(self.space, built, zeros=dead_edges is True)
        searched: list[dict[Layer, NDArray[np.int64]]] = []
        n_all_cells = 0

        def cells(
            graph: GraphBuilder, x: int, channels: int, stride: int = 1, n_cells: int = 1
        ) -> int:
            nonlocal n_all_cells
            n_equal = n_cells if stride == 1 and channels == graph.channels(x) else 1
            n_all_cells += n_equal
            searched.append(counts.layers(self.space, graph, x, channels, stride, n_equal))
            x = graph.placeholder(channels, (graph.size(x) - 1) // stride + 1)
            return cells(graph, x, channels, 1, n_cells - n_equal) if n_cells > n_equal else x

        graph = GraphBuilder(self.in_channels, image_set.resolution)
        self.assemble(graph, image_set, cells)
        networks = LayerCounts.of(len(architectures), graph.layer_counts, *searched)
        if isinstance(dead_edges, str):
            networks.counts[(built == self.space.none).all(axis=1)] = 0
        reads = count_reads(self.space, built)
        return replace(networks, reads={read: n_all_cells * n for read, n in reads.items()})
