"""The methods of a search: all architectures, NSGA-II, or random ones."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from hwnas.console import progress
from hwnas.errors import UserError, check_choice, check_number
from hwnas.search._archive import Archive, Problem
from hwnas.search._moves import Moves
from hwnas.seeding import generator, integer_seed
from hwnas.space import LISTABLE

Method = Literal["auto", "exact", "nsga2", "random"]
#: Share of the evaluations that NSGA-II takes before the front is refined. It is larger on a space
#: of which the processes do not see all architectures.
_EVOLVED_SMALL, _EVOLVED_LARGE = 0.05, 0.15
#: Architectures that random search draws at once, and draws without anything new before it ends.
_DRAWN, _FRUITLESS = 1_000, 20


def search(problem: Problem, method: Method, evaluations: int, seed: int) -> Archive:
    """Search the Pareto front of accuracy and hardware metrics.

    Parameters
    ----------
    problem : Problem
    method : {"auto", "exact", "nsga2", "random"}
        "exact" evaluates every architecture. "nsga2" evolves a population for the first 5 or 15 %
        of the evaluations, and then evaluates what simple models expect to be on the front.
        "random" draws architectures. "auto" is "exact" for up to a million architectures, and
        "nsga2" for more.
    evaluations : int
        Most networks to evaluate. "exact" ignores it.
    seed : int

    Returns
    -------
    Archive
        Everything that was evaluated.

    Raises
    ------
    UserError
        If the method is unknown, the space is too large to be searched exactly, or no evaluated
        architecture has all values.

    Examples
    --------
    >>> import hwnas
    >>> from hwnas.search import Known
    >>> table = hwnas.load_dataset("local/cpu")
    >>> problem = Problem(table.space, Known.accuracy_of(table), [Known.of(table)])
    >>> archive = search(problem, "random", evaluations=200, seed=0)
    >>> len(archive), len(archive.front()) > 1
    (200, True)
    """
    check_choice("method", method, get_args(Method))
    check_number("seed", seed, 0)
    check_number("evaluations", evaluations, 20)
    size = problem.space.size
    chosen = resolved(method, size)
    moves = Moves(problem.space)
    if chosen == "exact":
        if size > LISTABLE:
            raise UserError(
                f"method=exact: {problem.space.name} has more than {LISTABLE:,} architectures",
                remedy="method=nsga2",
            )
        archive = Archive(problem, canonical=moves.canonical)
        archive.add(problem.space.enumerate())
    else:
        with progress(f"search ({chosen})", evaluations, "evaluations") as meter:
            archive = Archive(problem, evaluations, meter.advance, moves.canonical)
            rng = generator(seed, "search", chosen)
            if chosen == "nsga2":
                # Imported here because only this method needs pymoo.
                from hwnas.search._nsga2 import evolve
                from hwnas.search._refine import POOL, refine

                share = _EVOLVED_SMALL if size <= POOL else _EVOLVED_LARGE
                evolve(archive, int(evaluations * share), moves, integer_seed(seed, "search"))
                refine(archive, moves, rng)
            _fill(archive, moves, rng)
    if not len(archive.known()):
        raise UserError(
            f"none of {len(archive):,} evaluated architectures has both an accuracy and a value",
            remedy="accuracy=FILE.hwnas, a predictor, which knows all architectures",
        )
    return archive


def resolved(method: Method, size: int) -> Method:
    """Return the method that a space of this size is searched with.

    Examples
    --------
    >>> resolved("auto", 15_625), resolved("auto", 9**22)
    ('exact', 'nsga2')
    """
    if method != "auto":
        return method
    return "exact" if size <= LISTABLE else "nsga2"


def _fill(archive: Archive, moves: Moves, rng: np.random.Generator) -> None:
    """Spend all evaluations that are left on random architectures."""
    fruitless = 0
    while archive.left and fruitless < _FRUITLESS:
        fruitless = 0 if archive.add(moves.drawn(_DRAWN, rng)) else fruitless + 1
