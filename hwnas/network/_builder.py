"""Construction of a network's graph, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hwnas.network._graph import Kind, Layer, Network, Node, count


class GraphBuilder:
    """Builds a graph by appending layers, and computes their shapes.

    The methods that append layers return the index of the node of their output.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    resolution : int
        Height and width of the image, in pixels.
    """

    def __init__(self, in_channels: int, resolution: int) -> None:
        shape = Layer("input", in_channels, in_channels, resolution, resolution)
        self.nodes: list[Node] = [Node(shape)]

    def channels(self, index: int) -> int:
        """Channels of a node's output."""
        return self.nodes[index].layer.out_channels

    def size(self, index: int) -> int:
        """Height and width of a node's output, in pixels."""
        return self.nodes[index].layer.out_size

    def _append(self, layer: Layer, *inputs: int) -> int:
        self.nodes.append(Node(layer, inputs))
        return len(self.nodes) - 1

    def _window(
        self, kind: Kind, x: int, channels: int, kernel: int, stride: int, padding: int, groups: int
    ) -> int:
        size = self.size(x)
        out_size = (size + 2 * padding - kernel) // stride + 1
        if out_size < 1:
            raise ValueError(f"an image of {size} pixels is too small for this network")
        return self._append(
            Layer(
                kind, self.channels(x), channels, size, out_size, kernel, stride, padding, groups
            ),
            x,
        )

    def conv(self, x: int, channels: int, kernel: int, stride: int = 1, groups: int = 1) -> int:
        """Append a convolution with padding ``kernel // 2``."""
        return self._window("conv", x, channels, kernel, stride, kernel // 2, groups)

    def avg_pool(self, x: int, kernel: int, stride: int, padding: int) -> int:
        """Append an average pooling."""
        return self._window("avg_pool", x, self.channels(x), kernel, stride, padding, 1)

    def pointwise(self, kind: Kind, *inputs: int, groups: int = 1) -> int:
        """Append a layer that keeps the shape of its inputs."""
        channels, size = self.channels(inputs[0]), self.size(inputs[0])
        return self._append(Layer(kind, channels, channels, size, size, groups=groups), *inputs)

    def concat(self, x: int, y: int) -> int:
        """Append the concatenation of two tensors of equal shape along their channels."""
        channels, size = self.channels(x), self.size(x)
        return self._append(Layer("concat", channels, 2 * channels, size, size), x, y)

    def relu_conv_bn(self, x: int, channels: int, kernel: int, stride: int = 1) -> int:
        """Append ReLU, a convolution and batch norm."""
        convolved = self.conv(self.pointwise("relu", x), channels, kernel, stride)
        return self.pointwise("batch_norm", convolved)

    def conv_bn(
        self,
        x: int,
        channels: int,
        kernel: int,
        stride: int = 1,
        *,
        groups: int = 1,
        relu: bool = False,
        activation: Kind | None = None,
    ) -> int:
        """Append a convolution, batch norm and an activation: ReLU with `relu`, else the given."""
        y = self.pointwise("batch_norm", self.conv(x, channels, kernel, stride, groups))
        chosen = "relu" if relu else activation
        return y if chosen is None else self.pointwise(chosen, y)

    def squeeze_excitation(self, x: int, squeezed: int) -> int:
        """Append squeeze-and-excitation: a factor for each channel, computed from its mean.

        Parameters
        ----------
        x : int
            Index of the node to scale.
        squeezed : int
            Channels between the two linear layers.
        """
        channels, size = self.channels(x), self.size(x)
        mean = self.global_pool(x)
        hidden = self.pointwise("relu", self.linear(mean, squeezed))
        factors = self.pointwise("hard_sigmoid", self.linear(hidden, channels))
        return self._append(Layer("scale", channels, channels, size, size), x, factors)

    def global_pool(self, x: int) -> int:
        """Append global average pooling."""
        channels = self.channels(x)
        return self._append(Layer("global_avg_pool", channels, channels, self.size(x), 1), x)

    def linear(self, x: int, channels: int) -> int:
        """Append a linear layer, which reads the output of a global pooling or of another one."""
        return self._append(Layer("linear", self.channels(x), channels, 1, 1), x)

    def add(self, terms: Sequence[int]) -> int:
        """Append the sum of the terms as additions of two tensors, from left to right.

        A single term is returned without an addition.
        """
        total = terms[0]
        for term in terms[1:]:
            total = self.pointwise("add", total, term)
        return total

    def classifier(self, x: int, classes: int) -> int:
        """Append global average pooling and a linear layer."""
        return self.linear(self.global_pool(x), classes)

    @property
    def layer_counts(self) -> Counter[Layer]:
        """How often each layer occurs so far. The image and placeholders are not counted."""
        return count(self.nodes)

    def placeholder(self, channels: int, size: int) -> int:
        """Append an input in place of a part of the network whose layers are counted separately."""
        return self._append(Layer("input", channels, channels, size, size))

    def network(self, resolution: int, classes: int) -> Network:
        """Return the finished graph."""
        return Network(tuple(self.nodes), resolution, classes)
