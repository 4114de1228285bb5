"""Everything that a search has evaluated: each network once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.search._quantities import Float, Quantity
from hwnas.selection import nondominated
from hwnas.space import Architectures, Identities, SearchSpace

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """The objectives of a search on a space.

    Parameters
    ----------
    space : SearchSpace
    accuracy : Quantity
        The accuracy, or its stand-in.
    hardware : sequence of Quantity
        One or several hardware metrics.
    """

    space: SearchSpace
    accuracy: Quantity
    hardware: Sequence[Quantity]

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The accuracy, then the hardware metrics."""
        return (self.accuracy, *self.hardware)

    @cached_property
    def merges_networks(self) -> bool:
        """Whether one architecture stands for all with its network.

        It does not if a table has values of its own for them.
        """
        return all(each.of_networks for each in self.quantities)

    def keys(self, architectures: Architectures) -> Identities:
        """Return a key of each architecture, shape (n,): equal if one evaluation is enough."""
        space = self.space
        key = space.network_representative if self.merges_networks else space.identity
        return key(architectures)

    def points(self, architectures: Architectures) -> Float:
        """Return costs to minimise, shape (n, 1 + n_metrics). NaN stands for unknown values."""
        columns = [each.metric.cost(each.values(architectures)) for each in self.quantities]
        return np.column_stack(columns)


class Archive:
    """The evaluated architectures of a search, in the order of their evaluation.

    Parameters
    ----------
    problem : Problem
    evaluations : int or None
        Most architectures to evaluate. None: no bound.
    advance : callable, optional
        Called after each `add` with the number of architectures that it evaluated.
    canonical : callable, optional
        Returns the architecture to evaluate in place of each, see `Moves.canonical`. It is used if
        the problem merges networks: a predictor may predict different values for two architectures
        with the same network.

    Attributes
    ----------
    architectures : array, shape (n, n_positions)
    points : array of float64, shape (n, 1 + n_metrics)
        Costs to minimise, NaN where a value is unknown.
    """

    def __init__(
        self,
        problem: Problem,
        evaluations: int | None = None,
        advance: Callable[[int], None] | None = None,
        canonical: Callable[[Architectures], Architectures] | None = None,
    ) -> None:
        self.problem = problem
        self.evaluations = evaluations
        self._advance = advance
        self._canonical = canonical if problem.merges_networks else None
        self.architectures: Architectures = np.empty((0, problem.space.n_positions))
        self.points: Float = np.empty((0, len(problem.quantities)))
        self._rows: dict[object, int] = {}

    def __len__(self) -> int:
        return len(self.points)

    @property
    def left(self) -> int | None:
        """Number of evaluations that are left; None if there is no bound."""
        return None if self.evaluations is None else self.evaluations - len(self)

    def new(self, architectures: Architectures) -> Architectures:
        """Return the architectures that are not evaluated yet, one of each network."""
        if not len(architectures):
            return architectures
        keys = self.problem.keys(architectures).tolist()
        first = {key: row for row, key in reversed(list(enumerate(keys))) if key not in self._rows}
        return architectures[sorted(first.values())]

    def add(self, architectures: Architectures) -> int:
        """Evaluate what is new, as far as the evaluations allow, and return how many it was."""
        new = self.new(architectures)[: self.left]
        if not len(new):
            return 0
        if self._canonical is not None:
            new = self._canonical(new)
        for number, key in enumerate(self.problem.keys(new).tolist(), start=len(self)):
            self._rows[key] = number
        points = self.problem.points(new)
        self.architectures = np.concatenate([self.architectures, new]) if len(self) else new
        self.points = np.concatenate([self.points, points])
        if self._advance is not None:
            self._advance(len(new))
        return len(new)

    def points_of(self, architectures: Architectures) -> Float:
        """Return the points of architectures, NaN for those that are not evaluated."""
        keys = self.problem.keys(architectures).tolist()
        rows = np.array([self._rows.get(key, -1) for key in keys], dtype=np.int64)
        found = self.points[rows].copy()
        found[rows < 0] = np.nan
        return found

    def known(self) -> Rows:
        """Return the rows whose values are all known."""
        return np.flatnonzero(~np.isnan(self.points).any(axis=1))

    def front(self) -> Rows:
        """Return the rows of the Pareto front, by ascending cost of the first hardware metric."""
        rows = self.known()
        if not len(rows):
            return rows
        rows = rows[nondominated(self.points[rows])]
        return rows[np.lexsort((rows, *self.points[rows].T, self.points[rows, 1]))]
