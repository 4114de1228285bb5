"""What every model trained with torch needs: its random numbers, its threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from sklearn.utils import check_random_state


def seeded_generator(random_state: Any) -> torch.Generator:
    """Return torch's generator for scikit-learn's `random_state`: int, RandomState or None."""
    seed = check_random_state(random_state).randint(2**31 - 1)
    return torch.Generator().manual_seed(int(seed))


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread, and give the caller's number back."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Take numbers too small for full precision as 0 within the block.

    The weights of units that are never active shrink below 1e-38 under weight decay, where
    processors compute by microcode: a long training would slow down sevenfold.
    """
    keeps_them = bool(torch.full((1,), 1e-38).mul(0.1) != 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(not keeps_them)
