"""What rounds of ``hwnas next objective=front`` find, beside as many random measurements.

    python -m benchmarks.rounds
    python -m benchmarks.rounds --seeds 0,1,2 --measurements 40,60,100 --docs

The board is the bundled table: its values are shown only for the networks that are measured. Both
ways start with the same design of 20 networks (``hwnas next``). One then adds rounds of 20 networks
for the front, the other random networks. The table has, a row a number of measurements, how much
hypervolume the front of the measured networks retains of the true front's, and which share of the
true front's networks is measured: the mean over the seeds, with the standard deviation.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import hwnas
from benchmarks._cli import run
from benchmarks._csv import append, finished
from benchmarks._docs import write_between
from benchmarks.predictors import numbers
from hwnas.advise import Scenario
from hwnas.dataset import Table
from hwnas.next import Candidates, Known, improve_front, teach
from hwnas.selection import CandidateSet, pareto_front

DOCS = Path(__file__).parents[1] / "docs" / "notes" / "next.md"
MARKS = ("<!-- rounds: written by benchmarks/rounds.py -->", "<!-- end of rounds -->")
BATCH = 20
KEY = ["seed", "way"]
COLUMNS = [*KEY, "measurements", "hypervolume", "found"]
WAYS = ("random", "front")


def main() -> None:
    """Run what is missing and print the table."""
    options = arguments()
    done = finished(options.out, COLUMNS, KEY)
    table = hwnas.load_dataset("local/cpu")
    for seed in options.seeds:
        for way in WAYS:
            if (seed, way) not in done:
                for row in follow(table, way, seed, options.measurements):
                    append(options.out, COLUMNS, [seed, way, *row])
    text = report(pd.read_csv(options.out))
    print(text)
    if options.docs:
        write_between(DOCS, MARKS, text)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("outputs/benchmarks/rounds.csv"))
    add("--seeds", type=numbers, default=list(range(5)))
    add("--measurements", type=numbers, default=[20, 40, 60, 100])
    add("--docs", action="store_true", help=f"write the table into {DOCS.name}")
    return parser.parse_args()


def follow(
    table: Table, way: str, seed: int, measurements: Sequence[int]
) -> list[tuple[int, float, float]]:
    """Return the number of measurements, the retained hypervolume and the share of the front."""
    every = CandidateSet.of(table).by_accuracy()
    scenario = Scenario(every.accuracy, every.cost)
    front = pareto_front(every.accuracy, every.cost)
    order = np.random.default_rng(seed).permutation(len(every))
    none = np.empty((0, table.space.n_positions), np.int8)
    measured = order[teach(candidates(every, order), none, BATCH).rows]
    rows = []
    while len(measured) <= max(measurements):
        if len(measured) in measurements:
            score = scenario.outcome(measured).retained_hypervolume
            rows.append((len(measured), score, float(np.isin(front, measured).mean())))
        left = order[~np.isin(order, measured)]
        new = np.arange(BATCH)
        if way == "front":
            known = Known(
                every.architectures[measured], every.cost[measured], every.accuracy[measured]
            )
            best = hwnas.make_predictor("best", table.space, seed=seed)
            new = improve_front(candidates(every, left), known, best, table.metric, BATCH).rows
        measured = np.concatenate([measured, left[new]])
    return rows


def candidates(every: CandidateSet, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Candidates:
    """Return some candidates in the given order."""
    return Candidates(every.table.space, every.architectures[rows], every.accuracy[rows], "table")


def report(rows: pd.DataFrame) -> str:
    """Return the table in Markdown."""
    seeds = rows["seed"].nunique()
    lines = [
        f"| measurements ({seeds} seeds) | hypervolume, random | front | found, random | front |",
        "|---|---|---|---|---|",
    ]
    for n, own in rows.groupby("measurements"):
        cells = [
            f"{scores.mean():.4f} ± {scores.std():.4f}" if name == "hypervolume" else
            f"{scores.mean():.0%} ± {scores.std():.0%}"
            for name in ("hypervolume", "found")
            for scores in (own.loc[own["way"] == way, name] for way in WAYS)
        ]  # fmt: skip
        lines.append(f"| {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
