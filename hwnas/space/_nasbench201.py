"""The search space of NAS-Bench-201."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hwnas.space._cell import EDGES, N_NODES, CellSpace

#: The notation of a cell, with the places of its operations in the order of its edges.
_NOTATION = "+".join(
    "|" + "".join(f"{{}}~{start}|" for start, to in EDGES if to == end) for end in range(1, N_NODES)
)
_OPERATIONS = re.compile(re.escape(_NOTATION).replace(r"\{\}", "([a-z0-9_]+)"))


class NASBench201(CellSpace):
    """NAS-Bench-201 (Dong & Yang, ICLR 2020): 15,625 cells of 5 operations on 6 edges.

    Examples
    --------
    >>> space = NASBench201()
    >>> cell = "|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
    >>> space.parse(cell)
    (3, 4, 1, 0, 0, 2)
    >>> space.format(space.parse(cell)) == cell
    True
    >>> space.size
    15625
    """

    name = "nasbench201"
    skeleton = "hwnas.network.NASBench201Skeleton"
    image_set = "cifar10"
    notation = (
        "“operation~k” is an operation on the edge from node k of the cell. The three groups that "
        "+ joins are the edges into nodes 1, 2 and 3; node 0 is the input of the cell."
    )
    operations = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    none = 0
    skip = 1

    def parse(self, string: str) -> tuple[int, ...]:
        """Read ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``."""
        match = _OPERATIONS.fullmatch(string)
        names = () if match is None else match.groups()
        if names and set(names) <= set(self.operations):
            return tuple(map(self.operations.index, names))
        raise ValueError(f"not a NAS-Bench-201 architecture string: {string!r}")

    def format(self, architecture: Sequence[int]) -> str:
        """Return the string that NAS-Bench-201 uses."""
        return _NOTATION.format(*(self.operations[operation] for operation in architecture))
