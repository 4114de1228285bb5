"""What it brings to choose the training measurements: ``train=design`` beside ``train=random``.

    HWNAS_DATA=<folder> python -m benchmarks.design
    HWNAS_DATA=<folder> python -m benchmarks.design --sizes 10,20 --seeds 0,1,2 --docs

Fits `best` to what the CSV file does not hold yet, a row at a time, so that a run that was cut off
goes on where it stopped. Then it prints, a row a table and a column a train size, Kendall's tau on
the test set with random and with chosen training measurements: the mean over the seeds, with the
standard deviation. Both have the same test set of 625 architectures. The tables are those of HELP.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from pathlib import Path

import pandas as pd

from benchmarks._cli import run
from benchmarks._csv import append, finished
from benchmarks._docs import write_between
from benchmarks.predictors import DATA, numbers, words
from hwnas.dataset import HELP, Table
from hwnas.experiment import TRAIN, split
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.predictor import build
from hwnas.scores import kendall_tau
from hwnas.space import spaces

DOCS = Path(__file__).parents[1] / "docs" / "notes" / "next.md"
MARKS = ("<!-- design: written by benchmarks/design.py -->", "<!-- end of design -->")
TABLES = [
    *(f"nasbench201/{device}" for device in ("titan_rtx_1", "silver_4210r", "samsung_a50")),
    *(f"fbnet/{device}" for device in ("1080ti_1", "fpga", "raspi4")),
]
KEY = ["table", "n_train", "seed", "train"]
COLUMNS = [*KEY, "kendall_tau"]


def main() -> None:
    """Fit what is missing and print the table."""
    options = arguments()
    done = finished(options.out, COLUMNS, KEY)
    for name in options.tables:
        table = load(name, options.data)
        for seed in options.seeds:
            for n_train in options.sizes:
                for train in TRAIN:
                    if (name, n_train, seed, train) not in done:
                        tau = measure(table, n_train, seed, train)
                        append(options.out, COLUMNS, [name, n_train, seed, train, tau])
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
    add("--data", type=Path, default=DATA)
    add("--out", type=Path, default=Path("outputs/benchmarks/design.csv"))
    add("--tables", type=words, default=TABLES, help="space/device of HELP")
    add("--sizes", type=numbers, default=[10])
    add("--seeds", type=numbers, default=list(range(10)))
    add("--docs", action="store_true", help=f"write the table into {DOCS.name}")
    return parser.parse_args()


def load(name: str, data: Path) -> Table:
    """Return a table of HELP, by space and device."""
    space, device = name.split("/")
    paths = Paths.default(str(data))
    metric = Metric("latency", "ms")
    return HELP(device, metric, spaces()[space], paths).load().measured_rows()


def measure(table: Table, n_train: int, seed: int, train: str) -> float:
    """Return Kendall's tau of `best` on the test set."""
    drawn = split(table, n_train, 625, seed, train=train)
    best = build(
        {"_target_": "hwnas.encoding.Operations"},
        {"_target_": "hwnas.predictor.best.Best"},
        table.space,
        seed,
    ).fit(drawn.train_architectures, drawn.train_values)
    return kendall_tau(drawn.test_values, best.predict(drawn.test_architectures))


def report(rows: pd.DataFrame) -> str:
    """Return the table in Markdown: each cell is random → design."""
    sizes = sorted(set(rows["n_train"]))
    lines = ["| table, seeds |" + "".join(f" {size} |" for size in sizes)]
    lines.append("|---|" + "---|" * len(sizes))
    space = rows["table"].str.partition("/")[0]
    for name, own in [*rows.groupby("table"), *rows.groupby("mean of " + space)]:
        cells = [cell(own[own["n_train"] == size]) for size in sizes]
        lines.append(f"| {name}, {own['seed'].nunique()} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(rows: pd.DataFrame) -> str:
    """Return mean and standard deviation over seeds, of random and of chosen measurements."""
    by_seed = rows.groupby(["train", "seed"])["kendall_tau"].mean()
    texts = [f"{by_seed[t].mean():.3f} ± {by_seed[t].std():.3f}" for t in TRAIN if t in by_seed]
    return " → ".join(texts)


if __name__ == "__main__":
    run(main)
