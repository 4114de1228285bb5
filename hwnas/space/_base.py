"""What every search space can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

#: One row an architecture, one column a position: the index of the operation chosen there.
Architectures = NDArray[np.int8]
#: Architectures of a larger space are drawn at random; those of a smaller one are listed.
LISTABLE = 1_000_000


class SearchSpace(ABC):
    """A search space: positions, and the operations to choose from at each.

    An architecture is a row of operation indices, so that every predictor, dataset and simulator
    takes the same matrix. A space has no state: two instances of one class are equal.

    Attributes
    ----------
    name : str
        The word used in paths, configs and tables.
    n_positions : int
        Number of choices an architecture consists of.
    operations : tuple of str
        The candidate operations of every position, in index order.
    size : int
        Number of architectures.
    skeleton : str or None
        Public name of the `hwnas.network.Skeleton` that builds the space's networks, such as
        ``"hwnas.network.FBNetSkeleton"``. None where no network is known: then nothing can be
        measured on this machine or counted from the layers, and everything else works.
    image_set : str
        What its benchmark trains on first, one of ``conf/image_set/``. Only networks need it.
    """

    name: str
    n_positions: int
    operations: tuple[str, ...]
    skeleton: ClassVar[str | None] = None
    image_set: str

    @property
    def size(self) -> int:
        """Number of architectures."""
        return int(len(self.operations) ** self.n_positions)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @abstractmethod
    def parse(self, string: str) -> tuple[int, ...]:
        """Read one architecture string; raise ``ValueError`` if it is none of this space."""

    @abstractmethod
    def format(self, architecture: Sequence[int]) -> str:
        """Write one architecture as the string its benchmark uses."""

    def from_strings(self, strings: Iterable[str]) -> Architectures:
        """Return the architectures with these strings, shape (n, n_positions)."""
        rows = [self.parse(string) for string in strings]
        return np.array(rows, dtype=np.int8).reshape(len(rows), self.n_positions)

    def to_strings(self, architectures: Architectures) -> list[str]:
        """Return the string of every row."""
        return [self.format(row) for row in architectures.tolist()]

    def rank(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the lexicographic rank of every row: the key to join tables by."""
        weights = len(self.operations) ** np.arange(self.n_positions - 1, -1, -1, dtype=np.int64)
        rank: NDArray[np.int64] = architectures.astype(np.int64) @ weights
        return rank

    def validate(self, architectures: NDArray[np.generic]) -> Architectures:
        """Check that the rows are architectures of this space; raise ``ValueError`` if not."""
        array = np.asarray(architectures)
        if array.ndim != 2 or array.shape[1] != self.n_positions:
            raise ValueError(
                f"{self.name}: expected shape (n, {self.n_positions}), got {array.shape}"
            )
        whole = array.dtype.kind in "iu" or (
            array.dtype.kind == "f" and np.array_equal(array, np.rint(array))
        )
        if not whole:
            raise ValueError(f"{self.name}: operation indices must be whole numbers, no NaN")
        if array.size and (array.min() < 0 or array.max() >= len(self.operations)):
            raise ValueError(
                f"{self.name}: operation indices must lie in 0..{len(self.operations) - 1}"
            )
        return array.astype(np.int8)

    def enumerate(self) -> Architectures:
        """Return every architecture in lexicographic order, shape (size, n_positions).

        Every combination of operations is an architecture, unless a subclass says otherwise.

        Raises
        ------
        ValueError
            If there are more than `LISTABLE`.
        """
        if self.size > LISTABLE:
            raise ValueError(
                f"{self.name} has {len(self.operations)}^{self.n_positions} architectures: they "
                "cannot be enumerated"
            )
        choices = product(range(len(self.operations)), repeat=self.n_positions)
        return np.array(list(choices), dtype=np.int8)

    def live(self, architectures: Architectures) -> Architectures:
        """Return the architectures with every choice that computes nothing made neutral."""
        return architectures

    def representative(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return, for every row, a key equal exactly for architectures that compute the same."""
        return self.rank(architectures)

    def network_representative(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return, for every row, a key equal exactly for architectures with the same network.

        Two architectures may compute the same by other layers, and then cost and learn otherwise.
        """
        return self.representative(architectures)
