"""Where the keys of architectures stand in other keys."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def places_in(ascending: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Return the place of each wanted key in ascending keys, or -1 if they do not contain it.

    Parameters
    ----------
    ascending : array, shape (n_keys,)
    wanted : array, shape (n,)

    Returns
    -------
    array of int64, shape (n,)
        Of equal keys, the place of the first.

    Examples
    --------
    >>> places_in(np.array([3, 5, 9]), np.array([9, 4, 3]))
    array([ 2, -1,  0])
    """
    if not len(ascending):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.where(ascending[place] == wanted, place, -1)


def rows_of(keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Return the row of each wanted key in keys of any order, or -1 if they do not contain it.

    Examples
    --------
    >>> rows_of(np.array([9, 3, 5]), np.array([9, 4, 3]))
    array([ 0, -1,  1])
    """
    order = np.argsort(keys, kind="stable")
    place = places_in(keys[order], wanted)
    return np.where(place >= 0, order[place], -1) if len(keys) else place
