"""One seed, many independent streams."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return the random generator of one purpose, spawned from the run's seed.

    Streams of different purposes are independent, and adding a purpose never shifts the
    numbers of another one.

    Parameters
    ----------
    seed : int
        The run's seed, not negative.
    *purpose : str or int
        What the stream is for, e.g. ``"split"`` or ``("simulation", trial)``.

    Examples
    --------
    >>> int(generator(0, "split").integers(1000)) == int(generator(0, "split").integers(1000))
    True
    >>> float(generator(0, "split").random()) == float(generator(0, "tuning").random())
    False
    """
    key = tuple(p if isinstance(p, int) else zlib.crc32(p.encode()) for p in purpose)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def integer_seed(seed: int, *purpose: str | int) -> int:
    """Return a 31-bit seed of one purpose, for libraries that take integers only."""
    return int(generator(seed, *purpose).integers(2**31 - 1))
