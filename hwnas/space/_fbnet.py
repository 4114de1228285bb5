"""The search space of FBNet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hwnas.space._base import Architectures, SearchSpace


class FBNet(SearchSpace):
    """FBNet (Wu et al., CVPR 2019): 22 searchable blocks with 9 candidates each.

    Examples
    --------
    >>> space = FBNet()
    >>> space.format((8,) * 22)[:10]
    'skip|skip|'
    >>> space.parse("|".join(["k3_e1_g2"] * 22))[:3]
    (1, 1, 1)
    """

    name = "fbnet"
    skeleton = "hwnas.network.FBNetSkeleton"
    image_set = "ImageNet"
    notation = (
        "The 22 blocks from input to output. k is the kernel size, e the expansion of the channels "
        "and g the number of groups of the 1×1 convolutions; skip leaves the block out."
    )
    operations = (
        "k3_e1",
        "k3_e1_g2",
        "k3_e3",
        "k3_e6",
        "k5_e1",
        "k5_e1_g2",
        "k5_e3",
        "k5_e6",
        "skip",
    )
    n_positions = 22

    def parse(self, string: str) -> tuple[int, ...]:
        """Read the block names, joined by ``|``."""
        names = string.split("|")
        if len(names) != self.n_positions or not set(names) <= set(self.operations):
            raise ValueError(f"not an FBNet architecture string: {string!r}")
        return tuple(self.operations.index(name) for name in names)

    def format(self, architecture: Sequence[int]) -> str:
        """Write the block names, joined by ``|``."""
        return "|".join(self.operations[block] for block in architecture)

    def rank(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the lexicographic rank of every row modulo 2^64, shape (n,).

        The 9^22 ranks do not fit into 64 bits. The probability that two of 5,000 random
        architectures share a key is about 1e-12. `hwnas.dataset.Table` refuses rows with equal
        keys.
        """
        return super().rank(architectures)
