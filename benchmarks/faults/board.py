"""A backend whose times depend on the network alone, so that two measurements can be compared."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hwnas.backend import Prepared
from hwnas.network import Network


@dataclass(frozen=True)
class Board:
    """Computes milliseconds from the multiply-accumulates, and takes some time for it."""

    unit_facts: ClassVar[tuple[str, ...]] = ()
    name: str = "board"
    seconds: float = 0.01

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Return the timer."""
        del threads, seed
        # libfaketime, which sets clocks back, lets time.sleep fail.
        end = time.perf_counter() + self.seconds
        while time.perf_counter() < end:
            pass
        return lambda repeats: np.full(repeats, batch_size * network.macs / 1e6)

    def facts(self) -> dict[str, Any]:
        """Return nothing: the times depend on nothing else."""
        return {}
