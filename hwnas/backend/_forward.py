"""A network as a function of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hwnas.backend._weights import RandomWeights
from hwnas.network import Layer, Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    Call = Callable[..., Tensor]


def build_forward(
    network: Network, seed: int, device: torch.device | str = "cpu"
) -> Callable[[Tensor], Tensor]:
    """Return the network as a function from images to scores.

    Images have the shape (batch, channels, size, size), scores the shape (batch, classes).
    """
    weights = RandomWeights(seed)
    steps = [
        (index, _call(node.layer, weights, device), node.inputs)
        for index, node in enumerate(network.nodes)
        if node.layer.kind != "input"
    ]
    # Tensors are freed after their last use, as in a hand-written forward method.
    last_used = [
        tuple(source for source in set(inputs) if network.last_use[source] == index)
        for index, _, inputs in steps
    ]
    last = len(network.nodes) - 1

    def forward(image: Tensor) -> Tensor:
        values: dict[int, Tensor] = {0: image}
        for (index, call, inputs), sources in zip(steps, last_used, strict=True):
            values[index] = call(*(values[source] for source in inputs))
            for source in sources:
                del values[source]
        return values[last]

    return forward


def _call(layer: Layer, weights: RandomWeights, device: torch.device | str) -> Call:
    import torch
    from torch.nn import functional

    own = {key: torch.from_numpy(value).to(device) for key, value in weights.of(layer).items()}
    kernel, stride, padding, groups = layer.kernel, layer.stride, layer.padding, layer.groups
    if layer.kind == "conv":
        weight = own["weight"]
        return lambda x: functional.conv2d(x, weight, None, stride, padding, 1, groups)
    if layer.kind == "batch_norm":
        mean, var, gamma, beta = own["mean"], own["variance"], own["weight"], own["bias"]
        return lambda x: functional.batch_norm(x, mean, var, gamma, beta)
    if layer.kind == "linear":
        return lambda x: functional.linear(x, own["weight"], own["bias"])
    if layer.kind == "avg_pool":
        return lambda x: functional.avg_pool2d(x, kernel, stride, padding, False, False)
    if layer.kind == "channel_shuffle":
        return lambda x: functional.channel_shuffle(x, groups)
    plain: dict[str, Call] = {
        "relu": torch.relu,
        "hard_swish": functional.hardswish,
        "hard_sigmoid": functional.hardsigmoid,
        "scale": lambda x, factors: x * factors[:, :, None, None],
        "add": torch.add,
        "zero": lambda x: x.mul(0.0),
        "concat": lambda x, y: torch.cat((x, y), dim=1),
        "global_avg_pool": lambda x: functional.adaptive_avg_pool2d(x, 1).flatten(1),
    }
    return plain[layer.kind]
