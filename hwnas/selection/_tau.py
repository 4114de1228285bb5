"""Kendall's tau of many predictions at once, in O(n^1.5) vectorised steps and exact with ties."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.unsignedinteger[Any]]


def smallest_uint(largest: int) -> np.dtype[Any]:
    """Return the narrowest unsigned type that holds `largest`; NumPy radix-sorts 16-bit ones."""
    return np.min_scalar_type(largest)


def dense_ranks(values: NDArray[np.float64]) -> Ranks:
    """Return ranks from 0, the same for equal values.

    Examples
    --------
    >>> dense_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [1, 0, 1]
    """
    distinct, ranks = np.unique(values, return_inverse=True)
    return ranks.astype(smallest_uint(len(distinct)))


def kendall_tau(ranks: Ranks, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Kendall's tau-b of each row of predictions with the true ranking.

    SciPy's `kendalltau` takes 5.5 ms for 15,625 values; a simulation asks for tens of thousands
    of them.

    Parameters
    ----------
    ranks : array of unsigned int, shape (n,)
        Ranks of the true values, equal for equal values; gaps do not matter.
    predicted : array, shape (k, n)

    Returns
    -------
    array of float64, shape (k,)
        0 where all true values, or all predictions of the row, are equal.

    Raises
    ------
    ValueError
        If a prediction is NaN.

    Examples
    --------
    >>> kendall_tau(dense_ranks(np.array([1.0, 2.0, 3.0])), np.array([[1.0, 3.0, 2.0]])).tolist()
    [0.3333333333333333]
    """
    if np.isnan(predicted).any():
        raise ValueError("cannot rank predictions that are NaN")
    n = len(ranks)
    order = np.argsort(predicted, axis=1)
    in_order = np.take_along_axis(predicted, order, axis=1)
    tied = in_order[:, 1:] == in_order[:, :-1]
    sequence = ranks[order]
    pairs = n * (n - 1) // 2
    true_ties = _tied_pairs(np.sort(ranks))
    predicted_ties = np.zeros(len(predicted))
    both_ties = np.zeros(len(predicted))
    for row in np.flatnonzero(tied.any(axis=1)):
        # Among equal predictions the true ranks ascend: a tie is then never counted discordant.
        group = np.concatenate([[0], np.cumsum(~tied[row])])
        keys = np.sort(group * (int(ranks.max()) + 1) + sequence[row])
        sequence[row] = keys - group * (int(ranks.max()) + 1)
        predicted_ties[row] = _tied_pairs(group)
        both_ties[row] = _tied_pairs(keys)
    # The positions at which the ranks ascend: their inversions are those of the sequence.
    positions = np.argsort(sequence, axis=1, kind="stable")
    discordant = inversions(positions)
    surplus = pairs - true_ties - predicted_ties + both_ties - 2 * discordant
    ranked = np.sqrt((pairs - true_ties) * (pairs - predicted_ties))
    return np.divide(surplus, ranked, out=np.zeros(len(predicted)), where=ranked > 0)


def inversions(permutations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the inversions of each row, a permutation of 0..n-1.

    Both positions and values are cut into √n blocks. Pairs in one block of positions are compared
    directly, so are pairs in one block of values; all others are decided by their blocks alone,
    and counted from the table of how many elements fall into each pair of blocks.

    Examples
    --------
    >>> inversions(np.array([[0, 1, 2], [2, 1, 0], [1, 2, 0]])).tolist()
    [0, 3, 2]
    """
    k, n = permutations.shape
    size = math.isqrt(n - 1) + 1 if n > 1 else 1
    blocks = -(-n // size)
    # Pad to whole blocks by fixed points at the end, which add no inversion.
    full = blocks * size
    padded = np.empty((k, full), dtype=np.int64)
    padded[:, :n] = permutations
    padded[:, n:] = np.arange(n, full)
    inverse = np.empty_like(padded)
    np.put_along_axis(inverse, padded, np.arange(full)[np.newaxis], axis=1)
    value_block = padded // size
    cell = (np.arange(k)[:, np.newaxis] * blocks + np.arange(full) // size) * blocks + value_block
    counts = np.bincount(cell.ravel(), minlength=k * blocks * blocks).reshape(k, blocks, blocks)
    # Elements in an earlier block of positions and a later block of values.
    earlier = np.cumsum(counts, axis=1) - counts
    later = np.cumsum(earlier[:, :, ::-1], axis=2)[:, :, ::-1] - earlier
    apart = (counts * later).sum(axis=(1, 2))
    same_positions = _descents(padded.astype(smallest_uint(full)), size)
    same_values = _descents((inverse // size).astype(smallest_uint(blocks)), size)
    return np.asarray(apart + same_positions + same_values)


def _descents(rows: Ranks, size: int) -> NDArray[np.int64]:
    """Count pairs within consecutive blocks of `size` whose first element is the larger."""
    k, n = rows.shape
    # Position within the block first: each comparison then runs over contiguous memory.
    table = np.ascontiguousarray(rows.reshape(-1, size).T)
    found = np.zeros(table.shape, dtype=smallest_uint(size))
    for distance in range(1, size):
        found[distance:] += table[:-distance] > table[distance:]
    totals = found.sum(axis=0, dtype=np.int64).reshape(k, n // size)
    return np.asarray(totals.sum(axis=1))


def _tied_pairs(ascending: NDArray[Any]) -> int:
    """Count the pairs of equal values of a sorted array."""
    edges = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1], [True]]))
    lengths = np.diff(edges)
    return int((lengths * (lengths - 1) // 2).sum())
