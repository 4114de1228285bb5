"""CPU time of grid points: what was spent, what is left, and launcher tasks of equal cost."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwnas.study._grid import GridPoint
from hwnas.study._ledger import Outcome

#: Column of a result with the CPU time of its grid point. It is 0 if an earlier run had computed
#: the result.
CPU_SECONDS = "cpu_seconds"
#: Axes that decide how long a grid point takes.
_AXES = ("predictor", "n_train", "n_candidates")


@dataclass(frozen=True)
class Costs:
    """CPU seconds of the kinds of grid points of a study.

    Grid points are of one kind if they have the same predictor and the same numbers of training
    measurements and candidates.

    Parameters
    ----------
    means : mapping
        Mean CPU seconds of the finished grid points, by kind.
    spent : float
        CPU seconds of all finished grid points.
    n_done : int
        Number of finished grid points.
    """

    means: Mapping[tuple[Any, ...], float]
    spent: float
    n_done: int

    @classmethod
    def of(cls, done: Mapping[GridPoint, Outcome]) -> Costs:
        """Average the recorded CPU times of finished grid points."""
        seconds = defaultdict(list)
        for point, outcome in done.items():
            # All rows of an outcome have the CPU time of the whole grid point.
            cost = outcome.rows[0].get(CPU_SECONDS) if outcome.rows else None
            if cost:
                seconds[_kind(point)].append(float(cost))
        means = {kind: sum(costs) / len(costs) for kind, costs in seconds.items()}
        return cls(means, sum(map(sum, seconds.values())), len(done))

    def of_point(self, point: GridPoint) -> float | None:
        """Return the expected CPU seconds of a grid point, or None if its kind never ran."""
        return self.means.get(_kind(point))

    def total(self, points: Iterable[GridPoint]) -> tuple[float, int]:
        """Add up the expected CPU seconds of grid points.

        Returns
        -------
        seconds : float
        n_unknown : int
            Number of grid points whose kind never ran. They are not in `seconds`.
        """
        costs = [self.of_point(point) for point in points]
        return sum(cost for cost in costs if cost is not None), costs.count(None)


def _kind(point: GridPoint) -> tuple[Any, ...]:
    return tuple(point.axes.get(axis) for axis in _AXES)


def balanced(costs: Sequence[float], n_groups: int) -> list[list[int]]:
    """Divide items into groups of nearly equal cost.

    The most expensive item goes first, each to the group that is cheapest so far (Graham, 1969).
    The most expensive group costs at most a third more than in the best division.

    Parameters
    ----------
    costs : sequence of float
    n_groups : int
        At least 1.

    Returns
    -------
    list of list of int
        The indices of each group's items, in ascending order. No group is empty.

    Examples
    --------
    >>> balanced([5, 1, 3, 3, 4], n_groups=2)
    [[0, 3], [1, 2, 4]]
    """
    groups: list[list[int]] = [[] for _ in range(min(n_groups, len(costs)))]
    # Where costs are equal, the group with fewer items is next.
    cheapest = [(0.0, 0, g) for g in range(len(groups))]
    for item in sorted(range(len(costs)), key=lambda i: (-costs[i], i)):
        cost, size, g = heapq.heappop(cheapest)
        groups[g].append(item)
        heapq.heappush(cheapest, (cost + costs[item], size + 1, g))
    return [sorted(group) for group in groups]
