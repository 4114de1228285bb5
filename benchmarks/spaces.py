"""How predictors rank on the published spaces that are not cells: OFA, HW-GPT-Bench and HAT.

    HWNAS_DATA=<folder> python -m benchmarks.spaces
    HWNAS_DATA=<folder> python -m benchmarks.spaces --datasets hat --predictors best

Fits what the CSV file does not hold yet, a row at a time, so that a run that was cut off goes on
where it stopped. Then writes the tables of `docs/notes/spaces.md`: the mean of Kendall's tau over
the seeds and its standard deviation, on 625 test architectures. Splits are those of ``hwnas run``.
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
from hydra.utils import instantiate
from scipy.stats import norm

import hwnas
from benchmarks._cli import run
from benchmarks._csv import append
from benchmarks._docs import write_between
from benchmarks.predictors import DATA, words
from hwnas.composition import composed
from hwnas.dataset import HELPOFA, Table, described_classes
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.predictor import Predictor
from hwnas.scores import kendall_tau

SIZES = (11, 55, 276)
SEEDS = range(10)
N_TEST = 625
PREDICTORS = ("best", "ridge", "gp", "lgb")
#: The datasets, and the metrics of each.
DATASETS = {"help/ofa": ("latency",), "hwgpt": ("latency", "energy"), "hat": ("latency",)}
DOCS = Path(__file__).parents[1] / "docs" / "notes" / "spaces.md"
MARKS = ("<!-- figures: written by benchmarks/spaces.py -->", "<!-- end of figures -->")
KEY = ["table", "predictor", "n_train", "seed"]
COLUMNS = [*KEY, "kendall_tau", "coverage", "width", "fit_seconds"]


def tables(chosen: list[str]) -> Iterator[tuple[str, Table]]:
    """Yield the name and the table of every device of the chosen datasets that is here."""
    paths = Paths(DATA, Path("unused"), Path("unused"))
    for family in chosen:
        for metric in DATASETS[family]:
            for device in _devices(family, paths):
                own = [f"dataset.device={device}"] if family == "help/ofa" else []
                name = family if own else f"{family}/{device}"
                label = f"{family}/{device}" + ("" if metric == "latency" else f" {metric}")
                chosen_here = [f"dataset={name}", f"metric={metric}", f"paths.data={DATA}", *own]
                table: Table = instantiate(composed("run", chosen_here).dataset).load()
                yield label, table.measured_rows()


def _devices(family: str, paths: Paths) -> list[str]:
    """Return the devices of a dataset whose files are here, from the names of its files."""
    [cls] = [each for each in described_classes() if each.__name__ == _CLASSES[family]]
    here = {file.name for file in cls.files() if file.find(paths) is not None}
    if family == "hwgpt":
        return sorted({name.split("/")[1].removeprefix("latency_") for name in here})
    pattern = "_all.csv" if family == "hat" else ".pt"
    names = {name.rpartition("/")[2].removesuffix(pattern) for name in here}
    return sorted(names - {"ofa_archs"})


_CLASSES = {"help/ofa": HELPOFA.__name__, "hwgpt": "HWGPT", "hat": "HAT"}


def main() -> None:
    """Fit what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", default=",".join(DATASETS), type=words)
    parser.add_argument("--predictors", default=",".join(PREDICTORS), type=words)
    parser.add_argument("--file", default="outputs/benchmarks/spaces.csv", type=Path)
    parser.add_argument("--docs", action="store_true", help="write the figures to docs")
    given = parser.parse_args()
    known = set() if not given.file.exists() else _keys(pd.read_csv(given.file))
    for label, table in tables(given.datasets):
        for n_train in SIZES:
            for name in given.predictors:
                for seed in SEEDS:
                    if (label, name, n_train, seed) not in known:
                        row = _scores(name, table, n_train, seed)
                        append(given.file, COLUMNS, [label, name, n_train, seed, *row])
                        print(label, name, n_train, seed, *(f"{each:.3f}" for each in row))
    if not given.file.exists():
        raise UserError(f"{DATA} holds none of the tables", remedy="hwnas fetch help hwgpt hat")
    text = markdown(pd.read_csv(given.file))
    if given.docs:
        write_between(DOCS, MARKS, text)
    print(text)


def _keys(rows: pd.DataFrame) -> set[tuple[object, ...]]:
    return set(rows[KEY].itertuples(index=False, name=None))


def _scores(name: str, table: Table, n_train: int, seed: int) -> list[float]:
    """Return tau, the coverage and mean width of 90 % intervals, and the seconds of the fit.

    The width is a share of the range that holds 90 % of the test set's values.
    """
    split = hwnas.split(table, n_train, N_TEST, seed)
    predictor: Predictor = hwnas.make_predictor(name, table.space, seed)
    start = time.perf_counter()
    predictor.fit(split.train_architectures, split.train_values)
    seconds = time.perf_counter() - start
    true = table.values[split.test]
    coverage = width = float("nan")
    if predictor.knows_uncertainty:
        predicted, std = predictor.predict(table.architectures[split.test], return_std=True)
        half = norm.ppf(0.95) * std
        coverage = float(np.mean(np.abs(predicted - true) <= half))
        width = float(2 * half.mean() / np.diff(np.quantile(true, [0.05, 0.95]))[0])
    else:
        predicted = predictor.predict(table.architectures[split.test])
    return [kendall_tau(true, predicted), coverage, width, seconds]


def markdown(rows: pd.DataFrame) -> str:
    """Return a table of tau with a row for each dataset and size, and one of the intervals."""
    grouped = rows.groupby(["table", "n_train", "predictor"], sort=False)
    mean, std = grouped["kendall_tau"].mean(), grouped["kendall_tau"].std()
    names = list(dict.fromkeys(rows["predictor"]))
    lines = ["| table | n | " + " | ".join(names) + " | coverage | width |"]
    lines.append("|---|---:|" + "---:|" * (len(names) + 2))
    for table, n_train in dict.fromkeys(zip(rows["table"], rows["n_train"], strict=True)):
        keys = [(table, n_train, name) for name in names]
        cells = [f"{mean[key]:.3f} ±{std[key]:.3f}" if key in mean.index else "" for key in keys]
        own = rows[(rows["table"] == table) & (rows["n_train"] == n_train)]
        best = own[own["predictor"] == "best"]
        intervals = [f"{best[column].mean():.2f}" for column in ("coverage", "width")]
        lines.append("| " + " | ".join([table, str(n_train), *cells, *intervals]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
