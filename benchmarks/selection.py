"""How the simulated predictors compare with a real one, and what verification and limits bring.

    HWNAS_DATA=<folder> python -m benchmarks.selection

Prints the tables of ``docs/notes/selection.md`` and writes them there: ridge regression on 124
training measurements of two published tables, against predictors simulated with deviations of
its size.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._cli import run
from benchmarks._docs import write_between
from benchmarks.advice import DATASETS, load
from hwnas.api import make_predictor
from hwnas.composition import register
from hwnas.dataset import Table
from hwnas.seeding import generator
from hwnas.selection import (
    Bootstrap,
    CandidateSet,
    Deviations,
    Learner,
    Mixture,
    Normal,
    Selector,
    constraint_rates,
    simulate,
)

N_TRAIN, N_CANDIDATES, FITS, TRIALS, ROUNDS = 124, 1000, 8, 20, 3
MARKS = ("<!-- figures: written by benchmarks/selection.py -->", "<!-- end of figures -->")
DOCS = Path(__file__).parents[1] / "docs" / "notes" / "selection.md"
#: What the columns of the tables are called.
HEADS = {
    "mra_all_percent": "MRA, selected [%]",
    "mra_pareto_percent": "MRA, verified [%]",
    "retained_hypervolume": "retained hypervolume",
    "n_selected": "selected networks",
    "measured": "measured networks",
    "chosen %": "found [%]",
    "violated %": "broke the limit [%]",
    "reduction_percent": "accuracy lost [%]",
}
SCORES = ("mra_all_percent", "mra_pareto_percent", "retained_hypervolume", "n_selected")

Means = dict[str, dict[str, float]]


def fits(table: Table) -> Iterator[tuple[Learner, np.ndarray[Any, np.dtype[np.float64]]]]:
    """Yield fitted predictors and their predictions, each on training measurements of its own."""
    ridge = make_predictor("ridge", table.space)
    for fit in range(FITS):
        train = generator(fit, "benchmark", "train").permutation(len(table))[:N_TRAIN]
        X = table.architectures
        predicted = ridge.fit(X[train], table.values[train]).predict(X)
        yield Learner(ridge, CandidateSet(table, np.arange(len(table))), train), predicted


def measure(table: Table) -> tuple[Means, Means, Means]:
    """Return the means of: real and simulated predictors, rounds of verification, limits."""
    assert table.accuracy is not None
    accuracy, true = table.accuracy, table.values
    kinds: dict[str, list[dict[str, float]]] = {}
    rounds: dict[str, list[dict[str, float]]] = {}
    limits: dict[str, list[dict[str, float]]] = {}
    for fit, (learner, predicted) in enumerate(fits(table)):
        held_out = np.delete(np.arange(len(table)), learner.train)
        deviations = ((predicted - true) / true.std())[held_out]
        rng = generator(fit, "benchmark", "candidates")
        for _ in range(TRIALS):
            scores = (
                Selector(n_candidates=N_CANDIDATES).run(accuracy, true, predicted, rng).to_dict()
            )
            kinds.setdefault("real: ridge", []).append({name: scores[name] for name in SCORES})
        simulated: Sequence[Deviations] = (Bootstrap(deviations), Normal(), Mixture())
        for kind in simulated:
            done = simulate(
                accuracy, true, [N_CANDIDATES], [float(deviations.std())], TRIALS,
                deviations=kind, seed=fit,
            )  # fmt: skip
            name = f"simulated: {type(kind).__name__.lower()}"
            kinds.setdefault(name, []).append(
                {name: float(done.scores[name].mean()) for name in SCORES}
            )
        for name, teacher in (("measured values only", None), ("and fitted again", learner)):
            done_rounds = Selector(rounds=ROUNDS).run(
                accuracy, true, predicted, rng, learner=teacher
            ).rounds  # fmt: skip
            for number, one in enumerate(done_rounds, start=1):
                rounds.setdefault(f"{number}, {name}" if number > 1 else "1", []).append(
                    {
                        "measured": one["n_measured"],
                        "mra_pareto_percent": one["mra_pareto_percent"],
                        "retained_hypervolume": one["retained_hypervolume"],
                    }
                )
        calibration, std = learner.calibrate()
        for confidence in (0.5, 0.8, 0.9, 0.95):
            rates = constraint_rates(
                accuracy, true, predicted, calibration, confidence, N_CANDIDATES, 100, rng, std
            )
            limits.setdefault(f"{100 * confidence:.0f} %", []).append(
                {
                    "chosen %": 100 * rates.n_chosen / rates.n_trials,
                    "violated %": 100 * rates.violation_rate,
                    "reduction_percent": rates.reduction_percent,
                }
            )
    return _means(kinds), _means(rounds), _means(limits)


def _means(records: dict[str, list[dict[str, float]]]) -> Means:
    return {
        name: {key: float(np.mean([one[key] for one in each])) for key in each[0]}
        for name, each in records.items()
    }


def _markdown(title: str, tables: dict[str, Means]) -> list[str]:
    """Return one table, with the columns of each dataset side by side."""
    first = next(iter(tables.values()))
    columns = list(next(iter(first.values())))
    heads = [f"{data}: {HEADS[column]}" for data in tables for column in columns]
    lines = [f"| {title} | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for name in first:
        cells = [f"{tables[data][name][column]:.3g}" for data in tables for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, ""]


def main() -> None:
    """Compute and write the tables."""
    register()
    found = {dataset.rpartition("/")[2]: measure(load(dataset)) for dataset in DATASETS}
    titles = ("predictor", "rounds of verification", "confidence")
    lines: list[str] = []
    for i, title in enumerate(titles):
        lines += _markdown(title, {data: parts[i] for data, parts in found.items()})
    lines.append(
        f"Means of {FITS} fits of ridge regression to {N_TRAIN} training measurements; candidate "
        f"sets of {N_CANDIDATES} ({TRIALS} a fit; limits: 100 a fit); rounds of verification on "
        "all candidates. Simulated deviations have the standard deviation of the real ones off the "
        "training measurements."
    )
    text = "\n".join(lines)
    print(text)
    write_between(DOCS, MARKS, text)


if __name__ == "__main__":
    run(main)
