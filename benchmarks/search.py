"""How much of a front a search finds with few evaluations, beside random search and plain NSGA-II.

    python -m benchmarks.search 10
    HWNAS_DATA=<folder> python -m benchmarks.search 10 hwnas/raspi4

The first argument is the number of seeds, the others are datasets, by default the bundled one.
Results are added to ``outputs/benchmarks/search.csv``, so that a later call runs only what is new.
The table goes into ``docs/notes/search.md``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import sys
from pathlib import Path

import numpy as np

from benchmarks._cli import run
from benchmarks._csv import append
from benchmarks._docs import write_between
from hwnas.api import load_dataset
from hwnas.errors import UserError
from hwnas.search import Archive, Known, Moves, Problem, search
from hwnas.search._nsga2 import evolve
from hwnas.seeding import integer_seed
from hwnas.selection import hypervolume

DOCS = Path(__file__).parents[1] / "docs" / "notes" / "search.md"
RECORDS = Path("outputs/benchmarks/search.csv")
MARKS = ("<!-- search: written by benchmarks/search.py -->", "<!-- end of search -->")
COLUMNS = ("dataset", "method", "seed", "evaluations", "retained", "found", "front")
METHODS = ("nsga2", "plain NSGA-II", "random")
TITLES = {"nsga2": "`method=nsga2`", "random": "`method=random`"}
EVALUATIONS = 2_000


def main() -> None:
    """Run what is missing, and write the table."""
    n_seeds, datasets = _arguments()
    for dataset in datasets:
        _run(dataset, n_seeds)
    write_between(DOCS, MARKS, _table(_records()))


def _arguments() -> tuple[int, list[str]]:
    given = sys.argv[1:] or ["10"]
    if not given[0].isdigit():
        raise UserError(f"{given[0]}: not a number of seeds", "python -m benchmarks.search 10")
    return int(given[0]), given[1:] or ["local/cpu"]


def _run(dataset: str, n_seeds: int) -> None:
    table = load_dataset(dataset)
    if table.accuracy is None:
        raise UserError(f"{dataset} has no accuracies", remedy="dataset local/cpu")
    problem = Problem(table.space, Known.accuracy_of(table), [Known.of(table)])
    exact = search(problem, "exact", EVALUATIONS, seed=0)
    done = {(row["dataset"], row["method"], row["seed"]) for row in _records()}
    for seed in range(n_seeds):
        for method in METHODS:
            if (dataset, method, str(seed)) not in done:
                archive = _searched(problem, method, seed)
                scores = _scores(exact, archive)
                row = (dataset, method, seed, len(archive), *scores)
                append(RECORDS, COLUMNS, row)


def _searched(problem: Problem, method: str, seed: int) -> Archive:
    if method in ("nsga2", "random"):
        return search(problem, "nsga2" if method == "nsga2" else "random", EVALUATIONS, seed)
    archive = Archive(problem, EVALUATIONS)
    evolve(archive, EVALUATIONS, Moves(problem.space), integer_seed(seed, "search"))
    return archive


def _scores(exact: Archive, archive: Archive) -> tuple[float, float, int]:
    """Return the retained hypervolume, the share of the front's points, and their number.

    The reference point is accuracy 0 and 1.1 times the highest standardised cost, as in the scores
    of a selection.
    """
    known = exact.points[exact.known()]
    mean, std = known[:, 1].mean(), known[:, 1].std()

    def scaled(points: np.ndarray) -> np.ndarray:
        return np.column_stack([points[:, 0] / 100, (points[:, 1] - mean) / std])

    reference = np.array([0.0, 1.1 * scaled(known)[:, 1].max()])
    true = np.unique(exact.points[exact.front()], axis=0)
    found = np.unique(archive.points[archive.front()], axis=0)
    volumes = [hypervolume(scaled(points), reference) for points in (found, true)]
    there = {tuple(point) for point in found.tolist()}
    share = float(np.mean([tuple(point) in there for point in true.tolist()]))
    return volumes[0] / volumes[1], share, len(true)


def _records() -> list[dict[str, str]]:
    if not RECORDS.exists():
        return []
    with RECORDS.open(newline="") as file:
        return list(csv.DictReader(file))


def _table(records: list[dict[str, str]]) -> str:
    lines = [
        "| dataset | points of the front | method | seeds | retained hypervolume, mean (lowest) | "
        "points found, mean (lowest) |",
        "|---|---|---|---|---|---|",
    ]
    for dataset in dict.fromkeys(row["dataset"] for row in records):
        for method in METHODS:
            rows = [r for r in records if (r["dataset"], r["method"]) == (dataset, method)]
            if not rows:
                continue
            retained = np.array([float(row["retained"]) for row in rows])
            found = 100 * np.array([float(row["found"]) for row in rows])
            title = TITLES.get(method, method)
            lines.append(
                f"| `{dataset}` | {rows[0]['front']} | {title} | {len(rows)} | "
                f"{retained.mean():.5f} ({retained.min():.5f}) | "
                f"{found.mean():.0f} % ({found.min():.0f} %) |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
