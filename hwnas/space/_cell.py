"""Cell-based spaces: four nodes, six edges, one operation an edge."""

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
    """A cell of 4 nodes and 6 edges; node 0 is the input, node 3 the output.

    Attributes
    ----------
    none, skip : int
        Index of the operation that passes nothing, and of the identity.
    strided : bool
        Whether some cells change the shape, so that an identity out of their input is a layer.
    """

    n_positions = len(EDGES)
    none: int
    skip: int
    strided = False

    def live(self, architectures: Architectures) -> Architectures:
        """Return the cells with every dead edge made ``none``.

        An edge is dead if its start is not reached from the input, or its end does not reach the
        output, through edges other than ``none``.
        """
        carries = architectures != self.none
        n = len(architectures)
        reached = np.zeros((n, N_NODES), dtype=bool)
        reaches = np.zeros((n, N_NODES), dtype=bool)
        reached[:, 0] = True
        reaches[:, N_NODES - 1] = True
        # EDGES is sorted by end node, so one forward pass fixes `reached`, and a pass from the
        # highest end node down fixes `reaches`.
        for edge, (start, end) in enumerate(EDGES):
            reached[:, end] |= carries[:, edge] & reached[:, start]
        for edge, (start, end) in reversed(list(enumerate(EDGES))):
            reaches[:, start] |= carries[:, edge] & reaches[:, end]
        alive = np.stack([reached[:, s] & reaches[:, e] for s, e in EDGES], axis=1)
        return np.where(alive, architectures, self.none).astype(np.int8)

    def representative(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the class of every cell: equal only for cells that compute the same function.

        The classes are those that NAS-Bench-201 counts (6,466 of its 15,625). Its rule is on the
        careful side: it never merges cells that differ, and tells a few apart that do not, such as
        a convolution of a node that nothing but ``none`` enters. The key is the lowest
        lexicographic rank in the class.
        """
        return _lowest_ranks(self, _functions)[self.rank(architectures)]

    def network_representative(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the network of every cell: equal only for cells that run the same layers.

        Cells of one class (see `representative`) may share a layer or run it twice: twice the
        output of one convolution is no sum of two convolutions, whose weights differ. NAS-Bench-201
        has 7,122 networks. The key is the lowest lexicographic rank among cells with the network.
        """
        return _lowest_ranks(self, _networks)[self.rank(architectures)]


Describe = Callable[[CellSpace, Architectures], Sequence[Hashable]]


@lru_cache(maxsize=8)
def _lowest_ranks(space: CellSpace, describe: Describe) -> NDArray[np.int64]:
    """Return, by rank, the lowest rank of a cell with the same description; computed once."""
    lowest: dict[Hashable, int] = {}
    ranks = [
        lowest.setdefault(description, rank)
        for rank, description in enumerate(describe(space, space.enumerate()))
    ]
    return np.array(ranks, dtype=np.int64)


def _functions(space: CellSpace, architectures: Architectures) -> list[str]:
    """Write what every cell computes."""
    return [_expression(space, row) for row in architectures.tolist()]


def _networks(space: CellSpace, architectures: Architectures) -> list[tuple[str, ...]]:
    """Write what every cell computes, and with which layers."""
    functions, live = _functions(space, architectures), space.live(architectures).tolist()
    return [(function, *_layers(space, row)) for function, row in zip(functions, live, strict=True)]


def _layers(space: CellSpace, row: list[int]) -> list[str]:
    """Write every layer that a live cell runs, by what it computes, in alphabetical order."""
    layers = []

    def term(start: int, node: str, operation: int) -> str | None:
        if operation == space.none:
            return None
        if operation == space.skip and not (space.strided and start == 0):
            return node
        layers.append(f"({node})@{operation}")
        return layers[-1]

    _nodes(row, term)
    return sorted(layers)


def _expression(space: CellSpace, row: list[int]) -> str:
    """Write what the output node computes, whatever the order of its summands.

    An identity passes its input through; ``none``, and whatever is computed from nothing, is "#".
    """

    def term(_: int, node: str, operation: int) -> str:
        if operation == space.none or node == "#":
            return "#"
        return node if operation == space.skip else f"({node})@{operation}"

    return _nodes(row, term)[-1]


def _nodes(row: list[int], term: Callable[[int, str, int], str | None]) -> list[str]:
    """Write what every node computes: the sum of what `term` makes of each edge into it.

    `term` takes an edge's start, what that node computes, and the operation; None adds nothing.
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
