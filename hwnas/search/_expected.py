"""The front that Gaussian processes expect in a space too large to be enumerated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwnas.search._archive import Archive, Problem
from hwnas.search._moves import Moves
from hwnas.search._quantities import Float
from hwnas.search._surrogate import Surrogate
from hwnas.selection import nondominated
from hwnas.space import Architectures

#: Architectures that NSGA-II predicts, and members of the present front that it starts from.
_PREDICTED, _STARTED = 4_000, 50


@dataclass(frozen=True)
class _Expected(Problem):
    """A problem whose values are the predicted ones.

    Parameters
    ----------
    surrogate : Surrogate
        Predicts the objectives.
    """

    surrogate: Surrogate

    def points(self, architectures: Architectures) -> Float:
        """Return the predicted costs, shape (n, 1 + n_metrics)."""
        means, _ = self.surrogate.predict(architectures)
        return means


def expected_front(
    archive: Archive, surrogate: Surrogate, moves: Moves, rng: np.random.Generator
) -> Architectures:
    """Return the Pareto front of the predicted values that NSGA-II finds, in random order.

    NSGA-II starts from members of the present front and from random architectures. It evaluates
    nothing: a prediction costs microseconds.

    Parameters
    ----------
    archive : Archive
    surrogate : Surrogate
        Fitted to the evaluated architectures.
    moves : Moves
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (n, n_positions)
    """
    # Imported here because a space that can be enumerated does not need pymoo.
    from hwnas.search._nsga2 import evolve

    problem = archive.problem
    expected = Archive(_Expected(problem.space, problem.accuracy, problem.hardware, surrogate))
    front = rng.permutation(archive.front())[:_STARTED]
    seed = int(rng.integers(2**31))
    evolve(expected, _PREDICTED, moves, seed, first=archive.architectures[front])
    rows = np.flatnonzero(nondominated(expected.points))
    found: Architectures = expected.architectures[rng.permutation(rows)]
    return found
