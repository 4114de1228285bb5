"""Make all faults, and write the table of what was survived."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

import benchmarks.faults as about
from benchmarks._cli import run
from benchmarks._csv import append, finished
from benchmarks._docs import write_between
from benchmarks.faults import determinism, disk, killed, postgres, together, trials
from benchmarks.faults.cases import LOST, NOT_TRIED, SURVIVED, Case, NotTriedError, Tried
from benchmarks.predictors import check_choices, words

COLUMNS = ("group", "case", "seed", "outcome", "seconds", "why")
NOTE = Path("docs/notes/faults.md")
OTHERS: Mapping[str, Callable[[int], Iterator[Case]]] = {
    "trials": trials.cases,
    "together": together.cases,
    "disk": disk.cases,
    "postgres": postgres.cases,
    "determinism": determinism.cases,
}
GROUPS = ("killed", *OTHERS)
#: Loaded before the processes are forked.
_LIBRARIES = (
    *("hwnas.experiment", "hwnas.study.report", "hwnas.fitted", "hwnas.search", "hwnas.measure"),
    *("hwnas.predictor.best", "optuna", "scipy.stats", "matplotlib.figure"),
)
MARKS = ("<!-- faults: written by benchmarks/faults -->", "<!-- faults: end -->")


def main() -> None:
    """Make the faults that are missing in the file of results."""
    parser = argparse.ArgumentParser(
        description=about.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", type=words, default=[], help=f"groups: {', '.join(GROUPS)}")
    add("--points", type=int, default=72, help="how often a command is killed")
    add("--seed", type=int, default=0)
    add("--out", type=Path, default=Path("outputs/benchmarks/faults.csv"))
    options = parser.parse_args()
    check_choices("--only", options.only, list(GROUPS))
    done = finished(options.out, COLUMNS, ("group", "case", "seed"))
    for library in _LIBRARIES:
        importlib.import_module(library)
    tried = Tried.new()
    for case in _cases(options.only or list(GROUPS), options.points, options.seed):
        if (case.group, case.name, options.seed) in done:
            continue
        start = time.monotonic()
        outcome, why = attempt(case, tried)
        seconds = round(time.monotonic() - start, 1)
        row = (case.group, case.name, options.seed, outcome, seconds, why)
        append(options.out, COLUMNS, row)
        print(f"{outcome:<9} {seconds:>6.1f} s  {case.group}: {case.name}  {why}", flush=True)
    rows = pd.read_csv(options.out)
    table = table_of(rows)
    print(f"\n{table}")
    write_between(NOTE, MARKS, table)
    if (rows["outcome"] == LOST).any():
        # What was lost can be looked at.
        print(f"kept: {tried.folder}")
    else:
        tried.remove()


def attempt(case: Case, tried: Tried) -> tuple[str, str]:
    """Make one fault, and return its outcome and the reason."""
    try:
        why = case.attempt(tried)
    except NotTriedError as reason:
        return NOT_TRIED, str(reason)
    return (LOST, why) if why else (SURVIVED, "")


def table_of(rows: pd.DataFrame) -> str:
    """Return the counts of each group as a table in Markdown."""
    lines = ["| fault | tried | survived | lost |", "|---|---|---|---|"]
    counts = [(str(group), part["outcome"]) for group, part in rows.groupby("group", sort=False)]
    for group, outcomes in [*counts, ("**all**", rows["outcome"])]:
        numbers = [int((outcomes == outcome).sum()) for outcome in (SURVIVED, LOST)]
        cells = [sum(numbers), *numbers]
        lines.append(f"| {group} | {' | '.join(map(str, cells))} |")
    missing = rows[rows["outcome"] == NOT_TRIED]
    reasons = [f"- not tried: {row.group}, {row.case}: {row.why}" for row in missing.itertuples()]
    return "\n".join([*lines, "", *reasons]).rstrip()


def _cases(only: Sequence[str], points: int, seed: int) -> Iterator[Case]:
    if "killed" in only:
        yield from killed.cases(points, seed)
    for group, cases in OTHERS.items():
        if group in only:
            yield from cases(seed)


if __name__ == "__main__":
    run(main)
