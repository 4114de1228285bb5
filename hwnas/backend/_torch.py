"""PyTorch, eager mode."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import Prepared, time_calls
from hwnas.backend._weights import RandomWeights, random_image
from hwnas.errors import UserError
from hwnas.network import Layer, Network

if TYPE_CHECKING:
    from torch import Tensor

    Call = Callable[..., Tensor]


@dataclass(frozen=True)
class Torch:
    """Runs a network in PyTorch: float32, eager, inference mode.

    Batch normalisation runs as a layer of its own, as eager PyTorch does; nothing is fused.

    Parameters
    ----------
    name : str
    device : str
        ``"cpu"``, ``"cuda"`` or another device PyTorch knows.
    """

    name: str = "torch"
    device: str = "cpu"

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network, ready to be timed; see `Backend`."""
        import torch

        if self.device.startswith("cuda") and not torch.cuda.is_available():
            raise UserError("backend.device=cuda: no GPU here", mend="backend.device=cpu")
        torch.set_num_threads(threads)
        forward = build_forward(network, seed, self.device)
        image = torch.from_numpy(random_image(network.nodes[0].layer, batch_size, seed))
        image = image.to(self.device)
        on_gpu = self.device.startswith("cuda")

        def run() -> None:
            forward(image)
            if on_gpu:
                torch.cuda.synchronize()

        def prepared(repeats: int) -> NDArray[np.float64]:
            with torch.inference_mode():
                return time_calls(run, repeats)

        return prepared

    def facts(self) -> dict[str, str]:
        """Return versions and settings."""
        import torch

        unit = torch.cuda.get_device_name() if self.device.startswith("cuda") else self.device
        return {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "unit": unit,
            "batch_norm": "a layer of its own",
        }


def build_forward(network: Network, seed: int, device: str = "cpu") -> Callable[[Tensor], Tensor]:
    """Return the network as a function from images (batch, channels, size, size) to scores."""
    weights = RandomWeights(seed)
    steps = [
        (index, _call(node.layer, weights, device), node.inputs)
        for index, node in enumerate(network.nodes)
        if node.layer.kind != "input"
    ]
    # Freed after their last use, as in a written-out forward method.
    dying = [
        tuple(source for source in set(inputs) if network.last_use[source] == index)
        for index, _, inputs in steps
    ]
    last = len(network.nodes) - 1

    def forward(image: Tensor) -> Tensor:
        values: dict[int, Tensor] = {0: image}
        for (index, call, inputs), dead in zip(steps, dying, strict=True):
            values[index] = call(*(values[source] for source in inputs))
            for source in dead:
                del values[source]
        return values[last]

    return forward


def _call(layer: Layer, weights: RandomWeights, device: str) -> Call:
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
        "add": torch.add,
        "zero": lambda x: x.mul(0.0),
        "concat": lambda x, y: torch.cat((x, y), dim=1),
        "global_avg_pool": lambda x: functional.adaptive_avg_pool2d(x, 1).flatten(1),
    }
    return plain[layer.kind]
