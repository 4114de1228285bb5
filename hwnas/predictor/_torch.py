"""Random numbers, threads and floating-point mode of models that are trained with torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from sklearn.utils import check_random_state


def seeded_generator(random_state: Any) -> torch.Generator:
    """Return a torch generator seeded by scikit-learn's `random_state`: int, state or None."""
    seed = check_random_state(random_state).randint(2**31 - 1)
    return torch.Generator().manual_seed(int(seed))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread within the block, and the caller's number of threads after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Let torch replace denormal numbers, below about 1e-38, by 0 within the block.

    Weight decay shrinks the weights of units that are never active to such numbers. Processors
    compute with them so slowly that a long training takes seven times as long.
    """
    keeps_them = bool(torch.full((1,), 1e-38).mul(0.1) != 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(not keeps_them)
