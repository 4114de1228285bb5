"""Random architectures of any search space, and steps from one architecture to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.space import LISTABLE, Architectures, Choices, Identities, SearchSpace, places_in

#: Number of values of a range of numbers that `Moves.neighbours` tries.
_STEPS = 8


@dataclass(frozen=True)
class Moves:
    """Steps in a search space.

    Parameters
    ----------
    space : SearchSpace

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> moves = Moves(NASBench201())
    >>> cell = moves.space.from_strings(["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"])
    >>> len(moves.neighbours(cell))  # 4 other operations on each of 6 edges
    24
    """

    space: SearchSpace

    @cached_property
    def _listed(self) -> Architectures | None:
        """All architectures, or None if the space has too many."""
        return self.space.enumerate() if self.space.size <= LISTABLE else None

    @cached_property
    def _by_identity(self) -> tuple[Identities, NDArray[np.int64]]:
        """The identities of all listed architectures in ascending order, and their rows."""
        assert self._listed is not None
        identities = self.space.identity(self._listed)
        order = np.argsort(identities)
        return identities[order], order

    def representatives(self, architectures: Architectures) -> Architectures:
        """Return an architecture for each, shape (n, n_positions), equal for equal networks.

        On a space that is too large to be listed, only dead operations are made equal.
        """
        live = self.space.live(architectures)
        if self._listed is None:
            return live
        networks = self.space.network_representative(architectures)
        others = np.flatnonzero(networks != self.space.identity(live))
        if len(others):
            live = live.copy()
            live[others] = self.space.live(self.canonical(architectures[others]))
        return live

    def canonical(self, architectures: Architectures) -> Architectures:
        """Return the architecture by which the space names the network of each, same shape.

        On a space that is too large to be listed, these are the architectures themselves.
        """
        if self._listed is None or not len(architectures):
            return architectures
        identities, order = self._by_identity
        networks = self.space.network_representative(architectures)
        return self._listed[order[places_in(identities, networks)]]

    def drawn(self, n: int, rng: np.random.Generator) -> Architectures:
        """Return random architectures, shape (n, n_positions)."""
        if self._listed is None:
            return self.space.sample(n, rng)
        return self._listed[rng.integers(len(self._listed), size=n)]

    def neighbours(self, architectures: Architectures) -> Architectures:
        """Return the valid architectures that differ in one decision, shape (n, n_positions).

        Of a range of numbers only some values are tried: the two closest whole numbers, or numbers
        that are an eighth of the range apart.
        """
        found = [
            changed
            for column in range(self.space.n_positions)
            for changed in self._changed(architectures, column)
        ]
        return self.valid(np.concatenate(found)) if found else architectures[:0]

    def _changed(self, rows: Architectures, column: int) -> Iterator[Architectures]:
        for value in self._values(rows[:, column], column):
            changed = rows.copy()
            changed[:, column] = value
            yield changed[changed[:, column] != rows[:, column]]

    def _values(
        self, now: NDArray[np.generic], column: int
    ) -> list[int] | list[NDArray[np.float64]]:
        """Return what a decision can be, given what it is in each row."""
        if not isinstance(self.space, Choices):
            return list(range(len(self.space.operations)))
        each = self.space.dimensions[column]
        if not each.is_range:
            return list(range(len(each.choices)))
        if each.whole:
            steps = [-1.0, 1.0]
        else:
            shift = (each.high - each.low) / _STEPS
            steps = [shift * step for step in (-1.0, -0.1, 0.1, 1.0)]
        return [np.clip(now.astype(np.float64) + step, each.low, each.high) for step in steps]

    def mutated(self, architectures: Architectures, rng: np.random.Generator) -> Architectures:
        """Return the architectures with some decisions drawn anew, one in each in the mean.

        A row of which no valid mutation is found stays as it is.
        """
        shape = architectures.shape
        other = self.drawn(len(architectures), rng)
        change = rng.random(shape) < 1.0 / shape[1]
        change[np.arange(shape[0]), rng.integers(shape[1], size=shape[0])] = True
        return self._where_valid(np.where(change, other, architectures), architectures)

    def crossed(
        self, one: Architectures, other: Architectures, rng: np.random.Generator
    ) -> Architectures:
        """Return architectures whose every decision is that of one parent or of the other."""
        mixed = np.where(rng.random(one.shape) < 0.5, one, other)
        return self._where_valid(mixed, one)

    def _where_valid(self, new: Architectures, old: Architectures) -> Architectures:
        valid = self._is_valid(new)
        return self.space.validate(np.where(valid[:, np.newaxis], new, old))

    def valid(self, architectures: Architectures) -> Architectures:
        """Return the rows that are architectures of the space."""
        return self.space.validate(architectures[self._is_valid(architectures)])

    def _is_valid(self, rows: Architectures) -> NDArray[np.bool_]:
        # Every combination of choices is an architecture. Other spaces can have further rules,
        # which only their notation tells.
        if isinstance(self.space, Choices):
            return np.ones(len(rows), dtype=bool)
        return np.array([self._is_read_back(row) for row in rows.tolist()], dtype=bool)

    def _is_read_back(self, row: list[int]) -> bool:
        try:
            return self.space.parse(self.space.format(row)) == tuple(row)
        except ValueError:
            return False
