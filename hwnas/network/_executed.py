"""Which edges of a cell a runtime executes that drops dead code and folds constants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

_IN = [[e for e, (_, end) in enumerate(EDGES) if end == node] for node in range(N_NODES)]
_OUT = [[e for e, (start, _) in enumerate(EDGES) if start == node] for node in range(N_NODES)]
_CONVOLUTIONS = ("nor_conv_1x1", "nor_conv_3x3")


def executed(space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
    """Return which edges are executed by a runtime such as TensorFlow Lite, shape (n, 6).

    It drops what the output does not need, but folds a multiplication by 0 (``none``) into the
    convolution right before it, which then runs with weights of 0, and so does what feeds it. That
    happens where the convolution's output is a node's value by itself (nothing is added to it) and
    nothing but ``none`` reads it. A cell that passes nothing on is a constant and runs nothing.
    Edges are executed even if what they read is 0.

    Found in HW-NAS-Bench's measurements: operation counts of these edges alone explain 98 and 96 %
    of the variance of raspi4 and pixel3 latencies; counts of the written or the live edges 86 and
    85 %, of those the output needs 94 and 93 % (CIFAR-10, all 15,625 cells). The estimates of these
    devices count these edges too: keeping every convolution instead, wherever it stands, differs in
    1,392 cells and ranks with tau .803 and .752 in place of .880 and .825.

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
    # What each edge brings to its node: through identities alone, a constant 0 is seen as such.
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
    """Return the nodes that ``none`` alone reads, perhaps through an identity, shape (n, 4)."""
    zeroed = np.zeros((len(X), N_NODES), dtype=bool)
    for node in range(N_NODES - 2, 0, -1):
        zeroed[:, node] = ~carries[:, _OUT[node]].any(axis=1)
        for edge in _OUT[node]:
            others = [other for other in _OUT[node] if other != edge]
            passed_on = (X[:, edge] == space.skip) & alone[:, edge]
            end = EDGES[edge][1]
            zeroed[:, node] |= passed_on & zeroed[:, end] & ~carries[:, others].any(axis=1)
    return zeroed
