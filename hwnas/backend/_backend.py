"""What every backend can do."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.network import Network

#: Runs the network this often and returns the milliseconds of every run. It times itself, so that
#: a phone behind ``adb`` or a rig behind HTTP reports its own clock and not the way there and back.
Prepared = Callable[[int], NDArray[np.float64]]


class Backend(Protocol):
    """Runs networks somewhere: the only thing to write for a new device or runtime.

    A backend is one class and one YAML in ``conf/backend/`` whose ``_target_`` names it.

    Attributes
    ----------
    name : str
        The word used in configs and as prefix of the table's columns. It is also the name of the
        backend's YAML.
    unit_facts : tuple of str
        Which of the `facts` say on what the networks run: a processor, a board, a simulator. A
        table is verified on the device only where these are as they were.
    """

    unit_facts: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str:
        """The word used in configs and as prefix of the table's columns."""

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network with random weights and a random input, ready to be timed."""

    def facts(self) -> dict[str, Any]:
        """Return versions and settings that decide how fast it runs: strings and numbers."""


def time_calls(call: Callable[[], object], repeats: int) -> NDArray[np.float64]:
    """Return the milliseconds of each of `repeats` calls in this process, shape (repeats,).

    Python's garbage collector rests meanwhile: its pauses are not the network's.
    """
    times = np.empty(repeats)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for repeat in range(repeats):
            start = perf_counter_ns()
            call()
            times[repeat] = (perf_counter_ns() - start) / 1e6
    finally:
        if collecting:
            gc.enable()
    return times
