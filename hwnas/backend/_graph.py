"""CUDA graphs: the kernels of a network, recorded once and replayed without Python.

At batch size 1, launching a kernel from Python takes longer than the kernel itself. The time of an
eager run is then the time of the launches, and says little about the device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import uninterrupted

#: Calls before the recording, in which the libraries choose their kernels and allocate memory.
_CALLS_BEFORE = 3


class Recorded:
    """The kernels that a call launches, as a CUDA graph.

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

    def __init__(self, cuda: Any, call: Callable[[], object]) -> None:
        self._cuda = cuda
        # The graph reads the weights and the image where they were, so that they must stay.
        self._call = call
        # PyTorch's page "CUDA graphs" says that these calls must not run on the default stream.
        side = cuda.Stream()
        side.wait_stream(cuda.current_stream())
        with cuda.stream(side):
            for _ in range(_CALLS_BEFORE):
                call()
        cuda.current_stream().wait_stream(side)
        self._graph = cuda.CUDAGraph()
        with cuda.graph(self._graph):
            call()

    def times(self, repeats: int) -> NDArray[np.float64]:
        """Return the milliseconds of each of `repeats` replays, shape (repeats,).

        The device takes the times, between two events around each replay. All replays are queued
        before the host waits, so that the device is never idle between them.
        """
        new = partial(self._cuda.Event, enable_timing=True)
        events = [(new(), new()) for _ in range(repeats)]
        with uninterrupted():
            for start, end in events:
                start.record()
                self._graph.replay()
                end.record()
            self._cuda.synchronize()
        return np.array([start.elapsed_time(end) for start, end in events], dtype=np.float64)
