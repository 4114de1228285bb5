"""The views of a cell: which of its operations `best` counts, and how it groups them.

A view is one class. It says which edges of a cell it keeps. It may also group the operations on
these edges in its own way. A new view belongs into `CELL_VIEWS`, and needs a prior in
`hwnas.predictor.best._kernel` for every new kind of block.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.network import executed
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace

Array = NDArray[np.float64]

#: The node that each edge reads.
_READ = np.array([start for start, _ in EDGES])


def counted(chosen: Array) -> Array:
    """Return chosen.sum(axis=1), which a matrix product computes many times as fast."""
    n, positions, operations = chosen.shape
    totals: Array = chosen.reshape(n, -1) @ np.tile(np.eye(operations), (positions, 1))
    return totals


class View(ABC):
    """A view of a cell.

    Attributes
    ----------
    name : str
        The first part of the names of the view's blocks of features.
    by_position : bool
        Whether the cost of an operation may depend on its position in this view.
    margin : float
        By how much the view must raise the log density of a measurement above that of all other
        views, to be used. It is 0 for views that many devices follow.
    """

    name: ClassVar[str]
    by_position: ClassVar[bool] = True
    margin: ClassVar[float] = 0.0

    def fits(self, space: CellSpace) -> bool:  # noqa: ARG002 (for subclasses)
        """Return whether the view says something about the cells of a space. By default it does."""
        return True

    @abstractmethod
    def keeps(self, space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
        """Return which edges of every cell the view counts, shape (n, 6)."""

    def totals(self, chosen: Array, costs: Array) -> dict[str, Array]:
        """Return the total costs, of which the prior expects that more of them cost more.

        Parameters
        ----------
        chosen : array, shape (n, 6, n_operations)
            1 where a kept edge has the operation, 0 elsewhere.
        costs : array, shape (n_operations, 2)
            Relative multiply-accumulates and number of layers of each operation.

        Returns
        -------
        dict of str to array, shape (n, 1)
            The total costs by kind: ``total0``, ...
        """
        total = counted(chosen) @ costs
        return {f"total{i}": column[:, None] for i, column in enumerate(total.T)}

    def groups(self, chosen: Array) -> dict[str, Array]:
        """Return the other blocks of linear features by kind: counts of operations in groups."""
        return {"counts": counted(chosen)}


class Raw(View):
    """All operations as written."""

    name = "raw"

    def keeps(self, space: CellSpace, X: Architectures) -> NDArray[np.bool_]:  # noqa: ARG002
        """Return True for every edge."""
        return np.ones(X.shape, dtype=bool)


class Executed(View):
    """The operations that a runtime such as TensorFlow Lite executes."""

    name = "executed"

    def keeps(self, space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
        """Return the executed edges, see `hwnas.network.executed`."""
        return executed(space, X)


class Live(View):
    """The live operations."""

    name = "live"

    def keeps(self, space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
        """Return the live edges, see `hwnas.space.CellSpace.live`."""
        return np.not_equal(space.live(X), space.none)


class Needed(View):
    """The operations that the output needs, grouped by the node they read.

    edgegpu needs this view. TensorRT runs the operations that the output needs, without the folding
    of :class:`Executed`. An operation on the input of the cell costs little there. An operation on
    an inner node, which holds a sum, costs as much as a convolution, whatever it is.
    """

    name = "needed"
    by_position = False
    # A device that follows the view gains about 0.5. Others gain less, by chance.
    margin = 0.25

    def fits(self, space: CellSpace) -> bool:
        """Return whether identities on the cell's input run no layer, see `CellSpace.strided`."""
        return not space.strided

    def keeps(self, space: CellSpace, X: Architectures) -> NDArray[np.bool_]:
        """Return the edges that lead to the output, also if their own input is 0.

        A cell without a path from its input to its output is a constant. It needs no edge.
        """
        carries = np.not_equal(X, space.none)
        needed = np.zeros((len(X), N_NODES), dtype=bool)
        needed[:, -1] = True
        for edge, (start, end) in reversed(list(enumerate(EDGES))):
            needed[:, start] |= carries[:, edge] & needed[:, end]
        passes = np.not_equal(space.live(X), space.none).any(axis=1, keepdims=True)
        kept: NDArray[np.bool_] = carries & needed[:, [end for _, end in EDGES]] & passes
        return kept

    def totals(self, chosen: Array, costs: Array) -> dict[str, Array]:
        """Return the number of layers and the number of operations that read an inner node."""
        layers = super().totals(chosen, costs)["total1"]
        return {"total1": layers, "total2": _inner(chosen).sum(axis=1, keepdims=True)}

    def groups(self, chosen: Array) -> dict[str, Array]:
        """Return the counts of operations: of all, of those on inner nodes, and of each node."""
        by_node = [counted(chosen[:, node == _READ]) for node in range(N_NODES - 1)]
        own = {"inner": _inner(chosen), "by_node": np.hstack(by_node)}
        return {**super().groups(chosen), **own}


def _inner(chosen: Array) -> Array:
    """Return how many operations of each kind read an inner node, shape (n, n_operations)."""
    return counted(chosen[:, _READ > 0])


#: The views of cells. The order decides between views that predict equally well.
CELL_VIEWS: tuple[View, ...] = (Raw(), Executed(), Live(), Needed())

#: The margins of the views by name. Views of other spaces have none.
MARGINS = {view.name: view.margin for view in CELL_VIEWS}
