"""The networks of TransNAS-Bench-101: the encoder, with the head of its classification tasks.

They follow the description of Duan et al., CVPR 2021, section 3.2, and the published skeletons
``64-<modules>-basic`` and ``64-41414-<cell>``. The tasks' images have 256 × 256 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network._builder import GraphBuilder
from hwnas.network._cell_skeleton import Cells, CellSkeleton
from hwnas.network._graph import Layer, Network
from hwnas.network._skeleton import DeadEdges, LayerCounts, Skeleton
from hwnas.space import Architectures, CellSpace, TransNASMicro

_CELLS_PER_MODULE = 2
#: Whether each module of the micro space doubles the channels and halves the resolution.
_MICRO_MODULES = (True, False, True, False, True)


def _append_stem(graph: GraphBuilder, channels: int) -> int:
    x = graph.conv_bn(0, channels // 2, kernel=3, stride=2)
    return graph.relu_conv_bn(x, channels, kernel=3, stride=2)


@dataclass(frozen=True)
class TransNASMicroSkeleton(CellSkeleton):
    """The skeleton of the micro space: five modules of two cells each.

    The first, third and fifth module double the channels and halve the resolution.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    channels : int
        Channels after the stem.
    """

    space: ClassVar[CellSpace] = TransNASMicro()
    channels: int = 64

    def assemble(self, graph: GraphBuilder, image_set: ImageSet, cells: Cells) -> None:
        """Append the whole network."""
        channels = self.channels
        x = _append_stem(graph, channels)
        for reduces in _MICRO_MODULES:
            channels *= 2 if reduces else 1
            x = cells(graph, x, channels, 2 if reduces else 1, n_cells=_CELLS_PER_MODULE)
        graph.classifier(x, image_set.classes)


@dataclass(frozen=True)
class TransNASMacroSkeleton(Skeleton):
    """The skeleton of the macro space: four to six modules of two residual blocks each.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    channels : int
        Channels after the stem.
    """

    in_channels: int = 3
    channels: int = 64

    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> Network:  # noqa: ARG002  (a sequence has no dead edges)
        """Return the network of one architecture."""
        graph = GraphBuilder(self.in_channels, image_set.resolution)
        x = _append_stem(graph, self.channels)
        for module in architecture:
            x = _append_module(graph, x, module)
        graph.classifier(x, image_set.classes)
        return graph.network(image_set.resolution, image_set.classes)

    def count(
        self,
        architectures: Architectures,
        image_set: ImageSet,
        dead_edges: DeadEdges,  # noqa: ARG002  (a sequence has no dead edges)
    ) -> LayerCounts:
        """Return the layer counts of many architectures, without building their graphs."""
        stem = GraphBuilder(self.in_channels, image_set.resolution)
        x = _append_stem(stem, self.channels)
        n = len(architectures)
        shapes = np.tile([stem.channels(x), stem.size(x)], (n, 1))
        searched: dict[Layer, NDArray[np.int64]] = {}
        for module in (*architectures.T, None):
            # A module has the same layers wherever its input has the same shape. The layers of
            # one small graph are therefore counted once for all such architectures.
            codes = np.full(n, -1) if module is None else module
            keys, which = np.unique(np.column_stack([codes, shapes]), axis=0, return_inverse=True)
            after = shapes.copy()
            for index, (code, channels, size) in enumerate(keys.tolist()):
                rows = which == index
                part = GraphBuilder(channels, size)
                if module is None:
                    part.classifier(0, image_set.classes)
                else:
                    y = _append_module(part, 0, code)
                    after[rows] = part.channels(y), part.size(y)
                for layer, times in part.layer_counts.items():
                    column = searched.setdefault(layer, np.zeros(n, dtype=np.int64))
                    column[rows] += times
            shapes = after
        return LayerCounts.of(n, stem.layer_counts, searched)


def _append_module(graph: GraphBuilder, x: int, module: int) -> int:
    if module == 0:
        return x
    channels = graph.channels(x) * (2 if module in (2, 4) else 1)
    x = _append_block(graph, x, channels, 2 if module in (3, 4) else 1)
    for _ in range(_CELLS_PER_MODULE - 1):
        x = _append_block(graph, x, channels, 1)
    return x


def _append_block(graph: GraphBuilder, x: int, channels: int, stride: int) -> int:
    """Append a residual block. If it changes the shape, a 1×1 convolution is on its shortcut."""
    y = graph.relu_conv_bn(x, channels, kernel=3, stride=stride)
    y = graph.relu_conv_bn(y, channels, kernel=3)
    if stride != 1 or channels != graph.channels(x):
        x = graph.conv_bn(x, channels, kernel=1, stride=stride)
    return graph.add([x, y])
