"""CUDA graphs: the kernels of a network, recorded once and replayed without Python.

At batch size 1, launching a kernel from Python takes longer than the kernel itself. The time of an
eager run is then the time of the launches, and says little about the device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import uninterrupted

#: Calls before the recording, in which the libraries choose their kernels and allocate memory.
_CALLS_BEFORE = 3


def capture(cuda: Any, call: Callable[[], object]) -> Any:
    """Return a CUDA graph of the kernels that a call launches.

    Parameters
    ----------
    cuda : module
        ``torch.cuda``, or a module with the same functions.
    call : callable
        Launches the kernels. It must not wait for them.

    Raises
    ------
    RuntimeError
        If the call does something that CUDA cannot record.
    """
    # The calls before the recording must not run on the default stream (PyTorch, "CUDA graphs").
    side = cuda.Stream()
    side.wait_stream(cuda.current_stream())
    with cuda.stream(side):
        for _ in range(_CALLS_BEFORE):
            call()
    cuda.current_stream().wait_stream(side)
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        call()
    return graph


def time_replays(cuda: Any, graph: Any, repeats: int) -> NDArray[np.float64]:
    """Return the milliseconds of each of `repeats` replays, shape (repeats,).

    The device takes the times, between two events around each replay. All replays are queued
    before the host waits, so that the device is never idle between them.
    """
    events = [
        (cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)) for _ in range(repeats)
    ]
    with uninterrupted():
        for start, end in events:
            start.record()
            graph.replay()
            end.record()
        cuda.synchronize()
    return np.array([start.elapsed_time(end) for start, end in events], dtype=np.float64)
