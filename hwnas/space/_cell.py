"""Search spaces of cells: four nodes, six edges, one operation on each edge."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from itertools import product

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


#: Takes an edge's start node, the expression of this node, and the edge's operation. Returns the
#: expression of the edge, or None if the edge adds nothing.
Term = Callable[[int, str, int], str | None]
Describe = Callable[[CellSpace], Sequence[Hashable]]


@lru_cache(maxsize=8)
def _lowest_ranks(space: CellSpace, describe: Describe) -> NDArray[np.int64]:
    """Return, for each rank, the lowest rank of a cell with the same description."""
    lowest: dict[Hashable, int] = {}
    ranks = [lowest.setdefault(each, rank) for rank, each in enumerate(describe(space))]
    return np.array(ranks, dtype=np.int64)


def _functions(space: CellSpace) -> list[str]:
    """Return an expression of what each cell computes: equal for cells that compute the same.

    An identity has the expression of its input. "#" is the expression of a zero: of ``none``, and
    of any operation whose input is a zero.
    """

    def term(_: int, node: str, operation: int) -> str:
        if operation == space.none or node == "#":
            return "#"
        return node if operation == space.skip else f"({node})@{operation}"

    return [output for output, _ in _expressions(space, term)]


def _networks(space: CellSpace) -> list[tuple[str, ...]]:
    """Return the function of each cell and the expressions of its layers, in alphabetical order."""

    def term(start: int, node: str, operation: int) -> str | None:
        if operation == space.none:
            return None
        return f"({node})@{operation}" if _is_layer(space, start, operation) else node

    architectures = space.enumerate()
    layers = [
        sorted(
            str(text)
            for (start, _), operation, text in zip(EDGES, row, edges, strict=True)
            if _is_layer(space, start, operation)
        )
        for row, (_, edges) in zip(architectures.tolist(), _expressions(space, term), strict=True)
    ]
    live = space.rank(space.live(architectures)).tolist()
    return [
        (function, *layers[rank]) for function, rank in zip(_functions(space), live, strict=True)
    ]


def _is_layer(space: CellSpace, start: int, operation: int) -> bool:
    passes_on = operation == space.skip and not (space.strided and start == 0)
    return operation != space.none and not passes_on


def _expressions(space: CellSpace, term: Term) -> list[tuple[str, tuple[str | None, ...]]]:
    """Return the expressions of the output node and of the edges of each cell, in order of rank.

    The expression of a node is the sum of the expressions of the edges that enter it. Summands are
    sorted, so that their order does not matter. Cells with the same first nodes share their
    expressions, because describing each cell alone takes ten times as long.
    """
    operations = range(len(space.operations))
    cells: list[tuple[tuple[str, ...], tuple[str | None, ...]]] = [(("0",), ())]
    for node in range(1, N_NODES):
        starts = [start for start, end in EDGES if end == node]
        longer = []
        for nodes, edges in cells:
            choices = [[term(start, nodes[start], each) for each in operations] for start in starts]
            for entering in product(*choices):
                total = "+".join(sorted(text for text in entering if text is not None))
                longer.append(((*nodes, total), (*edges, *entering)))
        cells = longer
    return [(nodes[-1], edges) for nodes, edges in cells]
