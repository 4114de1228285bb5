"""Graph and token encodings of a cell: its edge-operations become vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.encoding._encodings import Encoding
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

#: Input, one vertex an edge of the cell in the order of `EDGES`, output.
N_VERTICES = len(EDGES) + 2


def adjacency() -> NDArray[np.float32]:
    """Return which vertex feeds which, shape (8, 8): row the giver, column the taker.

    Vertex 0 is the cell's input, vertex 1 + e the operation on edge e, vertex 7 the output. An
    operation takes what ends at the node where its edge starts. All cells share this matrix: they
    differ in their operations alone, and ``none`` is one of them.

    Examples
    --------
    >>> adjacency()[0].nonzero()[0].tolist()  # the input feeds 0→1, 0→2 and 0→3
    [1, 2, 4]
    >>> adjacency()[1].nonzero()[0].tolist()  # 0→1 feeds 1→2 and 1→3
    [3, 5]
    """
    ends = [0, *(end for _, end in EDGES)]
    starts = [*(start for start, _ in EDGES), N_NODES - 1]
    matrix = np.zeros((N_VERTICES, N_VERTICES), dtype=np.float32)
    matrix[:-1, 1:] = np.equal.outer(ends, starts)
    return matrix


class Graph(Encoding):
    """A cell as a graph of 8 vertices: input, 6 edge-operations, output.

    Parameters
    ----------
    live : bool
        Whether to describe every vertex by the operation of the live cell too (see
        :meth:`SearchSpace.live`), beside the one that was chosen.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> rows = Graph(space=NASBench201()).fit_transform(np.array([[3, 0, 0, 1, 0, 4]]))
    >>> rows.shape  # a vertex: 8 columns of adjacency, 7 of operation
    (1, 120)
    >>> rows.reshape(8, 15)[1].nonzero()[0].tolist()  # 0→1: feeds 1→2 and 1→3, nor_conv_3x3
    [3, 5, 11]
    """

    spaces = (CellSpace,)

    def __init__(self, live: bool = False, space: CellSpace | None = None) -> None:
        super().__init__(space)
        self.live = live

    def transform(self, X: Architectures) -> NDArray[np.float32]:
        """Return the graphs, shape (n, 8 * width), vertex by vertex.

        A vertex is its row of the adjacency matrix (8 columns), then the one-hot of its operation:
        those of the search space, then input, then output. Adjacency is the same for every cell;
        it stays in the rows so that a model needs to know nothing but the number of vertices.
        """
        space = self._space()
        cells = np.asarray(X, dtype=np.int8)
        features = [_vertices(cells, len(space.operations))]
        if self.live:
            features.append(_vertices(space.live(cells), len(space.operations)))
        connections = np.broadcast_to(adjacency(), (len(cells), N_VERTICES, N_VERTICES))
        graph = np.concatenate([connections, *features], axis=2)
        return graph.reshape(len(cells), -1)


def _vertices(cells: Architectures, n_operations: int) -> NDArray[np.float32]:
    """Return the one-hot operation of every vertex, shape (n, 8, n_operations + 2)."""
    operations = np.empty((len(cells), N_VERTICES), dtype=np.int64)
    operations[:, 0] = n_operations
    operations[:, 1:-1] = cells
    operations[:, -1] = n_operations + 1
    return np.eye(n_operations + 2, dtype=np.float32)[operations]


class Tokens(Encoding):
    """A cell as a sequence of tokens, for a recurrent network.

    Parameters
    ----------
    live : bool
        Whether an operation that computes nothing (see :meth:`SearchSpace.live`) has a token of
        its own.
    adjacency : bool
        Whether to write out the connections, which are the same in every cell, as Luo et al.
        ("Neural Architecture Optimization", NeurIPS 2018) do.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cells = np.array([[3, 0, 0, 1, 0, 4]])  # nodes 1 and 2 lead nowhere
    >>> Tokens(space=NASBench201()).fit_transform(cells)
    array([[3, 0, 0, 1, 0, 4]])
    >>> Tokens(live=True, space=NASBench201()).fit_transform(cells)
    array([[8, 0, 0, 1, 0, 9]])
    >>> Tokens(adjacency=True, space=NASBench201()).fit_transform(cells)[0, :9].tolist()
    [2, 6, 2, 1, 3, 1, 2, 1, 3]
    """

    spaces = (CellSpace,)

    def __init__(
        self, live: bool = False, adjacency: bool = False, space: CellSpace | None = None
    ) -> None:
        super().__init__(space)
        self.live = live
        self.adjacency = adjacency

    def transform(self, X: Architectures) -> NDArray[np.int64]:
        """Return the tokens, shape (n, 6), or (n, 35) with adjacency.

        The token of an operation is its index; with `live`, plus their number if the edge is dead.
        With `adjacency`, vertex by vertex from the second: for every earlier vertex 2 if it feeds
        this one, else 1; then 3 + the token of the operation, the output's being one more than any.
        Token 0 is left to start a sequence with.
        """
        space = self._space()
        cells = np.asarray(X, dtype=np.int8)
        tokens = cells.astype(np.int64)
        n_tokens = len(space.operations)
        if self.live:
            tokens += n_tokens * (space.live(cells) != cells)
            n_tokens *= 2
        if not self.adjacency:
            return tokens
        operations = np.pad(tokens, ((0, 0), (0, 1)), constant_values=n_tokens) + 3
        connected = adjacency().astype(np.int64) + 1
        columns = []
        for vertex in range(1, N_VERTICES):
            givers = connected[:vertex, vertex]
            columns += [np.broadcast_to(givers, (len(cells), vertex)), operations[:, [vertex - 1]]]
        return np.hstack(columns)
