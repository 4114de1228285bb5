"""What a surrogate compares of two architectures: as they are written, or as networks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search._archive import Problem
from hwnas.search._moves import Moves
from hwnas.search._quantities import Float
from hwnas.space import Architectures, Choices


@dataclass(frozen=True)
class View:
    """Features whose squared distances are the share of decisions in which architectures differ.

    A choice between words differs or not. Numbers differ by their distance as well.

    Parameters
    ----------
    moves : Moves
    as_networks : bool
        Whether architectures with the same network have the same features. Otherwise a dead
        operation counts, because on a device it may take time.
    """

    moves: Moves
    as_networks: bool

    def features(self, architectures: Architectures) -> Float:
        """Return the features, shape (n, n_features)."""
        space = self.moves.space
        rows = self.moves.representatives(architectures) if self.as_networks else architectures
        return np.hstack(list(self._columns(rows))) / math.sqrt(space.n_positions)

    def _columns(self, rows: Architectures) -> Iterator[Float]:
        space = self.moves.space
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
    """Return the views of a problem: two, unless one architecture stands for its network."""
    as_networks = View(moves, as_networks=True)
    return [as_networks] if problem.merges_networks else [View(moves, False), as_networks]


def _one_hot(codes: Architectures, n: int) -> Float:
    """Return indicators, shape (n_rows, n). Rows with different codes have squared distance 1."""
    return np.asarray((codes[:, np.newaxis] == np.arange(n)) / math.sqrt(2))


def _scaled(numbers: NDArray[np.generic], bounds: tuple[float, float]) -> Float:
    low, high = bounds
    return ((numbers.astype(np.float64) - low) / ((high - low) or 1.0))[:, np.newaxis]
