"""A network as a graph of layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal[
    "input",
    "conv",
    "batch_norm",
    "relu",
    "avg_pool",
    "global_avg_pool",
    "linear",
    "add",
    "zero",
    "concat",
    "channel_shuffle",
    "hard_swish",
    "hard_sigmoid",
    "scale",
]

#: Layers that can write their output over their input, if no later layer reads that input.
_IN_PLACE: frozenset[Kind] = frozenset(
    {"batch_norm", "relu", "hard_swish", "hard_sigmoid", "add", "zero"}
)
_BYTES_FLOAT32 = 4


@dataclass(frozen=True)
class Layer:
    """One operation on square images with batch size 1: its kind and its shapes.

    A layer does not know its place in the network. Two layers of equal kind and shapes are
    therefore equal, and equal layers can be counted.

    Parameters
    ----------
    kind : str
        ``input`` (the image), ``conv`` (no bias), ``batch_norm`` (affine), ``relu``, ``avg_pool``
        (padding is not counted in the average), ``global_avg_pool``, ``linear`` (with bias),
        ``add`` (of two tensors), ``zero`` (the input times 0), ``concat`` (of two tensors, along
        the channels), ``channel_shuffle`` (of `groups` groups of channels), ``hard_swish``,
        ``hard_sigmoid``, ``scale`` (a tensor times one number for each channel).
    in_channels, out_channels : int
        Channels of each input, and of the output.
    in_size, out_size : int
        Height and width in pixels of each input, and of the output.
    kernel, stride, padding, groups : int
        Parameters of convolutions and poolings.

    Examples
    --------
    >>> conv = Layer("conv", 16, 32, 8, 4, kernel=3, stride=2, padding=1)
    >>> conv.params == 3 * 3 * 16 * 32, conv.macs == 3 * 3 * 16 * 32 * 4 * 4
    (True, True)
    """

    kind: Kind
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    groups: int = 1

    @property
    def n_inputs(self) -> int:
        """Number of tensors that the layer reads."""
        return {"input": 0, "add": 2, "concat": 2, "scale": 2}.get(self.kind, 1)

    @property
    def params(self) -> int:
        """Number of trained parameters."""
        if self.kind == "conv":
            return self.kernel**2 * self.in_channels * self.out_channels // self.groups
        if self.kind == "linear":
            return (self.in_channels + 1) * self.out_channels
        if self.kind == "batch_norm":
            return 2 * self.out_channels
        return 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and linear layers. 0 for all other kinds.

        NAS-Bench-201 publishes this number as FLOPs. One multiply-accumulate is one FLOP. The bias
        of a linear layer counts. Poolings, normalisations, activations and additions do not.
        """
        if self.kind == "conv":
            return self.params * self.out_size**2
        if self.kind == "linear":
            return self.params
        return 0

    @property
    def elementwise_operations(self) -> int:
        """Operations of poolings, normalisations, activations and additions. Otherwise 0."""
        if self.kind == "avg_pool":
            return self.kernel**2 * self.output_elements
        if self.kind == "global_avg_pool":
            return self.input_elements
        if self.kind == "batch_norm":
            return 2 * self.output_elements
        if self.kind in ("relu", "hard_swish", "hard_sigmoid", "add", "zero", "scale"):
            return self.output_elements
        return 0

    @property
    def input_elements(self) -> int:
        """Number of values that the layer reads from all inputs, without the parameters."""
        if self.kind == "scale":
            return self.in_channels * (self.in_size**2 + 1)
        return self.n_inputs * self.in_channels * self.in_size**2

    @property
    def output_elements(self) -> int:
        """Number of values that the layer writes."""
        return self.out_channels * self.out_size**2

    @property
    def bytes_moved(self) -> int:
        """Bytes of inputs, parameters and output in float32, each moved once."""
        return (self.input_elements + self.params + self.output_elements) * _BYTES_FLOAT32


@dataclass(frozen=True)
class Node:
    """A layer of a network, and the nodes from which it reads.

    Parameters
    ----------
    layer : Layer
    inputs : tuple of int
        Indices of the nodes whose outputs the layer reads. They are lower than the node's index.
    """

    layer: Layer
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Network:
    """A network: its nodes in topological order, from the image to the class scores.

    Parameters
    ----------
    nodes : tuple of Node
    resolution : int
        Height and width of the image, in pixels.
    classes : int
        Number of outputs.
    """

    nodes: tuple[Node, ...]
    resolution: int
    classes: int

    @cached_property
    def layer_counts(self) -> Counter[Layer]:
        """How often each layer occurs, without the image."""
        return count(self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image; see `Layer.macs`."""
        return sum(node.layer.macs for node in self.nodes)

    @property
    def params(self) -> int:
        """Trained parameters."""
        return sum(node.layer.params for node in self.nodes)

    @cached_property
    def last_use(self) -> tuple[int, ...]:
        """Index of the last node that reads each node's output.

        For an output that no node reads, it is the index of the node itself.
        """
        last = list(range(len(self.nodes)))
        for index, node in enumerate(self.nodes):
            for source in node.inputs:
                last[source] = index
        return tuple(last)

    @property
    def peak_activation_bytes(self) -> int:
        """Largest total size of the tensors that exist at the same time, in bytes.

        The batch size is 1, numbers are float32, and parameters are not counted. The nodes run in
        their order. A tensor is freed after its last use. Batch norm, ReLU, zero and addition
        overwrite an input that no later node reads.
        """
        alive = peak = 0
        for index, node in enumerate(self.nodes):
            written = node.layer.output_elements
            freed = sum(
                self.nodes[source].layer.output_elements
                for source in set(node.inputs)
                if self.last_use[source] == index
            )
            in_place = node.layer.kind in _IN_PLACE and freed >= written
            peak = max(peak, alive + (0 if in_place else written))
            alive += written - freed
        return peak * _BYTES_FLOAT32


def count(nodes: Iterable[Node]) -> Counter[Layer]:
    """Return how often each layer occurs. Layers of kind ``input`` are not counted."""
    return Counter(node.layer for node in nodes if node.layer.kind != "input")
