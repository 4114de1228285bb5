"""The network of NAS-Bench-201."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwnas.image_set import ImageSet
from hwnas.network._cell import CellCounts, append_cell
from hwnas.network._graph import GraphBuilder, Network
from hwnas.network._skeleton import LayerCounts, Skeleton, skeleton
from hwnas.space import Architectures, NASBench201

_SPACE = NASBench201()
_N_STAGES = 3


@dataclass(frozen=True)
class NASBench201Skeleton(Skeleton):
    """Section 2.1 of Dong & Yang, ICLR 2020.

    A 3×3 convolution; three stages of equal cells, at C, 2C and 4C channels; a residual block with
    stride 2 between stages; batch norm, ReLU, global average pooling, linear.

    Parameters
    ----------
    channels : int
        C, the channels of the first stage.
    cells_per_stage : int
    in_channels : int
        Channels of the image.
    """

    channels: int = 16
    cells_per_stage: int = 5
    in_channels: int = 3

    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> Network:
        """Return the network of one architecture."""
        if not dead_edges:
            architecture = _SPACE.live(np.array([architecture], dtype=np.int8))[0].tolist()
        graph = GraphBuilder(self.in_channels, image_set.resolution)
        x = self._append_stem(graph)
        for stage in range(_N_STAGES):
            if stage:
                x = _append_reduction(graph, x)
            for _ in range(self.cells_per_stage):
                x = append_cell(graph, x, _SPACE, architecture, dead_edges)
        _append_head(graph, x, image_set.classes)
        return graph.network(image_set.resolution, image_set.classes)

    def count(
        self, architectures: Architectures, image_set: ImageSet, dead_edges: bool
    ) -> LayerCounts:
        """Return the layers of many architectures, without building their graphs."""
        graph = GraphBuilder(self.in_channels, image_set.resolution)
        x = self._append_stem(graph)
        cell = CellCounts.of(_SPACE, architectures, dead_edges) * self.cells_per_stage
        searched = []
        for stage in range(_N_STAGES):
            if stage:
                x = _append_reduction(graph, x)
            searched.append(cell.layers(_SPACE, graph.channels(x), graph.size(x)))
        _append_head(graph, x, image_set.classes)
        return LayerCounts.of(len(architectures), graph.layer_counts, *searched)

    def _append_stem(self, graph: GraphBuilder) -> int:
        return graph.conv_bn(0, self.channels, kernel=3)


def _append_reduction(graph: GraphBuilder, x: int) -> int:
    channels = 2 * graph.channels(x)
    y = graph.relu_conv_bn(x, channels, kernel=3, stride=2)
    y = graph.relu_conv_bn(y, channels, kernel=3)
    shortcut = graph.conv(graph.avg_pool(x, kernel=2, stride=2, padding=0), channels, kernel=1)
    return graph.add([shortcut, y])


def _append_head(graph: GraphBuilder, x: int, classes: int) -> None:
    x = graph.pointwise("relu", graph.pointwise("batch_norm", x))
    graph.classifier(x, classes)


@skeleton.register
def _(space: NASBench201) -> Skeleton:  # noqa: ARG001  (dispatched on)
    return NASBench201Skeleton()
