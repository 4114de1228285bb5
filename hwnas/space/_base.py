"""The base class of search spaces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Operation indices, shape (n, n_positions): one row for each architecture. They are int8, except
#: on spaces with ranges of numbers (`hwnas.space.Choices`), whose rows are float64.
Architectures = NDArray[Any]
#: A key of every architecture, shape (n,): its rank, or the bytes of its row.
Identities = NDArray[np.int64] | NDArray[np.bytes_]
#: Largest number of architectures that are listed. A larger space is sampled at random.
LISTABLE = 1_000_000


class SearchSpace(ABC):
    """A search space: a fixed number of positions, and the operations to choose from at each.

    An architecture is a row of operation indices, one for each position. A space has no state, so
    two instances of one class are equal.

    Attributes
    ----------
    name : str
        Name in paths, configs and tables.
    n_positions : int
        Number of positions of an architecture.
    operations : tuple of str
        The candidate operations of every position, in index order.
    size : int
        Number of architectures.
    skeleton : str or None
        Public name of the `hwnas.network.Skeleton` that builds the space's networks, such as
        ``"hwnas.network.FBNetSkeleton"``. A space of choices may name a function from an
        architecture to its network instead. If it is None, hwnas cannot measure the architectures
        on this machine or count their layers. Everything else works without a skeleton.
    image_set : str
        The default image set for building networks, one of ``conf/image_set/``. A space without a
        skeleton does not need it.
    notation : str
        One or two sentences for people on how to read an architecture's string. May be empty.
    """

    name: str
    n_positions: int
    operations: tuple[str, ...]
    skeleton: str | None = None
    image_set: str
    notation: str = ""

    @property
    def size(self) -> int:
        """Number of architectures."""
        return int(len(self.operations) ** self.n_positions)

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of the constructor, as plain values. Most spaces have none."""
        return {}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @abstractmethod
    def parse(self, string: str) -> tuple[int, ...]:
        """Read one architecture string.

        Raises
        ------
        ValueError
            If the string is not an architecture of this space.
        """

    @abstractmethod
    def format(self, architecture: Sequence[int]) -> str:
        """Return the string of one architecture, in the notation of the space's benchmark."""

    def from_strings(self, strings: Iterable[str]) -> Architectures:
        """Return the architectures with these strings, shape (n, n_positions)."""
        rows = [self.parse(string) for string in strings]
        return np.array(rows, dtype=np.int8).reshape(len(rows), self.n_positions)

    def to_strings(self, architectures: Architectures) -> list[str]:
        """Return the string of every row."""
        return [self.format(row) for row in architectures.tolist()]

    def rank(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the lexicographic rank of every row, shape (n,)."""
        weights = len(self.operations) ** np.arange(self.n_positions - 1, -1, -1, dtype=np.int64)
        rank: NDArray[np.int64] = architectures.astype(np.int64) @ weights
        return rank

    def identity(self, architectures: Architectures) -> Identities:
        """Return a key of every row, shape (n,), that no other architecture has.

        Tables are joined by it. It is the rank, if a space does not override this method.
        """
        return self.rank(architectures)

    def sample(self, n: int, rng: np.random.Generator) -> Architectures:
        """Return random architectures, shape (n, n_positions).

        A space that does not allow every combination of operations overrides this method.
        """
        drawn = rng.integers(len(self.operations), size=(n, self.n_positions))
        return drawn.astype(np.int8)

    def validate(self, architectures: NDArray[np.generic]) -> Architectures:
        """Return the rows as int8, after a check that they are architectures of this space.

        Raises
        ------
        ValueError
            If the shape is not (n, n_positions) or a number is not an operation index.
        """
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

        A space that does not allow every combination of operations overrides this method.

        Raises
        ------
        ValueError
            If the space has more than `LISTABLE` architectures.
        """
        if self.size > LISTABLE:
            raise ValueError(
                f"{self.name} has {len(self.operations)}^{self.n_positions} architectures: they "
                "cannot be enumerated"
            )
        grid = np.indices((len(self.operations),) * self.n_positions, dtype=np.int8)
        return np.ascontiguousarray(grid.reshape(self.n_positions, -1).T)

    def live(self, architectures: Architectures) -> Architectures:
        """Return the architectures, with dead operations replaced by one neutral operation.

        A space without dead operations returns the architectures unchanged.
        """
        return architectures

    def representative(self, architectures: Architectures) -> Identities:
        """Return a key for every row, shape (n,): equal for architectures of the same function.

        The key is the identity of one of these architectures.
        """
        return self.identity(architectures)

    def network_representative(self, architectures: Architectures) -> Identities:
        """Return a key for every row, shape (n,): equal for architectures with the same network.

        Two architectures may compute the same function with different layers. Their latency and
        their accuracy after training can then differ. The key is the identity of one architecture.
        """
        return self.representative(architectures)
