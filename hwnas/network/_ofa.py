"""The networks of OFA-MobileNetV3 (Cai et al., "Once for all", ICLR 2020), width 1.0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network._builder import GraphBuilder
from hwnas.network._graph import Kind, Network
from hwnas.network._skeleton import NamedSkeleton
from hwnas.network._totals import TOTALS, layer_costs
from hwnas.space import Architectures


@dataclass(frozen=True)
class Stage:
    """A stage of up to four blocks: its channels, its activation, and whether blocks have SE."""

    channels: int
    stride: int
    activation: Kind
    squeeze: bool


STAGES = (
    Stage(24, 2, "relu", squeeze=False),
    Stage(40, 2, "relu", squeeze=True),
    Stage(80, 2, "hard_swish", squeeze=False),
    Stage(112, 1, "hard_swish", squeeze=True),
    Stage(160, 2, "hard_swish", squeeze=True),
)
_BLOCKS = 4
_STEM_CHANNELS = 16
_SQUEEZE, _DIVISOR = 4, 8


@dataclass(frozen=True)
class OFASkeleton(NamedSkeleton):
    """The skeleton of OFA-MobileNetV3, for the space ``ofa``.

    The last convolution, from 960 to 1,280 channels, works on one pixel. Here it is a linear layer,
    which has 1,280 parameters of a bias more.

    Parameters
    ----------
    in_channels, classes : int
        Channels of the image, and number of outputs. The resolution is a part of an architecture.
    last_channels, head_channels : int
        Channels of the last two convolutions.
    """

    in_channels: int = 3
    classes: int = 1000
    last_channels: int = 960
    head_channels: int = 1280

    def build(
        self,
        architecture: Sequence[int],
        image_set: ImageSet,  # noqa: ARG002  (the architecture has the resolution)
        dead_edges: bool,  # noqa: ARG002  (a sequence has no dead edges)
    ) -> Network:
        """Return the network of one architecture."""
        named = self.space.named(architecture)
        resolution = int(named["resolution"])
        graph = GraphBuilder(self.in_channels, resolution)
        x = _append_stem(graph)
        for number, stage in enumerate(STAGES, start=1):
            for block in range(1, int(named[f"stage{number}.depth"]) + 1):
                kernel = int(named[f"stage{number}.block{block}.kernel"])
                expansion = int(named[f"stage{number}.block{block}.expansion"])
                stride = stage.stride if block == 1 else 1
                x = _append_block(graph, x, stage, stride, kernel, expansion)
        self._append_head(graph, x)
        return graph.network(resolution, self.classes)

    def _append_head(self, graph: GraphBuilder, x: int) -> None:
        y = graph.conv_bn(x, self.last_channels, kernel=1, activation="hard_swish")
        y = graph.linear(graph.global_pool(y), self.head_channels)
        graph.linear(graph.pointwise("hard_swish", y), self.classes)

    def totals(self, architectures: Architectures, image_set: ImageSet) -> NDArray[np.float64]:
        """Return the total costs of many networks, shape (n, 9), without building each of them.

        A block's costs depend only on its place, its kernel, its expansion and the resolution.
        """
        del image_set
        numbers = self.space.numbers(architectures)
        value = dict(zip((each.name for each in self.space.dimensions), numbers.T, strict=True))
        resolutions, of_row = np.unique(value["resolution"], return_inverse=True)
        total = np.stack([self._fixed(int(each)) for each in resolutions])[of_row]
        for number in range(1, len(STAGES) + 1):
            for block in range(1, _BLOCKS + 1):
                name = f"stage{number}.block{block}"
                # Three small numbers as one: the last two digits are the kernel and the expansion.
                key = 100 * value["resolution"] + 10 * value[f"{name}.kernel"]
                key = np.nan_to_num(key + value[f"{name}.expansion"]).astype(np.int64)
                kinds, of_row = np.unique(key, return_inverse=True)
                parts = [(kind // 100, kind // 10 % 10, kind % 10) for kind in kinds.tolist()]
                costs = [_block_costs(number - 1, block == 1, *part) for part in parts]
                total += np.stack(costs)[of_row]
        return total

    def _fixed(self, resolution: int) -> NDArray[np.float64]:
        """Return the costs of the stem and the head."""
        graph = GraphBuilder(self.in_channels, resolution)
        _append_stem(graph)
        head = GraphBuilder(STAGES[-1].channels, _size(resolution, len(STAGES)))
        self._append_head(head, 0)
        nodes = [node.layer for node in [*graph.nodes, *head.nodes] if node.layer.kind != "input"]
        costs: NDArray[np.float64] = layer_costs(nodes).sum(axis=0)
        return costs


def _size(resolution: int, stage: int) -> int:
    """Return the height and width of the input of a stage, in pixels."""
    for stride in (2, *(each.stride for each in STAGES[:stage])):
        resolution = (resolution - 1) // stride + 1
    return resolution


def _append_stem(graph: GraphBuilder) -> int:
    x = graph.conv_bn(0, _STEM_CHANNELS, kernel=3, stride=2, activation="hard_swish")
    y = graph.conv_bn(x, _STEM_CHANNELS, kernel=3, groups=_STEM_CHANNELS, relu=True)
    return graph.add([graph.conv_bn(y, _STEM_CHANNELS, kernel=1), x])


def _append_block(
    graph: GraphBuilder, x: int, stage: Stage, stride: int, kernel: int, expansion: int
) -> int:
    """Append 1×1 expansion, depthwise convolution, squeeze-and-excitation, 1×1 projection."""
    wide = expansion * graph.channels(x)
    y = graph.conv_bn(x, wide, kernel=1, activation=stage.activation)
    y = graph.conv_bn(y, wide, kernel, stride, groups=wide, activation=stage.activation)
    if stage.squeeze:
        y = graph.squeeze_excitation(y, _divisible(wide // _SQUEEZE))
    y = graph.conv_bn(y, stage.channels, kernel=1)
    keeps_shape = stride == 1 and graph.channels(x) == stage.channels
    return graph.add([y, x]) if keeps_shape else y


def _divisible(channels: int) -> int:
    """Return the multiple of 8 next to a number, at least 90 % of it."""
    rounded = max(_DIVISOR, int(channels + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded + _DIVISOR if rounded < 0.9 * channels else rounded


@cache
def _block_costs(
    stage: int, first: bool, resolution: int, kernel: int, expansion: int
) -> NDArray[np.float64]:
    """Return the total costs of one block, shape (9,); zeros if the block does not exist."""
    if not kernel:
        return np.zeros(len(TOTALS))
    before = STAGES[stage - 1].channels if stage else _STEM_CHANNELS
    channels, size = (before, stage) if first else (STAGES[stage].channels, stage + 1)
    graph = GraphBuilder(channels, _size(resolution, size))
    stride = STAGES[stage].stride if first else 1
    _append_block(graph, 0, STAGES[stage], stride, kernel, expansion)
    costs: NDArray[np.float64] = layer_costs([node.layer for node in graph.nodes[1:]]).sum(axis=0)
    return costs
