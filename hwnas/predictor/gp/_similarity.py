"""The squared-exponential similarity of rows, and sums for its gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

#: Number of similarities that are computed at once: 2 MB.
_CACHED = 250_000


def similarity(a: Array, b: Array) -> Array:
    """Return exp(-distance² / 2) of all pairs of rows, shape (n, m).

    Examples
    --------
    >>> similarity(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])).round(3)
    array([[1.   , 0.368]])
    """
    squares, others = (a**2).sum(axis=1), (b**2).sum(axis=1)
    # The squares are further columns of the product. To add them later takes as long as it.
    left = np.column_stack([a, squares, np.ones(len(a))])
    right = np.column_stack([b, np.full(len(b), -0.5), -others / 2])
    exponent: Array = left @ right.T
    return np.exp(exponent, out=exponent)


def weighted_similarity(a: Array, b: Array, weights: Array, repeated: bool = False) -> Array:
    """Return similarity(a, b) @ `weights`.

    Only some rows are compared at once, so that their similarities stay in the processor's cache.

    Parameters
    ----------
    a, b : array, shapes (n, d) and (m, d)
    weights : array, shape (m,) or (m, k)
    repeated : bool
        Whether many rows of `a` are equal: equal rows are then computed once.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [0.0]])
    >>> weighted_similarity(rows, np.array([[0.0], [1.0]]), np.array([1.0, 2.0])).round(3)
    array([2.213, 2.607, 2.213])
    """
    if repeated and len(a) > 1:
        distinct, inverse = _distinct(a)
        found: Array = weighted_similarity(distinct, b, weights)[inverse]
        return found
    products: Array = np.empty((len(a), *weights.shape[1:]))
    step = max(1, _CACHED // len(b))
    for start in range(0, len(a), step):
        part = slice(start, start + step)
        products[part] = similarity(a[part], b) @ weights
    return products


def _distinct(a: Array) -> tuple[Array, NDArray[np.integer]]:
    """Return the different rows, and which of them each row is."""
    if not a.shape[1]:
        return a[:1], np.zeros(len(a), dtype=np.int64)
    # NumPy sorts the bytes of rows many times as fast as rows of numbers.
    whole = np.ascontiguousarray(a).view(np.dtype((np.void, a.itemsize * a.shape[1])))[:, 0]
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    return a[first], inverse


def weighted_products(a: Array, weights: Array) -> Array:
    """Return, for every column c, the sum over i, j of weights_ij a_ic a_jc."""
    products: Array = np.einsum("ic,ic->c", a, weights @ a)
    return products


def weighted_squares(a: Array, weights: Array) -> Array:
    """Return, for every column c, the sum over i, j of weights_ij (a_ic - a_jc)².

    `weights` are symmetric, shape (n, n).
    """
    squares: Array = 2 * (weights.sum(axis=1) @ a**2 - weighted_products(a, weights))
    return squares
