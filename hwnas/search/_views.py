"""What a surrogate compares of two architectures: as written, as networks, or as executed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hwnas.network import executed
from hwnas.search._archive import Problem
from hwnas.search._moves import Moves
from hwnas.search._quantities import Float
from hwnas.space import Architectures, CellSpace, Choices, SearchSpace


@dataclass(frozen=True)
class View:
    """Features whose squared distances are the share of decisions in which architectures differ.

    A choice between words differs or not. Numbers differ by their distance as well.

    Parameters
    ----------
    space : SearchSpace
    simplified : callable
        Returns an architecture for each, shape (n, n_positions). Architectures for which it is the
        same have the same features.
    """

    space: SearchSpace
    simplified: Callable[[Architectures], Architectures]

    def features(self, architectures: Architectures) -> Float:
        """Return the features, shape (n, n_features)."""
        columns = self._columns(self.simplified(architectures))
        return np.hstack(list(columns)) / math.sqrt(self.space.n_positions)

    def _columns(self, rows: Architectures) -> Iterator[Float]:
        space = self.space
        if not isinstance(space, Choices):
            for codes in rows.T:
                yield _one_hot(codes, len(space.operations))
            return
        for each, codes in zip(space.dimensions, rows.T, strict=True):
            if each.is_range:
                yield _scaled(codes, each.bounds)
            elif each.ordered:
                yield _one_hot(codes, len(each.choices)) / math.sqrt(2)
                yield _scaled(each.values(codes), each.bounds) / math.sqrt(2)
            else:
                yield _one_hot(codes, len(each.choices))


def views_of(problem: Problem, moves: Moves) -> list[View]:
    """Return the views of a problem: only networks if one architecture stands for its network.

    Otherwise a dead operation can take time on a device: every one, or those that a runtime
    executes although they change nothing.
    """
    space = moves.space
    networks = View(space, moves.representatives)
    if problem.merges_networks:
        return [networks]
    views = [View(space, lambda written: written), networks]
    if isinstance(space, CellSpace):
        views.append(View(space, partial(_executed, space)))
    return views


def _executed(space: CellSpace, cells: Architectures) -> Architectures:
    """Return cells without the operations that a runtime skips, see `hwnas.network.executed`."""
    return np.where(executed(space, cells), cells, space.none)


def _one_hot(codes: Architectures, n: int) -> Float:
    """Return indicators, shape (n_rows, n). Rows with different codes have squared distance 1."""
    return np.asarray((codes[:, np.newaxis] == np.arange(n)) / math.sqrt(2))


def _scaled(numbers: NDArray[np.generic], bounds: tuple[float, float]) -> Float:
    low, high = bounds
    return ((numbers.astype(np.float64) - low) / ((high - low) or 1.0))[:, np.newaxis]
