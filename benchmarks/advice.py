"""Whether following the advice does as well as fixed strategies, on trials with known truth.

    HWNAS_DATA=<folder> python -m benchmarks.advice

Each trial draws the measurements so far at random, asks for advice, follows it on the real values,
and does the same with fixed strategies on the same measurements and the same budget. Advice never
sees the values it is judged by. Prints the table in ``docs/notes/advice.md`` and writes it there.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from scipy.special import ndtri
from scipy.stats import rankdata

from benchmarks._cli import run
from benchmarks._docs import write_between
from hwnas import make_predictor
from hwnas.advise import Advisor, Plan, Problem, ScenarioOutcome, duration, replay
from hwnas.composition import CONF, register
from hwnas.dataset import HWNASBench, Table
from hwnas.errors import UserError
from hwnas.predictor import Predictor
from hwnas.seeding import generator

DATASETS = ("hwnas/raspi4", "hwnas/pixel3")
SO_FAR = (40, 124)
BUDGETS = (1800.0, 7200.0, 28800.0)
MEASUREMENT = 20.0
PREDICTORS = ("ridge", "xgb")
MARKS = ("<!-- trials: written by benchmarks/advice.py -->", "<!-- end of trials -->")
DOCS = Path(__file__).parents[1] / "docs" / "notes" / "advice.md"

Record = tuple[float, float]


def fixed_plans(n_now: int, affordable: int) -> dict[str, Plan]:
    """Return the fixed strategies: their verification fits once and gives no benefit of doubt."""
    half = affordable // 2
    plans = {"random subset, no predictor": Plan(None, affordable, n_now + affordable, 0)}
    for name in PREDICTORS:
        plans[f"{name}, all for verification"] = Plan(name, 0, n_now, affordable)
        plans[f"{name}, half for training"] = Plan(name, half, n_now + half, affordable - half)
    return plans


def trials(
    table: Table, known: dict[str, Predictor], n_now: int, n_trials: int
) -> Iterator[tuple[str, float, ScenarioOutcome, tuple[float, float, float]]]:
    """Yield strategy, budget, outcome, and the scenarios' 10 % quantile, mean and 90 % quantile.

    Only advice has the last three.
    """
    nothing = (np.nan, np.nan, np.nan)
    for trial in range(n_trials):
        problem = Problem.of(table, n_now, seed=trial)
        advisor = Advisor(problem, known, MEASUREMENT, seed=trial, scenarios=20)
        for budget in BUDGETS:
            plan = advisor.advise(budget).plan
            hypervolumes = [one.retained_hypervolume for one in plan.outcomes]
            low, high = np.quantile(hypervolumes, [0.1, 0.9])
            expected = (float(low), float(np.mean(hypervolumes)), float(high))
            rng = generator(trial, "benchmark", "replay")
            yield "advice", budget, replay(plan.plan, problem, known, rng)[0], expected
            for name, fixed in fixed_plans(n_now, int(budget / MEASUREMENT)).items():
                rng = generator(trial, "benchmark", "replay")
                yield name, budget, replay(fixed, problem, known, rng)[0], nothing


def load(name: str) -> Table:
    """Return a published table by its override."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("advise", overrides=[f"dataset={name}", "dataset.source=measured"])
    dataset: HWNASBench = instantiate(cfg.dataset)
    for file in HWNASBench.files():
        file.require(dataset.paths)
    return dataset.load()


def smoothness(table: Table, known: dict[str, Predictor]) -> str:
    """Return the correlation of deviations by the number of positions that differ."""
    rng = generator(0, "benchmark", "smoothness")
    order = rng.permutation(len(table))
    lines = []
    for n in SO_FAR:
        model = known["ridge"].fit(table.architectures[order[:n]], table.values[order[:n]])
        rows = order[-2000:]
        deviations = table.values[rows] - model.predict(table.architectures[rows])
        scores = ndtri((rankdata(deviations) - 0.5) / len(rows))
        X = table.architectures[rows]
        distance = (X[:, np.newaxis] != X[np.newaxis]).sum(axis=2)
        products = scores[:, np.newaxis] * scores[np.newaxis]
        values = ", ".join(f"{products[distance == d].mean():.2f}" for d in (1, 2, 3))
        lines.append(f"{table.device}, ridge on {n}: {values}")
    return "; ".join(lines)


def main() -> None:
    """Run all trials and write the table."""
    n_trials = trials_of(sys.argv[1:], "python -m benchmarks.advice 6")
    register()
    start = time.perf_counter()
    results: dict[str, dict[float, list[Record]]] = {}
    inside: list[bool] = []
    errors: list[float] = []
    smooth = []
    for dataset in DATASETS:
        table = load(dataset)
        known = {each: make_predictor(each, table.space) for each in PREDICTORS}
        smooth.append(smoothness(table, known))
        for n_now in SO_FAR:
            for name, budget, outcome, (low, mean, high) in trials(table, known, n_now, n_trials):
                record = (outcome.retained_hypervolume, outcome.mra_pareto_percent)
                results.setdefault(name, {}).setdefault(budget, []).append(record)
                if name == "advice":
                    inside.append(low <= outcome.retained_hypervolume <= high)
                    errors.append(mean - outcome.retained_hypervolume)
    n = len(DATASETS) * len(SO_FAR) * n_trials
    lines = [*_table(results), ""]
    lines.append(
        f"Means of {n} trials a budget ({', '.join(DATASETS)}; {SO_FAR[0]} and {SO_FAR[1]} "
        f"measured so far; {MEASUREMENT:g} s a measurement), ± standard error. The central "
        f"80 % of the advice's scenarios held the retained hypervolume in "
        f"{100 * np.mean(inside):.0f} % of its trials; it was {np.mean(errors):+.4f} off in the "
        f"mean, {np.mean(np.abs(errors)):.4f} in the absolute."
    )
    lines += ["", f"Correlation of deviations at 1, 2, 3 differing edges: {'; '.join(smooth)}."]
    text = "\n".join(lines)
    print(text)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    write_between(DOCS, MARKS, text)


def trials_of(arguments: list[str], example: str) -> int:
    """Read the command line: how many trials of each table and number of measurements so far.

    Without arguments the number is that of `example`, a command.
    """
    given = " ".join(arguments) or example.split()[-1]
    if not given.isdecimal() or int(given) == 0:
        raise UserError(f"{given}: not a number of trials", remedy=example)
    return int(given)


def _table(results: dict[str, dict[float, list[Record]]]) -> list[str]:
    heads = [f"{duration(budget)}" for budget in BUDGETS]
    lines = [
        "| strategy | "
        + " | ".join(f"{head}: retained hypervolume | MRA [%]" for head in heads)
        + " |",
        "|---" * (1 + 2 * len(heads)) + "|",
    ]
    for name, by_budget in results.items():
        cells = []
        for budget in BUDGETS:
            values = np.array(by_budget[budget])
            error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
            mean = values.mean(axis=0)
            cells += [f"{mean[0]:.4f} ± {error[0]:.4f}", f"{mean[1]:.2f} ± {error[1]:.2f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    run(main)
