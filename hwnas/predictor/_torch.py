"""Random numbers, threads and rounding of the models trained with torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from sklearn.utils import check_random_state


def seeded_generator(random_state: Any) -> torch.Generator:
    """Return a torch generator seeded with a scikit-learn `random_state`."""
    seed = check_random_state(random_state).randint(2**31 - 1)
    return torch.Generator().manual_seed(int(seed))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread in the block, and restore the previous number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Let the processor round denormal numbers (below 1e-38) to 0 in the block.

    Weight decay shrinks the weights of units that are never active to denormal numbers. Processors
    compute with these slowly: a long training would take seven times as long.
    """
    keeps_denormals = bool(torch.full((1,), 1e-38).mul(0.1) != 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(not keeps_denormals)
