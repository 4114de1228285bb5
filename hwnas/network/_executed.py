"""The edges of a cell that a runtime with dead-code elimination and constant folding executes."""

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

    The roofline estimates of these devices use the rule too, and rank the latencies with tau .880
    and .825. A simpler rule that keeps every convolution gives other edges in 1,392 cells, and tau
    .803 and .752.

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

    convolutions = [i for i, name in enumerate(space.operations) if name in _CONVOLUTIONS]
    runs = np.zeros((n, len(EDGES)), dtype=bool)
    needed = np.zeros((n, N_NODES), dtype=bool)
    needed[:, -1] = True
    for edge in reversed(range(len(EDGES))):
        start, end = EDGES[edge]
        folded = np.isin(X[:, edge], convolutions) & alone[:, end] & zeroed[:, end]
        runs[:, edge] = (carries[:, edge] & needed[:, end]) | folded
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
