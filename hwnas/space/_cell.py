"""Search spaces of cells: four nodes, six edges, one operation on each edge."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hwnas.space._base import Architectures, SearchSpace

#: (from node, to node) of every edge, in the order of the benchmark's files.
EDGES: tuple[tuple[int, int], ...] = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
N_NODES = 4


class CellSpace(SearchSpace):
    """A space of cells with 4 nodes and 6 edges. Node 0 is the input, node 3 the output.

    Attributes
    ----------
    none, skip : int
        Index of the operation whose output is 0, and of the identity.
    strided : bool
        Whether the networks have cells with a stride. In such a cell, an identity that starts from
        the input changes the shape, so it is a layer with weights.
    """

    n_positions = len(EDGES)
    none: int
    skip: int
    strided = False

    def live(self, architectures: Architectures) -> Architectures:
        """Return the cells with ``none`` on every dead edge.

        An edge is live if it is on a path of edges other than ``none`` from the input to the
        output. All other edges are dead.
        """
        carries = architectures != self.none
        n = len(architectures)
        reached = np.zeros((n, N_NODES), dtype=bool)
        reaches = np.zeros((n, N_NODES), dtype=bool)
        reached[:, 0] = True
        reaches[:, N_NODES - 1] = True
        # EDGES is sorted by end node, so one pass forward completes `reached` and one pass
        # backward completes `reaches`.
        for edge, (start, end) in enumerate(EDGES):
            reached[:, end] |= carries[:, edge] & reached[:, start]
        for edge, (start, end) in reversed(list(enumerate(EDGES))):
            reaches[:, start] |= carries[:, edge] & reaches[:, end]
        alive = np.stack([reached[:, s] & reaches[:, e] for s, e in EDGES], axis=1)
        return np.where(alive, architectures, self.none).astype(np.int8)

    def representative(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the isomorphism class of every cell, shape (n,).

        The classes are those of the NAS-Bench-201 paper, which counts 6,466 for its 15,625 cells.
        Cells of one class compute the same function. A few cells of different classes do so too,
        for example if a convolution only reads zeros. The key is the lowest lexicographic rank in
        the class.
        """
        return _lowest_ranks(self, _functions)[self.rank(architectures)]

    def network_representative(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the network of every cell, shape (n,): equal for cells that run the same layers.

        Cells of one class (see `representative`) may have different networks: where one cell adds
        the output of a convolution twice, the other runs two convolutions with different weights.
        NAS-Bench-201 has 7,122 networks. The key is the lowest lexicographic rank among the cells
        with the network.
        """
        return _lowest_ranks(self, _networks)[self.rank(architectures)]


Describe = Callable[[CellSpace, Architectures], Sequence[Hashable]]


@lru_cache(maxsize=8)
def _lowest_ranks(space: CellSpace, describe: Describe) -> NDArray[np.int64]:
    """Return, for each rank, the lowest rank of a cell with the same description."""
    lowest: dict[Hashable, int] = {}
    ranks = [
        lowest.setdefault(description, rank)
        for rank, description in enumerate(describe(space, space.enumerate()))
    ]
    return np.array(ranks, dtype=np.int64)


def _functions(space: CellSpace, architectures: Architectures) -> list[str]:
    """Return an expression of the function that every cell computes."""
    return [_expression(space, row) for row in architectures.tolist()]


def _networks(space: CellSpace, architectures: Architectures) -> list[tuple[str, ...]]:
    """Return every cell's function and its layers."""
    functions, live = _functions(space, architectures), space.live(architectures).tolist()
    return [(function, *_layers(space, row)) for function, row in zip(functions, live, strict=True)]


def _layers(space: CellSpace, row: list[int]) -> list[str]:
    """Return the layers that a live cell runs, each as an expression, in alphabetical order."""
    layers = []

    def term(start: int, node: str, operation: int) -> str | None:
        if operation == space.none:
            return None
        if operation == space.skip and not (space.strided and start == 0):
            return node
        layers.append(f"({node})@{operation}")
        return layers[-1]

    _node_expressions(row, term)
    return sorted(layers)


def _expression(space: CellSpace, row: list[int]) -> str:
    """Return a text of what a cell computes: cells that compute the same have the same text.

    Summands are sorted, so that their order does not matter. An identity has the text of its input.
    "#" is the text of a zero: of ``none``, and of any operation whose input is a zero.
    """

    def term(_: int, node: str, operation: int) -> str:
        if operation == space.none or node == "#":
            return "#"
        return node if operation == space.skip else f"({node})@{operation}"

    return _node_expressions(row, term)[-1]


def _node_expressions(row: list[int], term: Callable[[int, str, int], str | None]) -> list[str]:
    """Return an expression of every node: the sum of the terms of the edges that enter it.

    `term` takes an edge's start node, that node's expression and the edge's operation. It returns
    the edge's expression, or None if the edge adds nothing.
    """
    nodes = ["0"]
    for end in range(1, N_NODES):
        terms = [
            term(start, nodes[start], operation)
            for (start, to), operation in zip(EDGES, row, strict=True)
            if to == end
        ]
        nodes.append("+".join(sorted(one for one in terms if one is not None)))
    return nodes
