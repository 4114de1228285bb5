"""How much of a front a search finds in spaces too large to be enumerated.

    python -m benchmarks.search_large 5

The argument is the number of made-up problems of each kind. A problem has a smooth accuracy and a
smooth latency, with interactions of pairs of decisions. The hypervolume is that of the front of
all methods and of an NSGA-II with 20,000 evaluations, the share of which each method retains.
Results are added to ``outputs/benchmarks/search_large.csv``, so that a later call runs only what
is new. The table goes into ``docs/notes/search.md``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._cli import run
from benchmarks._csv import append
from benchmarks._docs import write_between
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.search import Archive, Moves, Problem, search
from hwnas.search._nsga2 import evolve
from hwnas.search._quantities import ACCURACY, Float
from hwnas.seeding import integer_seed
from hwnas.selection import hypervolume
from hwnas.space import Architectures, Choices

DOCS = Path(__file__).parents[1] / "docs" / "notes" / "search.md"
RECORDS = Path("outputs/benchmarks/search_large.csv")
MARKS = ("<!-- large: written by benchmarks/search_large.py -->", "<!-- end of large -->")
COLUMNS = ("kind", "problem", "method", "retained", "cpu_seconds")
#: Number of decisions and whether each is a number, by the name of the kind.
KINDS = {
    "20 numbers": (20, True),
    "20 words": (20, False),
    "10 numbers": (10, True),
}
CHOICES, EVALUATIONS, MANY = 8, 2_000, 20_000
#: Worst costs of the points that add to the hypervolume, where the fronts lie between 0 and 1.
REFERENCE = np.array([1.1, 1.1])
METHODS = ("nsga2", "plain NSGA-II", "random")


@dataclass(frozen=True)
class MadeUp:
    """A formula as an objective."""

    metric: Metric
    values: Callable[[Architectures], Float]
    source: str = "made up"
    of_networks: bool = True

    def interval(self, architectures: Architectures) -> tuple[Float, Float]:
        """Return unknown bounds."""
        unknown = np.full(len(architectures), np.nan)
        return unknown, unknown

    def within(self, architectures: Architectures, limit: float) -> Float:
        """Raise an error, because no search here has a limit."""
        raise NotImplementedError(f"{limit} for {len(architectures)} architectures")


def made_up(seed: int, n: int, numbers: bool) -> Problem:
    """Return a problem of `n` decisions with 8 choices each, drawn from a seed."""
    rng = np.random.default_rng(seed)
    names = range(CHOICES) if numbers else [f"word{each}" for each in range(CHOICES)]
    space = Choices("made_up", {f"decision{each}": list(names) for each in range(n)})
    gains, costs = (
        np.sort(rng.random((n, CHOICES)), axis=1) * rng.lognormal(0.0, 0.7, (n, 1))
        for _ in range(2)
    )
    pairs = rng.normal(0.0, 0.04, (n, n))

    def accuracy(architectures: Architectures) -> Float:
        gain = gains[np.arange(n), architectures.astype(np.int64)]
        return np.asarray(50.0 + gain.sum(axis=1) + ((gain @ pairs) * gain).sum(axis=1))

    def latency(architectures: Architectures) -> Float:
        cost = costs[np.arange(n), architectures.astype(np.int64)]
        return np.asarray(cost.sum(axis=1) * (1.0 + 0.05 * cost[:, 0] * cost[:, 1]))

    return Problem(space, MadeUp(ACCURACY, accuracy), [MadeUp(Metric("latency", "ms"), latency)])


def main() -> None:
    """Run what is missing, and write the table."""
    given = sys.argv[1:] or ["5"]
    if not given[0].isdigit():
        raise UserError(f"{given[0]}: not a number", "python -m benchmarks.search_large 5")
    done = pd.read_csv(RECORDS) if RECORDS.exists() else pd.DataFrame(columns=list(COLUMNS))
    for kind, (n, numbers) in KINDS.items():
        for number in range(int(given[0])):
            if not ((done["kind"] == kind) & (done["problem"] == number)).any():
                for row in _rows(made_up(number, n, numbers)):
                    append(RECORDS, COLUMNS, (kind, number, *row))
    write_between(DOCS, MARKS, _table(pd.read_csv(RECORDS)))


def _rows(problem: Problem) -> list[tuple[str, float, float]]:
    """Return the method, the retained hypervolume and the CPU seconds of each search."""
    searched, seconds = {}, {}
    for method in METHODS:
        start = time.process_time()
        searched[method] = _searched(problem, method, EVALUATIONS)
        seconds[method] = time.process_time() - start
    many = _searched(problem, "plain NSGA-II", MANY)
    fronts = {name: each.points[each.front()] for name, each in (searched | {"": many}).items()}
    every = np.concatenate(list(fronts.values()))
    low, high = every.min(axis=0), every.max(axis=0)

    def volume(points: Float) -> float:
        return hypervolume((points - low) / (high - low), REFERENCE)

    return [(m, volume(fronts[m]) / volume(every), seconds[m]) for m in METHODS]


def _searched(problem: Problem, method: str, evaluations: int) -> Archive:
    if method in ("nsga2", "random"):
        return search(problem, "nsga2" if method == "nsga2" else "random", evaluations, 0)
    archive = Archive(problem, evaluations)
    evolve(archive, evaluations, Moves(problem.space), integer_seed(0, "search"))
    return archive


def _table(rows: pd.DataFrame) -> str:
    lines = [
        "| decisions, 8 choices each | problems | method | retained hypervolume, mean (lowest) "
        "| CPU s |",
        "|---|---|---|---|---|",
    ]
    for (kind, method), own in rows.groupby(["kind", "method"], sort=False):
        title = method if method == METHODS[1] else f"`method={method}`"
        lines.append(
            f"| {kind} | {len(own)} | {title} | {own['retained'].mean():.3f} "
            f"({own['retained'].min():.3f}) | {own['cpu_seconds'].mean():.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
