"""Encodings of a cell as a graph or a token sequence; the operations are the vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.encoding._encodings import Encoding
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

#: The vertices are the input, the operations on the cell's edges in the order of `EDGES`, and the
#: output.
N_VERTICES = len(EDGES) + 2


def adjacency() -> NDArray[np.float32]:
    """Return the adjacency matrix of a cell's graph, shape (8, 8).

    Element (i, j) is 1 if vertex i feeds vertex j. Vertex 0 is the cell's input, vertex 1 + e the
    operation on edge e, and vertex 7 the output. The operations on edges that end at a node feed
    those on edges that start there. All cells have the same matrix, because they differ in their
    operations only. ``none`` is an operation too.

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
    """A cell as a graph of 8 vertices: the input, the 6 operations and the output.

    Parameters
    ----------
    live : bool
        Whether to add a second description of each vertex: its operation in the cell without dead
        operations, see :meth:`hwnas.space.SearchSpace.live`.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> rows = Graph(space=NASBench201()).fit_transform(np.array([[3, 0, 0, 1, 0, 4]]))
    >>> rows.shape  # 8 vertices, each with 8 columns of adjacency and 7 of its operation
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

        The columns of a vertex are its row of the adjacency matrix (8 columns), then the one-hot of
        its operation. The one-hot has a column for each operation of the search space, for the
        input and for the output. The adjacency is the same for all cells. It is in the encoding so
        that a model needs to know only the number of vertices.
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
        Whether a dead operation gets another token than the same operation where it is live, see
        :meth:`hwnas.space.SearchSpace.live`.
    adjacency : bool
        Whether the sequence also holds the connections of the vertices, as in Luo et al. ("Neural
        Architecture Optimization", NeurIPS 2018). They are the same for all cells.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cells = np.array([[3, 0, 0, 1, 0, 4]])  # 0→1 and 2→3 are dead
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

        The token of an operation is its index. With `live`, the number of operations is added to
        the token if the operation is dead.

        With `adjacency`, the sequence describes one vertex after another, from the second on. For
        each earlier vertex it has 2 if that one feeds this vertex, else 1. Then comes 3 plus the
        token of the operation. The output's token is one above the largest token of an operation.
        No token is 0, so a model can start its sequences with 0.
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
            inputs = connected[:vertex, vertex]
            columns += [np.broadcast_to(inputs, (len(cells), vertex)), operations[:, [vertex - 1]]]
        return np.hstack(columns)
