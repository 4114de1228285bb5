"""Independent random generators for different purposes, all derived from one seed."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return the random generator of one purpose, derived from the experiment's seed.

    Generators of different purposes are independent. A new purpose does not change the numbers
    that existing purposes draw.

    Parameters
    ----------
    seed : int
        The experiment's seed, not negative.
    *purpose : str or int
        What the random numbers are for, e.g. ``"split"`` or ``("simulation", trial)``.

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
    """Return a 31-bit integer seed of one purpose, for libraries that take no generators.

    Parameters
    ----------
    seed : int
        The experiment's seed, not negative.
    *purpose : str or int
        See `generator`.

    Examples
    --------
    >>> integer_seed(0, "tuning") == integer_seed(0, "tuning")
    True
    """
    return int(generator(seed, *purpose).integers(2**31 - 1))
