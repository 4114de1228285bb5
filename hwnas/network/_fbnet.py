"""The network of FBNet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network._builder import GraphBuilder
from hwnas.network._graph import Layer, Network
from hwnas.network._skeleton import DeadEdges, LayerCounts, Skeleton
from hwnas.space import Architectures, FBNet

_SPACE = FBNet()
#: (blocks, channels, stride of the first block) of every stage: Wu et al., CVPR 2019, table 1.
_STAGES = ((1, 16, 1), (4, 24, 2), (4, 32, 2), (4, 64, 2), (4, 112, 1), (4, 184, 2), (1, 352, 1))
STEM_CHANNELS = 16
#: Smaller images, and HW-NAS-Bench's CIFAR-100, keep their resolution in the stem and stage 2.
_LARGE_IMAGE = 64


@dataclass(frozen=True)
class FBNetSkeleton(Skeleton):
    """Wu et al., CVPR 2019, table 1; for images below 64 pixels as HW-NAS-Bench has CIFAR-100.

    Its network for small images has stride 1 in the stem and in the second stage, and a narrower
    head.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    head_channels, small_head_channels : int
        Channels of the last convolution, for large and for small images.
    """

    in_channels: int = 3
    head_channels: int = 1984
    small_head_channels: int = 1504

    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> Network:  # noqa: ARG002  (a sequence has no dead edges)
        """Return the network of one architecture."""
        graph = GraphBuilder(self.in_channels, image_set.resolution)
        x = _append_stem(graph, image_set)
        for block, (channels, stride) in zip(architecture, positions(image_set), strict=True):
            x = _append_block(graph, x, _SPACE.operations[block], channels, stride)
        self._append_head(graph, x, image_set)
        return graph.network(image_set.resolution, image_set.classes)

    def count(
        self,
        architectures: Architectures,
        image_set: ImageSet,
        dead_edges: DeadEdges,  # noqa: ARG002  (a sequence has no dead edges)
    ) -> LayerCounts:
        """Return the layers of many architectures, without building their graphs."""
        graph = GraphBuilder(self.in_channels, image_set.resolution)
        x = _append_stem(graph, image_set)
        searched: dict[Layer, NDArray[np.int64]] = {}
        for chosen, (channels, stride) in zip(architectures.T, positions(image_set), strict=True):
            for index, name in enumerate(_SPACE.operations):
                part = GraphBuilder(graph.channels(x), graph.size(x))
                _append_block(part, 0, name, channels, stride)
                for layer, times in part.layer_counts.items():
                    searched[layer] = searched.get(layer, 0) + times * (chosen == index)
            x = graph.placeholder(channels, (graph.size(x) - 1) // stride + 1)
        self._append_head(graph, x, image_set)
        return LayerCounts.of(len(architectures), graph.layer_counts, searched)

    def _append_head(self, graph: GraphBuilder, x: int, image_set: ImageSet) -> None:
        channels = self.last_channels(image_set)
        graph.classifier(graph.conv_bn(x, channels, kernel=1, relu=True), image_set.classes)

    def last_channels(self, image_set: ImageSet) -> int:
        """Return the channels of the last convolution."""
        return self.small_head_channels if _is_small(image_set) else self.head_channels


def _is_small(image_set: ImageSet) -> bool:
    return image_set.resolution < _LARGE_IMAGE


def stem_stride(image_set: ImageSet) -> int:
    """Return the stride of the first convolution."""
    return 1 if _is_small(image_set) else 2


def _append_stem(graph: GraphBuilder, image_set: ImageSet) -> int:
    stride = stem_stride(image_set)
    return graph.conv_bn(0, STEM_CHANNELS, kernel=3, stride=stride, relu=True)


def positions(image_set: ImageSet) -> list[tuple[int, int]]:
    """Return (channels, stride) of the 22 blocks."""
    found = []
    for stage, (blocks, channels, stride) in enumerate(_STAGES):
        first = 1 if stage == 1 and _is_small(image_set) else stride
        found += [(channels, first if block == 0 else 1) for block in range(blocks)]
    return found


def _append_block(graph: GraphBuilder, x: int, name: str, channels: int, stride: int) -> int:
    """Append a block: 1×1 expansion, depthwise k×k, 1×1 projection, and the input if it fits.

    Parameters
    ----------
    name : str
        ``skip``, or ``k<kernel>_e<expansion>``, with ``_g2`` if its 1×1 convolutions have two
        groups, shuffled in between.
    """
    keeps_shape = stride == 1 and channels == graph.channels(x)
    if name == "skip":
        return x if keeps_shape else graph.conv_bn(x, channels, 1, stride, relu=True)
    kernel, expansion, *grouped = (int(part[1:]) for part in name.split("_"))
    groups = grouped[0] if grouped else 1
    wide = expansion * graph.channels(x)
    y = graph.conv_bn(x, wide, kernel=1, groups=groups, relu=True)
    if groups > 1:
        y = graph.pointwise("channel_shuffle", y, groups=groups)
    y = graph.conv_bn(y, wide, kernel, stride, groups=wide, relu=True)
    y = graph.conv_bn(y, channels, kernel=1, groups=groups)
    return graph.add([y, x]) if keeps_shape else y
