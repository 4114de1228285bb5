"""How `best` ranks and how sure it is on devices of which only the first 183 rows are known.

    HWNAS_DATA=<folder> python -m benchmarks.known_rows
    HWNAS_DATA=<folder> python -m benchmarks.known_rows --columns cifar10_edgegpu --sizes 11

It reads columns of HW-NAS-Bench that are not in the table that is here: edgegpu, edgetpu, and other
image sets. For every seed it draws the training measurements at random and tests on all other rows.
It prints the mean of Kendall's tau with its standard deviation over the seeds, the share of the
test rows in the 90 % interval, and the CPU seconds of a fit.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, norm

from benchmarks._cli import run
from benchmarks.predictors import DATA, check_choices, numbers, read_hwnas, words
from hwnas.composition import composed
from hwnas.paths import Paths
from hwnas.predictor import build
from hwnas.space import Architectures, NASBench201

#: Offset of the seeds of the splits, so that other benchmarks' splits are not repeated.
FIRST_SEED = 1000


def main() -> None:
    """Fit and print a line for each column and size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=DATA)
    add("--rows", type=Path, help="by default reference/hwnas_rows_0_182.csv beside the data")
    add("--columns", type=words, default=[], help="all if not given")
    add("--sizes", type=numbers, default=[11, 55, 124])
    add("--seeds", type=int, default=10)
    options = parser.parse_args()
    rows = options.rows or options.data.parent / "reference" / "hwnas_rows_0_182.csv"
    known = pd.read_csv(rows, index_col="index")
    names = [str(name) for name in known.columns]
    check_choices("--columns", options.columns, names)
    cells, _ = read_hwnas(Paths.default(str(options.data)))
    for column in options.columns or names:
        values = known[column].dropna()
        X, y = cells[values.index.to_numpy()], values.to_numpy(dtype=np.float64)
        for n_train in options.sizes:
            if n_train + 50 > len(y):
                continue
            figures = np.array([*measure(X, y, n_train, options.seeds)])
            tau, coverage, seconds = figures.mean(axis=0)
            spread = figures[:, 0].std(ddof=1) if len(figures) > 1 else 0.0
            print(
                f"{column} {n_train}: tau {tau:.3f} ±{spread:.3f}, in the interval {coverage:.2f}, "
                f"{seconds:.2f} CPU s",
                flush=True,
            )


def measure(
    X: Architectures, y: NDArray[np.float64], n_train: int, n_seeds: int
) -> Iterator[tuple[float, float, float]]:
    """Yield Kendall's tau, the share in the 90 % interval and the CPU seconds of every seed."""
    config = composed("run", ["predictor=best"])
    for seed in range(n_seeds):
        order = np.random.RandomState(FIRST_SEED + seed).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        model = build(config.encoding, config.predictor.model, NASBench201(), seed)
        start = time.process_time()
        model.fit(X[train], y[train])
        seconds = time.process_time() - start
        predicted, std = model.predict(X[test], return_std=True)
        inside = np.abs(y[test] - predicted) <= norm.ppf(0.95) * std
        yield kendalltau(predicted, y[test]).statistic, float(inside.mean()), seconds


if __name__ == "__main__":
    run(main)
