"""The backend that runs networks in PyTorch's eager mode."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import Prepared, time_calls
from hwnas.backend._weights import RandomWeights, random_image
from hwnas.errors import UserError
from hwnas.network import Layer, Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    Call = Callable[..., Tensor]


@dataclass(frozen=True)
class Torch:
    """Runs networks in PyTorch, with float32 in eager and inference mode.

    Eager PyTorch fuses no layers, so batch normalisation runs as a separate layer.

    Parameters
    ----------
    name : str
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or another device that PyTorch supports. A
        timed run ends when the device has finished. On NVIDIA GPUs, TF32 is switched off.
    """

    unit_facts: ClassVar[tuple[str, ...]] = ("device", "unit")

    name: str = "torch"
    device: str = "cpu"

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network and return its timer; see `Backend`.

        Raises
        ------
        UserError
            If PyTorch has no such device on this machine.
        """
        import torch

        device = self._unit()
        torch.set_num_threads(threads)
        if device.type != "cpu":
            # TF32 rounds inputs to 10 bits. cuDNN uses it by default.
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False
        forward = build_forward(network, seed, device)
        image = torch.from_numpy(random_image(network.nodes[0].layer, batch_size, seed))
        image = image.to(device)

        def run() -> None:
            forward(image)
            if device.type != "cpu":
                torch.accelerator.synchronize(device)

        def prepared(repeats: int) -> NDArray[np.float64]:
            with torch.inference_mode():
                return time_calls(run, repeats)

        return prepared

    def facts(self) -> dict[str, str]:
        """Return the versions and settings that influence the speed.

        Raises
        ------
        UserError
            If PyTorch has no such device on this machine.
        """
        import torch

        device = self._unit()
        facts = {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "unit": _name(device),
            "batch_norm": "a layer of its own",
        }
        # Not for the CPU: tables measured on a CPU lack these facts, and a measurement continues
        # only with equal facts.
        return facts if device.type == "cpu" else facts | {"device": str(device), "tf32": "off"}

    def _unit(self) -> torch.device:
        """Return the device, or raise `UserError` if this machine does not have it."""
        import torch

        available = ["cpu"]
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        if accelerator is not None:
            numbered = [f"{accelerator.type}:{i}" for i in range(torch.accelerator.device_count())]
            available += [accelerator.type, *numbered]
        if self.device not in available:
            raise UserError(
                f"backend.device={self.device}: this machine has only the devices "
                f"{', '.join(available)}",
                remedy="backend.device=cpu",
            )
        return torch.device(self.device)


def _name(device: torch.device) -> str:
    """Return the product name of a GPU, or the device type if PyTorch reports no such name."""
    import torch

    if device.type in ("cpu", "mps"):
        return device.type
    name: str = torch.get_device_module(device).get_device_name(device)
    return name


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
