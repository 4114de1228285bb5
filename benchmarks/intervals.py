"""Coverage and width of intervals from held-out residuals, absolute and relative ones.

    HWNAS_DATA=<folder> python -m benchmarks.intervals 5

The argument is the number of seeds. Results are added to ``outputs/benchmarks/intervals.jsonl``, so
that a later call with more seeds runs only the new ones. The table goes into
``docs/notes/intervals.md``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._cli import run
from benchmarks._docs import write_between
from benchmarks.advice import trials_of
from hwnas.api import load_dataset, make_predictor
from hwnas.composition import register
from hwnas.dataset import Table
from hwnas.experiment import split
from hwnas.predictor._interval import Residuals

TABLES = ("hwnas/raspi4", "hwnas/fpga", "hwnas/pixel3", "local/cpu")
PREDICTORS = ("ridge", "svr", "rf", "xgb")
TRAIN_SIZES = (20, 55, 124)
N_TEST = 1000
COVERAGE = 0.9
DOCS = Path(__file__).parents[1] / "docs" / "notes" / "intervals.md"
RECORDS = Path("outputs/benchmarks/intervals.jsonl")
MARKS = ("<!-- intervals: written by benchmarks/intervals.py -->", "<!-- end of intervals -->")

Values = NDArray[np.float64]


def half_widths(residuals: Residuals, predicted: Values, kind: str) -> Values:
    """Return half of the width of each interval.

    Parameters
    ----------
    residuals : Residuals
    predicted : array of float64, shape (n,)
    kind : {"absolute", "relative"}
        "relative" divides each residual by its prediction. A prediction below the 10 % quantile of
        the measured values is replaced by this quantile, because some predictions are near 0.
    """
    if kind == "absolute":
        lower, upper = residuals.interval(predicted, COVERAGE)
        return np.asarray((upper - lower) / 2)
    floor = float(np.quantile(residuals.measured, 0.1))
    size = np.maximum(residuals.predicted, floor)
    errors = (residuals.measured - residuals.predicted) / size
    ratios = Residuals(np.zeros_like(errors), errors, residuals.folds)
    return np.asarray(ratios.interval(np.zeros(1), COVERAGE)[1] * np.maximum(predicted, floor))


def scores(residuals: Residuals, predicted: Values, true: Values, kind: str) -> dict[str, float]:
    """Return coverage, mean width / standard deviation of the values, and the lowest coverage.

    The last is the lowest coverage of three groups of equal size: low, medium and high predictions.
    """
    half = half_widths(residuals, predicted, kind)
    inside = np.abs(true - predicted) <= half
    groups = np.array_split(np.argsort(predicted), 3)
    return {
        "coverage": float(inside.mean()),
        "width": float(2 * half.mean() / true.std()),
        "lowest": float(min(inside[group].mean() for group in groups)),
    }


def result(table: Table, predictor: str, n_train: int, seed: int) -> dict[str, Any]:
    """Fit and calibrate one predictor, and score both kinds of intervals on the test set."""
    drawn = split(table, n_train, N_TEST, seed)
    fitted = make_predictor(predictor, table.space, seed=seed)
    fitted.fit(drawn.train_architectures, drawn.train_values).calibrate(seed=seed)
    assert fitted.residuals_ is not None
    predicted = fitted.predict(drawn.test_architectures)
    return {
        kind: scores(fitted.residuals_, predicted, drawn.test_values, kind)
        for kind in ("absolute", "relative")
    }


def summary(records: list[dict[str, Any]]) -> str:
    """Return the Markdown table: means over seeds, one row for each predictor and table."""
    heads = [f"{n}: {kind}" for n in TRAIN_SIZES for kind in ("absolute", "relative")]
    lines = [f"| predictor | table | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    for predictor in PREDICTORS:
        for name in TABLES:
            cells = []
            for n in TRAIN_SIZES:
                own = [one["scores"] for one in records if one["key"][:3] == [predictor, name, n]]
                for kind in ("absolute", "relative"):
                    means = {
                        score: np.mean([one[kind][score] for one in own])
                        for score in ("coverage", "lowest", "width")
                    }
                    cells.append("{coverage:.2f} ({lowest:.2f}), {width:.2f}".format(**means))
            lines.append(f"| {predictor} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing, and write the table."""
    n_seeds = trials_of(sys.argv[1:], "python -m benchmarks.intervals 5")
    register()
    RECORDS.parent.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in RECORDS.open()] if RECORDS.is_file() else []
    done = [one["key"] for one in records]
    for name in TABLES:
        wanted = [(p, n, s) for p in PREDICTORS for n in TRAIN_SIZES for s in range(n_seeds)]
        missing = [(p, n, s) for p, n, s in wanted if [p, name, n, s] not in done]
        table = load_dataset(name) if missing else None
        for predictor, n, seed in missing:
            assert table is not None
            found = result(table, predictor, n, seed)
            records.append({"key": [predictor, name, n, seed], "scores": found})
            with RECORDS.open("a") as file:
                file.write(json.dumps(records[-1]) + "\n")
    text = summary(records)
    print(text)
    write_between(DOCS, MARKS, text)


if __name__ == "__main__":
    run(main)
