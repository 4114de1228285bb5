"""What a person should know before a measurement starts, on standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

from hwnas.console import duration

#: So many measurements take long enough that their time is estimated first.
_MANY = 100
#: Number of architectures that are timed for the estimate.
_TIMED = 3


def announce(name: str, n: int, measure: Callable[[str], object], order: Sequence[str]) -> None:
    """Say how many measurements start, under which name, and about how long they take.

    Parameters
    ----------
    name : str
        Name of the table.
    n : int
        Number of missing measurements.
    measure : callable
        Measures one architecture. Its result is dropped.
    order : sequence of str
        Architectures in the order in which they are measured.
    """
    if n == 0:
        return
    took = f", about {duration(_seconds(measure, order) * n)}" if n >= _MANY else ""
    _say(
        f"{n:,} measurements{took}, under the name {name}; Ctrl-C stops, and the same "
        "command continues"
    )


def warn_of_threads(threads: int) -> None:
    """Warn of more threads than cores, which measures how the system shares out the cores."""
    cores = cores_allowed()
    if threads > cores:
        _say(
            f"warning: threads={threads}, but this process may use {cores} cores: the times are "
            f"those of threads that wait for each other. Try: threads={cores}"
        )


def warn_of_missing(architecture: str, reason: str) -> None:
    """Warn that a network failed, or did not run as the facts of its backend say."""
    _say(f"warning: {architecture}: {reason}; the table leaves out such networks")


def cores_allowed() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _seconds(measure: Callable[[str], object], order: Sequence[str]) -> float:
    timed = order[:_TIMED]
    # The first one also loads the runtime.
    measure(timed[0])
    start = time.perf_counter()
    for architecture in timed:
        measure(architecture)
    return (time.perf_counter() - start) / len(timed)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - for the user
