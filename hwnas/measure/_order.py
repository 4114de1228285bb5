"""The architectures that are measured, and their order."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from hwnas.errors import UserError, check_number
from hwnas.seeding import generator
from hwnas.space import LISTABLE, SearchSpace


def measuring_order(space: SearchSpace, n_architectures: int | None, seed: int) -> list[str]:
    """Return one architecture of each of `n_architectures` different networks.

    The order is random, so every prefix of it is a random sample. With one seed, the list for a
    smaller number is a prefix of the list for a larger number.

    Parameters
    ----------
    space : SearchSpace
    n_architectures : int or None
        Number of architectures. None means one architecture of every network of the space.
    seed : int

    Returns
    -------
    list of str
        Architecture strings.

    Raises
    ------
    UserError
        If the number is not positive, or if it is None and the space is too large to list.
    """
    if n_architectures is not None:
        check_number("n_architectures", n_architectures, 1)
    random = generator(seed, "measuring order")
    if space.size > LISTABLE:
        if n_architectures is None:
            raise UserError(
                f"space={space.name} is too large to measure as a whole",
                remedy="n_architectures=500",
            )
        drawn = space.sample(n_architectures, random)
        return list(dict.fromkeys(space.to_strings(drawn)))
    everything = space.enumerate()
    _, first = np.unique(space.network_representative(everything), return_index=True)
    chosen = random.permutation(first)[:n_architectures]
    return space.to_strings(everything[chosen])


def sample_size_covering(
    space: SearchSpace, architectures: Collection[str], seed: int
) -> int | None:
    """Return the smallest `n_architectures` whose measuring order contains the architectures.

    None means that only the list of all architectures contains them.

    Parameters
    ----------
    space : SearchSpace
    architectures : collection of str
        Architectures of a measuring order with the same seed.
    seed : int
    """
    whole = space.size <= LISTABLE
    n = len(architectures)
    order = measuring_order(space, None if whole else n, seed)
    while not whole and not set(architectures) <= set(order):
        n *= 2
        order = measuring_order(space, n, seed)
    place = {architecture: number for number, architecture in enumerate(order, start=1)}
    last = max(place[architecture] for architecture in architectures)
    return None if whole and last == len(order) else last
