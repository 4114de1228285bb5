"""The interface of backends."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.network import Network


@dataclass(frozen=True)
class Runs:
    """What a backend measured while it ran one network several times.

    Parameters
    ----------
    milliseconds : array of float64, shape (runs,)
        Time of every run.
    millijoules : float, optional
        Mean energy of a run. None if the backend did not measure energy.
    peak_bytes : float, optional
        Most memory of the unit that the runs occupied at once. None if the backend does not know.
    fallback : str, optional
        Why the network did not run as the backend's facts say. Its times cannot be compared with
        those of other networks. None if it ran as the facts say.
    """

    milliseconds: NDArray[np.float64]
    millijoules: float | None = None
    peak_bytes: float | None = None
    fallback: str | None = None


#: Takes a number of runs, runs the network that often and returns the milliseconds of every run,
#: shape (runs,), or `Runs` if the backend measures more than the time. The backend times the runs
#: itself, so that a remote device can use its own clock and the transfer is not part of the times.
Prepared = Callable[[int], NDArray[np.float64] | Runs]


class NetworkFailed(Exception):  # noqa: N818 - it is no error of the program
    """A backend cannot run a network, for example because its unit has too little memory.

    The methods of a backend raise it with the reason. ``hwnas measure`` records the reason, goes on
    with the next network, and leaves the value out of the table.
    """


class Backend(Protocol):
    """Runs networks on a device or in a runtime, and times the runs.

    A new backend is one class and one YAML in ``conf/backend/`` whose ``_target_`` names the class.

    Attributes
    ----------
    name : str
        Name in configs and prefix of the table's columns. The backend's YAML has the same name.
    unit_facts : tuple of str
        Keys of those `facts` that identify the unit on which the networks run, such as a processor,
        a board or a simulator. ``selection.verify=device`` requires that they are equal to those of
        the table.
    """

    unit_facts: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str:
        """Name in configs and prefix of the table's columns."""

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network with random weights and a random input, and return its timer."""

    def facts(self) -> dict[str, Any]:
        """Return the versions and settings that influence the speed, as strings and numbers."""


def time_calls(call: Callable[[], object], repeats: int) -> NDArray[np.float64]:
    """Return the milliseconds of each of `repeats` calls in this process, shape (repeats,).

    Python's garbage collector is switched off during the calls, because its pauses would be part of
    the times.
    """
    times = np.empty(repeats)
    with uninterrupted():
        for repeat in range(repeats):
            start = perf_counter_ns()
            call()
            times[repeat] = (perf_counter_ns() - start) / 1e6
    return times


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Switch Python's garbage collector off during a block."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
