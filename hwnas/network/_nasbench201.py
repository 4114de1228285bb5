"""The network of NAS-Bench-201."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hwnas.image_set import ImageSet
from hwnas.network._builder import GraphBuilder
from hwnas.network._cell_skeleton import Cells, CellSkeleton
from hwnas.space import CellSpace, NASBench201

_N_STAGES = 3


@dataclass(frozen=True)
class NASBench201Skeleton(CellSkeleton):
    """Section 2.1 of Dong & Yang, ICLR 2020.

    A 3×3 convolution; three stages of equal cells, at C, 2C and 4C channels; a residual block with
    stride 2 between stages; batch norm, ReLU, global average pooling, linear.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    channels : int
        C, the channels of the first stage.
    cells_per_stage : int
    """

    space: ClassVar[CellSpace] = NASBench201()
    channels: int = 16
    cells_per_stage: int = 5

    def assemble(self, graph: GraphBuilder, image_set: ImageSet, cells: Cells) -> None:
        """Append the whole network."""
        channels = self.channels
        x = graph.conv_bn(0, channels, kernel=3)
        for stage in range(_N_STAGES):
            if stage:
                channels *= 2
                x = _append_reduction(graph, x, channels)
            x = cells(graph, x, channels, n_cells=self.cells_per_stage)
        x = graph.pointwise("relu", graph.pointwise("batch_norm", x))
        graph.classifier(x, image_set.classes)


def _append_reduction(graph: GraphBuilder, x: int, channels: int) -> int:
    y = graph.relu_conv_bn(x, channels, kernel=3, stride=2)
    y = graph.relu_conv_bn(y, channels, kernel=3)
    shortcut = graph.conv(graph.avg_pool(x, kernel=2, stride=2, padding=0), channels, kernel=1)
    return graph.add([shortcut, y])
