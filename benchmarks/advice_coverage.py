"""Whether an interval around the score that advice expects would hold, on ten tables.

    HWNAS_DATA=<folder> python -m benchmarks.advice_coverage 2

A trial draws the measurements so far at random, asks for advice, and follows it on the real values.
The argument is the number of seeds; each gives one trial for every table, number of measurements so
far and budget. Trials are added to ``outputs/benchmarks/advice_coverage.jsonl``, so that a later
call with more seeds runs only the new ones. The table goes into ``docs/notes/advice.md``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._cli import run
from benchmarks._docs import write_between
from benchmarks.advice import BUDGETS, DOCS, MEASUREMENT, PREDICTORS, SO_FAR, trials_of
from hwnas.advise import Advisor, Problem, replay
from hwnas.api import load_dataset, make_predictor
from hwnas.composition import register
from hwnas.seeding import generator

#: Tables by their names in the results: what ``dataset=`` takes, and options.
TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "hwnas/raspi4": ("hwnas/raspi4", {}),
    "hwnas/pixel3": ("hwnas/pixel3", {}),
    "hwnas/fpga": ("hwnas/fpga", {}),
    "hwnas/eyeriss": ("hwnas/eyeriss", {}),
    "hwnas360/pi5": ("hwnas360/pi5", {}),
    "local/cpu": ("local/cpu", {}),
    "help/1080ti_1": ("help/nasbench201", {"device": "1080ti_1"}),
    "help/samsung_a50": ("help/nasbench201", {"device": "samsung_a50"}),
    "help/silver_4210r": ("help/nasbench201", {"device": "silver_4210r"}),
    "help/titan_rtx_1": ("help/nasbench201", {"device": "titan_rtx_1"}),
}
RECORDS = Path("outputs/benchmarks/advice_coverage.jsonl")
MARKS = ("<!-- coverage: written by benchmarks/advice_coverage.py -->", "<!-- end of coverage -->")
#: Retained hypervolume lost, below which two losses count as equal.
ROUNDING = 1e-9
#: Added to losses before their ratio is taken, because most of them are 0.
SMALL = 1e-5


def trials(name: str, n_now: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the trial of each budget: the loss in every scenario, and the real loss.

    A loss is 1 minus the retained hypervolume.
    """
    dataset, options = TABLES[name]
    table = load_dataset(dataset, **options)
    known = {each: make_predictor(each, table.space) for each in PREDICTORS}
    problem = Problem.of(table, n_now, seed=seed)
    advisor = Advisor(problem, known, MEASUREMENT, seed=seed, scenarios=20)
    for budget in BUDGETS:
        plan = advisor.advise(budget).plan
        outcome, _ = replay(plan.plan, problem, known, generator(seed, "benchmark", "replay"))
        yield {
            "table": name,
            "n_now": n_now,
            "seed": seed,
            "budget": budget,
            "scenarios": [1.0 - one.retained_hypervolume for one in plan.outcomes],
            "real": 1.0 - outcome.retained_hypervolume,
        }


def middle(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 10 % and the 90 % quantile, widened by `ROUNDING`."""
    low, high = np.quantile(values, [0.1, 0.9])
    return float(low) - ROUNDING, float(high) + ROUNDING


def held(trial: dict[str, Any]) -> bool:
    """Return whether the central 80 % of the scenarios hold the real loss."""
    low, high = middle(np.array(trial["scenarios"]))
    return bool(low <= trial["real"] <= high)


def log_ratio(trial: dict[str, Any]) -> float:
    """Return the logarithm of real loss / mean loss of the scenarios."""
    return float(np.log((trial["real"] + SMALL) / (np.mean(trial["scenarios"]) + SMALL)))


def held_calibrated(trial: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Return whether an interval that holds 80 % of the trials of other tables holds this one."""
    same = [log_ratio(other) for other in others if other["budget"] == trial["budget"]]
    low, high = middle(np.array(same))
    return bool(low <= log_ratio(trial) <= high)


def summary(records: list[dict[str, Any]]) -> str:
    """Return the Markdown table, one row for each table of values."""
    lines = [
        "| table | trials | lost nothing | held by 80 % of the scenarios "
        "| held by an 80 % interval calibrated on the other tables |",
        "|---|---|---|---|---|",
    ]
    rows: dict[str, list[tuple[bool, bool, bool]]] = {}
    for one in records:
        others = [other for other in records if other["table"] != one["table"]]
        seen = (abs(one["real"]) <= ROUNDING, held(one), held_calibrated(one, others))
        for name in (one["table"], "all"):
            rows.setdefault(name, []).append(seen)
    for name in (*(name for name in TABLES if name in rows), "all"):
        cells = " | ".join(f"{100 * share:.0f} %" for share in np.mean(rows[name], axis=0))
        lines.append(f"| {name} | {len(rows[name])} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Run the trials that are missing, and write the table."""
    n_seeds = trials_of(sys.argv[1:], "python -m benchmarks.advice_coverage 2")
    register()
    RECORDS.parent.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in RECORDS.open()] if RECORDS.is_file() else []
    done = {(one["table"], one["n_now"], one["seed"]) for one in records}
    wanted = [(name, n, seed) for seed in range(n_seeds) for name in TABLES for n in SO_FAR]
    for key in wanted:
        if key in done:
            continue
        new = list(trials(*key))
        with RECORDS.open("a") as file:
            file.writelines(json.dumps(one) + "\n" for one in new)
        records += new
        print(*key, file=sys.stderr)
    text = summary(records)
    print(text)
    write_between(DOCS, MARKS, text)


if __name__ == "__main__":
    run(main)
