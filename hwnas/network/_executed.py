"""The edges of a cell that a runtime executes after dead-code elimination and constant folding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

_IN = [[e for e, (_, end) in enumerate(EDGES) if end == node] for node in range(N_NODES)]
_OUT = [[e for e, (start, _) in enumerate(EDGES) if start == node] for node in range(N_NODES)]
_CONVOLUTIONS = ("nor_conv_1x1", "nor_conv_3x3")


def executed(space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
    """Return which edges of each cell a runtime such as TensorFlow Lite executes, shape (n, 6).

    The runtime drops operations that the output does not need. There is one exception: it folds a
    multiplication by 0 (``none``) into the convolution right before it. That convolution then runs
    with weights of 0, and so do the operations that compute its input. The folding happens if the
    convolution is the only term of its node and if only ``none`` reads the node. The runtime also
    executes edges whose input is 0. A cell without a path to its output is a constant, and the
    runtime executes none of its edges.

    The rule was found in the measurements of HW-NAS-Bench (CIFAR-10, all 15,625 cells). The number
    of executed edges with each operation explains 98 % of the variance of the raspi4 latencies and
    96 % of the pixel3 latencies. The same numbers for all edges or for the live edges explain 86
    and 85 %, and for the edges that the output needs 94 and 93 %.

    The roofline estimates of these devices use the rule too, and rank the latencies with tau .898
    and .907. A simpler rule that keeps every convolution gives other edges in 1,392 cells, and tau
    .824 and .834.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cells = np.array([[3, 0, 0, 3, 0, 3],  # node 1 is a convolution, read by `none` only
    ...                   [4, 0, 0, 3, 0, 3]])  # node 1 is a pooling: dropped
    >>> executed(NASBench201(), cells).astype(int)
    array([[1, 0, 0, 1, 0, 1],
           [0, 0, 0, 1, 0, 1]])
    """
    carries = np.not_equal(X, space.none)
    n = len(X)
    # Whether each edge adds something to its node. The runtime knows that an identity of a constant
    # 0 is 0, but it does not know it of other operations.
    brings = carries.copy()
    zero = np.zeros((n, N_NODES), dtype=bool)
    for edge, (start, end) in enumerate(EDGES):
        brings[:, edge] &= ~(zero[:, start] & (X[:, edge] == space.skip))
        if edge == _IN[end][-1]:
            zero[:, end] = ~brings[:, _IN[end]].any(axis=1)
    alone = np.stack([brings[:, _IN[node]].sum(axis=1) == 1 for node in range(N_NODES)], axis=1)
    zeroed = _only_zeroed(space, X, carries, brings & alone[:, [end for _, end in EDGES]])

    ends = [end for _, end in EDGES]
    return _runs(space, X, folded=convolutions(space, X) & alone[:, ends] & zeroed[:, ends])


def reaching(space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
    """Return the edges from which a path leads to the output of the cell, shape (n, 6).

    A runtime that only drops unused results executes these edges. It also executes operations whose
    input is a zero tensor, because it does not look at values. A cell without a path from its input
    to its output is a constant, and none of its edges is executed.

    The edgegpu latencies of HW-NAS-Bench follow this rule: in the 183 known rows, cells that differ
    in operations on zero tensors differ in latency, and cells that differ in operations without a
    path to the output do not.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cells = np.array([[0, 0, 0, 3, 1, 0],  # the skip connection reads a zero tensor
    ...                   [3, 0, 0, 3, 0, 3],  # nothing reads node 1
    ...                   [3, 3, 3, 0, 0, 0]])  # constant
    >>> reaching(NASBench201(), cells).astype(int)
    array([[0, 0, 0, 1, 1, 0],
           [0, 0, 0, 1, 0, 1],
           [0, 0, 0, 0, 0, 0]])
    """
    return _runs(space, X, folded=np.zeros((len(X), len(EDGES)), dtype=bool))


def convolutions(space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
    """Return which operations are convolutions, shape (n, 6)."""
    indices = [i for i, name in enumerate(space.operations) if name in _CONVOLUTIONS]
    return np.isin(X, indices)


def _runs(space: CellSpace, X: Architectures, folded: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the edges that the output or an edge of `folded` needs, shape (n, 6)."""
    carries = np.not_equal(X, space.none)
    runs = np.zeros((len(X), len(EDGES)), dtype=bool)
    needed = np.zeros((len(X), N_NODES), dtype=bool)
    needed[:, -1] = True
    for edge in reversed(range(len(EDGES))):
        start, end = EDGES[edge]
        runs[:, edge] = (carries[:, edge] & needed[:, end]) | folded[:, edge]
        needed[:, start] |= runs[:, edge]
    passes = np.not_equal(space.live(X), space.none).any(axis=1, keepdims=True)
    return np.logical_and(runs, passes)


def _only_zeroed(
    space: CellSpace,
    X: Architectures,
    carries: NDArray[np.bool_],
    alone: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return the nodes that only ``none`` reads, directly or after identities, shape (n, 4)."""
    zeroed = np.zeros((len(X), N_NODES), dtype=bool)
    for node in range(N_NODES - 2, 0, -1):
        zeroed[:, node] = ~carries[:, _OUT[node]].any(axis=1)
        for edge in _OUT[node]:
            others = [other for other in _OUT[node] if other != edge]
            passed_on = (X[:, edge] == space.skip) & alone[:, edge]
            end = EDGES[edge][1]
            zeroed[:, node] |= passed_on & zeroed[:, end] & ~carries[:, others].any(axis=1)
    return zeroed
