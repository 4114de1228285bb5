"""What many seeds of a predictor cost in one call, beside one seed alone.

    HWNAS_DATA=<folder> python -m benchmarks.many
    HWNAS_DATA=<folder> python -m benchmarks.many --predictors mlp,bananas --members 10

Fits `fit_many` of one predictor and of many, that differ in their seed, to the same training
measurements (raspi4, the study's split of seed 0), in turn, and prints CPU seconds and their ratio:
the median over the rounds, and the ratio of the fastest of each, which other programs disturb less.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks._cli import run
from benchmarks.predictors import (
    DATA,
    Data,
    check_choices,
    configured,
    predictor_names,
    read_tables,
    split,
    words,
)
from hwnas.measure import machine_facts
from hwnas.predictor import fit_many

DEVICE = "raspi4"


def main() -> None:
    """Time and print."""
    options = arguments()
    data = read_tables(options.data, [DEVICE])[DEVICE]
    print(f"{DEVICE}, {options.n_train} measurements, one core of {machine_facts()['cpu']}")
    for name in options.predictors:
        seconds(name, 1, data, options.n_train)  # the first fit pays for imports
        pairs = [
            [seconds(name, n, data, options.n_train) for n in (1, options.members)]
            for _ in range(options.rounds)
        ]
        one, many = np.median(pairs, axis=0)
        fastest = np.min(pairs, axis=0)
        print(
            f"{name}: {options.members} seeds in one call {many:.3f} CPU seconds, one seed "
            f"{one:.3f} (medians of {options.rounds} rounds): {many / one:.2f} times; "
            f"fastest {fastest[1]:.3f} and {fastest[0]:.3f}: {fastest[1] / fastest[0]:.2f} times",
            flush=True,
        )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=DATA)
    add("--predictors", type=words, default=["mlp_small"])
    add("--members", type=int, default=50, help="seeds in one call")
    add("--n-train", type=int, default=124)
    add("--rounds", type=int, default=25)
    options = parser.parse_args()
    check_choices("--predictors", options.predictors, predictor_names())
    return options


def seconds(name: str, n: int, data: Data, n_train: int) -> float:
    """Return the CPU seconds that a fit of `n` seeds in one call takes."""
    architectures, values = data
    _, train = split(len(values), n_train, seed=0)
    X, y = architectures[train], values[train]
    predictors = [configured("default", name, seed) for seed in range(n)]
    start = time.process_time()
    fit_many(predictors, [X] * n, [y] * n)
    return time.process_time() - start


if __name__ == "__main__":
    run(main)
