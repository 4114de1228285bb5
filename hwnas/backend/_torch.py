"""The backend that runs networks in PyTorch, eagerly or, on NVIDIA GPUs, as CUDA graphs."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import NetworkFailed, Prepared, Runs, time_calls
from hwnas.backend._forward import build_forward
from hwnas.backend._graph import Recorded
from hwnas.backend._weights import random_image
from hwnas.errors import UserError
from hwnas.meter import NVML, RAPL, Meter
from hwnas.network import Network

if TYPE_CHECKING:
    import torch

Timer = Callable[[int], NDArray[np.float64]]


@dataclass(frozen=True)
class Torch:
    """Runs networks in PyTorch, with float32 in inference mode.

    PyTorch fuses no layers, so batch normalisation runs as a separate layer.

    Parameters
    ----------
    name : str
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or another device that PyTorch supports. A
        timed run ends when the device has finished. On NVIDIA GPUs, TF32 is switched off.
    graph : bool
        Whether to record each network as a CUDA graph and to time its replays on the device.
        Without it the host launches the layers one by one, and times them. It has no effect on a
        device that cannot record, such as the CPU.
    """

    unit_facts: ClassVar[tuple[str, ...]] = ("device", "unit", "graph")

    name: str = "torch"
    device: str = "cpu"
    graph: bool = True

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network and return its timer; see `Backend`.

        Raises
        ------
        UserError
            If PyTorch has no such device on this machine.
        NetworkFailed
            If the device has too little memory for the network.
        """
        import torch

        device = self._unit()
        torch.set_num_threads(threads)
        if device.type != "cpu":
            # TF32 rounds inputs to 10 bits. cuDNN uses it by default.
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False
        memory = _Memory(device)
        with _enough_memory():
            forward = build_forward(network, seed, device)
            image = torch.from_numpy(random_image(network.nodes[0].layer, batch_size, seed))
            timer, fallback = self._timer(device, partial(forward, image.to(device)))

        def prepared(repeats: int) -> Runs:
            with _enough_memory(), torch.inference_mode():
                times = timer(repeats)
            return Runs(times, peak_bytes=memory.peak(), fallback=fallback)

        return prepared

    def _timer(self, device: torch.device, call: Callable[[], object]) -> tuple[Timer, str | None]:
        """Return the timer of a call, and why it is eager where the facts say otherwise."""
        import torch

        def run() -> None:
            call()
            if device.type != "cpu":
                torch.accelerator.synchronize(device)

        eager = partial(time_calls, run)
        return _replays(device, call, eager) if self._records(device) else (eager, None)

    def meter(self) -> Meter | None:
        """Return the meter of the device's energy, or None if no meter is known.

        Raises
        ------
        UserError
            If this machine lacks the device or its energy counter.
        """
        device = self._unit()
        if device.type == "cpu":
            return RAPL()
        if not _can_record(device):
            return None
        return NVML(f"GPU-{_module(device).get_device_properties(device).uuid}")

    def _records(self, device: torch.device) -> bool:
        return self.graph and _can_record(device)

    def facts(self) -> dict[str, Any]:
        """Return the versions and settings that influence the speed.

        Raises
        ------
        UserError
            If PyTorch has no such device on this machine.
        """
        import torch

        device = self._unit()
        facts: dict[str, Any] = {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "unit": _name(device),
            "batch_norm": "a layer of its own",
        }
        # Not for the CPU: tables measured on a CPU lack these facts, and a measurement continues
        # only with equal facts.
        if device.type == "cpu":
            return facts
        return facts | {"device": str(device), "tf32": "off", "graph": self._records(device)}

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


def _module(device: torch.device) -> Any:
    """Return PyTorch's module of a kind of device, such as ``torch.cuda``, or None without one."""
    import torch

    return getattr(torch, device.type, None)


def _can_record(device: torch.device) -> bool:
    return hasattr(_module(device), "CUDAGraph")


def _replays(
    device: torch.device, call: Callable[[], object], eager: Timer
) -> tuple[Timer, str | None]:
    """Return the timer of a network as a CUDA graph, or the eager one and the reason for it."""
    import torch

    cuda = _module(device)
    try:
        with torch.inference_mode(), cuda.device(device):
            recorded = Recorded(cuda, call)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        return eager, f"no CUDA graph, timed as with backend.graph=false ({reason})"

    def timer(repeats: int) -> NDArray[np.float64]:
        with cuda.device(device):
            return recorded.times(repeats)

    return timer, None


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Raise `NetworkFailed` if the device has too little memory for a network."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        reason = str(error).partition("\n")[0]
        raise NetworkFailed(f"too little memory ({reason})") from error


class _Memory:
    """The memory that PyTorch allocates on a device from now on."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._module = device, _module(device)
        self._counts = hasattr(self._module, "max_memory_allocated")
        if self._counts:
            self._module.reset_peak_memory_stats(device)
            self._before = self._module.memory_allocated(device)

    def peak(self) -> float | None:
        """Return the most bytes at once since the start, or None if PyTorch does not count them."""
        if not self._counts:
            return None
        return float(self._module.max_memory_allocated(self._device) - self._before)


def _name(device: torch.device) -> str:
    """Return the product name of a GPU, or the device type if PyTorch reports no such name."""
    if device.type in ("cpu", "mps"):
        return device.type
    name: str = _module(device).get_device_name(device)
    return name
