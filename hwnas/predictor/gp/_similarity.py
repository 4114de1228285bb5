"""The squared-exponential similarity of rows, and sums for its gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


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
