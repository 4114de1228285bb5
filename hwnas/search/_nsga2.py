"""NSGA-II of the library pymoo on the architectures of a search space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.crossover import Crossover
from pymoo.core.duplicate import DuplicateElimination
from pymoo.core.evaluator import Evaluator
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem as PymooProblem
from pymoo.core.sampling import Sampling
from pymoo.problems.static import StaticProblem

from hwnas.search._archive import Archive
from hwnas.search._moves import Moves
from hwnas.space import Architectures

#: Architectures in a population, and children in a generation.
POPULATION = 100
_MOST_GENERATIONS_WITHOUT_NEW = 20


class _Drawn(Sampling):
    """The first population: given architectures, and random ones."""

    def __init__(self, moves: Moves, first: Architectures | None) -> None:
        super().__init__()
        self.moves = moves
        self.first = first

    def _do(
        self, problem: Any, n_samples: int, *_: Any, random_state: Any, **__: Any
    ) -> NDArray[Any]:
        del problem
        drawn = self.moves.drawn(n_samples, random_state)
        if self.first is None:
            return drawn
        return np.concatenate([self.first, drawn])[:n_samples]


class _Crossed(Crossover):
    """Every decision of a child comes from one of its two parents."""

    def __init__(self, moves: Moves) -> None:
        super().__init__(n_parents=2, n_offsprings=2)
        self.moves = moves

    def _do(
        self, problem: Any, X: NDArray[Any], *_: Any, random_state: Any, **__: Any
    ) -> NDArray[Any]:
        del problem
        kind = self.moves.space.validate(X[0]).dtype
        one, other = X[0].astype(kind), X[1].astype(kind)
        crossed = self.moves.crossed
        return np.stack([crossed(one, other, random_state), crossed(other, one, random_state)])


class _Mutated(Mutation):
    """One decision of a child is drawn anew, in the mean."""

    def __init__(self, moves: Moves) -> None:
        super().__init__()
        self.moves = moves

    def _do(
        self, problem: Any, X: NDArray[Any], *_: Any, random_state: Any, **__: Any
    ) -> NDArray[Any]:
        del problem
        return self.moves.mutated(self.moves.space.validate(X), random_state)


class _SameNetwork(DuplicateElimination):
    """Of the architectures with one network, a population has one."""

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.archive = archive

    def _do(self, pop: Any, other: Any, is_duplicate: NDArray[np.bool_]) -> NDArray[np.bool_]:
        own = self._keys(pop)
        seen = set() if other is None else set(self._keys(other))
        for index, key in enumerate(own):
            is_duplicate[index] = key in seen
            if other is None:
                seen.add(key)
        return is_duplicate

    def _keys(self, population: Any) -> list[object]:
        problem = self.archive.problem
        rows = problem.space.validate(np.array(population.get("X")))
        keys: list[object] = problem.keys(rows).tolist()
        return keys


def evolve(
    archive: Archive,
    evaluations: int,
    moves: Moves,
    seed: int,
    first: Architectures | None = None,
) -> None:
    """Run NSGA-II until the archive has `evaluations` architectures, or nothing new is found.

    Architectures that the archive holds already cost no evaluation.

    Parameters
    ----------
    archive : Archive
    evaluations : int
    moves : Moves
    seed : int
    first : array, shape (n, n_positions), optional
        Architectures of the first population. Random ones fill it up.

    References
    ----------
    Deb, Pratap, Agarwal, Meyarivan: A fast and elitist multiobjective genetic algorithm: NSGA-II.
    IEEE Transactions on Evolutionary Computation 6 (2002).
    """
    n_objectives = len(archive.problem.quantities)
    problem = PymooProblem(
        n_var=archive.problem.space.n_positions,
        n_obj=n_objectives,
        n_ieq_constr=1,
    )
    algorithm = NSGA2(
        pop_size=max(4, min(POPULATION, evaluations // 4)),
        sampling=_Drawn(moves, first),
        crossover=_Crossed(moves),
        mutation=_Mutated(moves),
        eliminate_duplicates=_SameNetwork(archive),
    )
    algorithm.setup(problem, seed=seed, termination=("n_gen", 10**9))
    without_new = 0
    while len(archive) < evaluations and without_new < _MOST_GENERATIONS_WITHOUT_NEW:
        children = algorithm.ask()
        if children is None or not len(children):
            return
        rows = archive.problem.space.validate(np.array(children.get("X")))
        n_before = len(archive)
        archive.add(archive.new(rows)[: evaluations - n_before])
        without_new = 0 if len(archive) > n_before else without_new + 1
        points = archive.points_of(rows)
        unknown = np.isnan(points).any(axis=1).reshape(-1, 1)
        # An architecture without a value is worse than every other one.
        costs = np.where(unknown, 0.0, points)
        static = StaticProblem(problem, F=costs, G=unknown.astype(np.float64))
        Evaluator().eval(static, children)
        algorithm.tell(infills=children)
