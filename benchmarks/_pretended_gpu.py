"""A pretended GPU, for tests and trials of the measuring code on a machine without one.

PyTorch runs the networks on its device ``meta``, whose tensors have no values. The pretended GPU
gives each operation a time and a power, and has a clock of its own: no test waits for it. It has
noise, a speed that drifts, an energy counter that changes every 50 ms, and failures on request.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = "meta"
_UPDATE_SECONDS = 0.05
_IDLE_WATTS = 70.0
#: Time in which the host launches a layer, and in which it replays a graph.
_LAUNCH, _REPLAY = 8e-6, 10e-6


@dataclass
class GPU:
    """The state of the pretended GPU. Times are seconds of its own clock.

    Parameters
    ----------
    seed : int
    noise : float
        Relative standard deviation of the time of a run.
    fails : callable
        Takes the number of a recording, from 0. Whether this network cannot be recorded.
    bytes_ : float
        Size of the memory.
    readable : callable
        Takes the number of a reading of the counter, from 0. Whether it works.
    """

    seed: int = 0
    noise: float = 0.02
    fails: Callable[[int], bool] = lambda _: False
    readable: Callable[[int], bool] = lambda _: True
    bytes_: float = math.inf
    host: float = 100.0
    free: float = 100.0
    recordings: int = 0
    readings: int = 0
    #: Bytes of the weights and the image, and of these with the largest layer.
    weights: int = 0
    peak: int = 0
    #: The kernels of the graph that is being recorded: seconds and joules.
    recording: list[tuple[float, float]] | None = None
    _busy: list[tuple[float, float, float]] = field(default_factory=list)
    _joules: float = 0.0
    _counted_until: float = 100.0

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    def launch(self, seconds: float, joules: float) -> None:
        """Take a kernel from the host, or record it."""
        if self.recording is not None:
            self.recording.append((seconds, joules))
            return
        self.host += _LAUNCH * float(self._random.lognormal(0, 0.3))
        self.run(seconds, joules)

    def run(self, seconds: float, joules: float) -> None:
        """Run a kernel or a graph after those that wait. A pass gets slower and faster again."""
        drift = 1 + 0.03 * math.sin(self.host / 40)
        took = seconds * drift * float(self._random.lognormal(0, self.noise))
        start = max(self.host, self.free)
        self.free = start + took
        self._busy.append((start, self.free, joules / seconds if seconds else 0.0))

    def allocate(self, bytes_: int, stays: bool = False) -> None:
        """Take memory for a layer, or for weights, which stay until the next network."""
        if self.weights + bytes_ > self.bytes_:
            raise torch.OutOfMemoryError(f"Tried to allocate {bytes_} bytes.")
        self.peak = max(self.peak, self.weights + bytes_)
        self.weights += bytes_ if stays else 0

    def wait(self) -> None:
        """Let the host wait for the GPU."""
        self.host = max(self.host, self.free)

    def now(self) -> float:
        """Return the time of the host."""
        return self.host

    def now_ns(self) -> int:
        """Return the time of the host in nanoseconds."""
        return round(self.host * 1e9)

    def sleep(self, seconds: float) -> None:
        """Let the host wait for some time."""
        self.host += seconds

    def millijoules(self) -> int:
        """Return the energy counter: the energy until its last change."""
        until = math.floor(self.host / _UPDATE_SECONDS) * _UPDATE_SECONDS
        if until > self._counted_until:
            self._joules += _IDLE_WATTS * (until - self._counted_until)
            later = []
            for start, end, watts in self._busy:
                self._joules += watts * (min(end, until) - min(start, until))
                if end > until:
                    later.append((max(start, until), end, watts))
            self._busy, self._counted_until = later, until
        return round(self._joules * 1e3)


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Gives the operations on tensors without values a time and an energy."""

    def __init__(self, gpu: GPU) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._gpu = gpu
        self._known: dict[tuple[Any, ...], tuple[tuple[int, ...], float, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [each for each in args if isinstance(each, torch.Tensor)]
        if not given or kwargs or any(each.device.type != DEVICE for each in given):
            moved = func(*args, **(kwargs or {}))
            if given and moved.device.type == DEVICE:
                self._gpu.allocate(4 * moved.numel(), stays=True)
            return moved
        key = (func, *(tuple(x.shape) if isinstance(x, torch.Tensor) else str(x) for x in args))
        # PyTorch takes 0.1 ms to find the shape of a result.
        if key not in self._known:
            out = func(*args)
            bytes_ = 4 * sum(each.numel() for each in (*given, out))
            kernel = math.prod(given[1].shape[1:]) if "convolution" in str(func) else 1
            work = bytes_ / 2e12 + 2 * out.numel() * kernel / 4e13
            self._known[key] = (tuple(out.shape), work, bytes_)
        shape, work, bytes_ = self._known[key]
        self._gpu.allocate(bytes_)
        self._gpu.launch(2e-6 + work, 2e-6 * 60 + work * 300)
        return torch.empty(shape, device=DEVICE)


@contextmanager
def pretended_gpu(gpu: GPU) -> Iterator[None]:
    """Let ``backend=torch backend.device=meta`` run on the pretended GPU."""
    patches: list[Any] = [
        mock.patch.object(torch, DEVICE, _cuda(gpu), create=True),
        mock.patch.multiple(torch.accelerator, **_accelerator(gpu)),
        _imported("pynvml", _pynvml(gpu)),
        mock.patch.multiple("hwnas.measure._energy", perf_counter=gpu.now, sleep=gpu.sleep),
        mock.patch.multiple("hwnas.backend._backend", perf_counter_ns=gpu.now_ns),
        _Operations(gpu),
    ]
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        yield


@contextmanager
def _imported(name: str, module: ModuleType) -> Iterator[None]:
    """Let an import find a module. Modules imported in the meantime stay."""
    installed = sys.modules.get(name)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
        if installed is not None:
            sys.modules[name] = installed


def _accelerator(gpu: GPU) -> dict[str, Any]:
    return {
        "current_accelerator": lambda **_: torch.device(DEVICE),
        "device_count": lambda: 1,
        "synchronize": lambda _: gpu.wait(),
    }


def _cuda(gpu: GPU) -> SimpleNamespace:
    """Return the functions of ``torch.cuda`` that hwnas uses."""

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing
            self.time = 0.0

        def record(self) -> None:
            self.time = max(gpu.host, gpu.free)

        def elapsed_time(self, end: Event) -> float:
            return (end.time - self.time) * 1e3

    class CUDAGraph:
        def __init__(self) -> None:
            self.seconds = self.joules = 0.0

        def replay(self) -> None:
            gpu.host += _REPLAY
            gpu.run(self.seconds, self.joules)

    @contextmanager
    def graph(into: CUDAGraph) -> Iterator[None]:
        gpu.recording = []
        number, gpu.recordings = gpu.recordings, gpu.recordings + 1
        try:
            yield
            if gpu.fails(number):
                raise RuntimeError("CUDA error: operation not permitted when stream is capturing")
            into.seconds, into.joules = map(sum, zip(*gpu.recording, strict=True))
        finally:
            gpu.recording = None

    @contextmanager
    def nothing(_: object) -> Iterator[None]:
        yield

    def stream() -> SimpleNamespace:
        return SimpleNamespace(wait_stream=lambda _: None)

    return SimpleNamespace(
        CUDAGraph=CUDAGraph,
        Event=Event,
        Stream=stream,
        current_stream=stream,
        device=nothing,
        get_device_name=lambda _: "pretended GPU",
        get_device_properties=lambda _: SimpleNamespace(uuid="0-0"),
        graph=graph,
        max_memory_allocated=lambda _: gpu.peak + 500,
        memory_allocated=lambda _: 500,
        reset_peak_memory_stats=lambda _: vars(gpu).update(weights=0, peak=0),
        stream=nothing,
        synchronize=gpu.wait,
    )


def _pynvml(gpu: GPU) -> ModuleType:
    """Return the functions of NVML that hwnas uses."""

    class NVMLError(Exception):
        pass

    def by_uuid(uuid: str) -> str:
        if uuid != "GPU-0-0":
            raise NVMLError("Not Found")
        return uuid

    def energy(_: object) -> int:
        number, gpu.readings = gpu.readings, gpu.readings + 1
        if not gpu.readable(number):
            raise NVMLError("GPU is lost")
        return gpu.millijoules()

    module: Any = ModuleType("pynvml")
    module.NVMLError = NVMLError
    module.nvmlInit = lambda: None
    module.nvmlDeviceGetCount = lambda: 1
    module.nvmlDeviceGetHandleByIndex = lambda index: by_uuid(f"GPU-{index}-{index}")
    module.nvmlDeviceGetHandleByUUID = by_uuid
    module.nvmlDeviceGetName = lambda _: b"pretended GPU"
    module.nvmlSystemGetDriverVersion = lambda: "570.1"
    module.nvmlDeviceGetTotalEnergyConsumption = energy
    found: ModuleType = module
    return found
