"""How `best` ranks and how sure it is, on every published table that is here.

    HWNAS_DATA=<folder> python -m benchmarks.best
    HWNAS_DATA=<folder> python -m benchmarks.best --tables raspi4,pixel3 --sizes 5,11,15000
    HWNAS_DATA=<folder> python -m benchmarks.best --predictors ridge,lgb --sizes 11,124
    HWNAS_DATA=<folder> python -m benchmarks.best --predictors ridge,lgb --trials 20

Fits what the CSV file does not hold yet, a row at a time, so that a run that was cut off goes on
where it stopped; then prints, a row a table and a column a train size, the mean over the seeds of
Kendall's tau with its standard deviation, and for predictors that know their uncertainty the
coverage of the 90 % interval (share of the test set's measurements inside); and where the mean of
`best` lies below another predictor's. With ``--trials``, predictors are tuned on their training
measurements first, as in ``tuning=default``; `best` has nothing to tune.

Splits are the study's: ``perm = np.random.RandomState(seed).permutation(n)``, the test set is its
head (625 architectures; 256 where there are no more than on TransNAS), the training measurements
what follows; sizes that a table has no measurements for are left out. Of the copies of one
measurement (HW-NAS-Bench-360, our own), only the architecture that was measured takes part.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from hydra.utils import instantiate
from numpy.typing import NDArray
from scipy.stats import kendalltau, norm

from benchmarks._cli import run
from benchmarks._csv import append, finished
from benchmarks._docs import write_between
from benchmarks.predictors import (
    DATA,
    check_choices,
    numbers,
    predictor_names,
    read_hwnas,
    split,
    words,
)
from hwnas.composition import composed
from hwnas.dataset import (
    HELP,
    HWNAS360,
    Column,
    Local,
    TransNAS,
    read_local_table,
    table_path,
)
from hwnas.measure import machine_facts
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.predictor import build
from hwnas.space import (
    Architectures,
    FBNet,
    NASBench201,
    SearchSpace,
    TransNASMacro,
    TransNASMicro,
)

SIZES = (5, 11, 25, 55, 124, 276, 613, 1366)
COVERAGE = 0.9
DOCS = Path(__file__).parents[1] / "docs" / "notes" / "best.md"
MARKS = ("<!-- best: written by benchmarks/best.py -->", "<!-- end of best -->")
KEY = ["predictor", "trials", "table", "seed", "n_train"]
COLUMNS = [*KEY, "kendall_tau", "coverage", "fit_cpu_seconds"]

LATENCY = Metric("latency", "ms")

#: Space, measured architectures, values.
Data = tuple[SearchSpace, Architectures, NDArray[np.float64]]


def main() -> None:
    """Fit what is missing and print the tables."""
    options = arguments()
    tables = read_tables(options.data)
    check_choices("--tables", options.tables, tables)
    done = finished(options.out, COLUMNS, KEY)
    for name in options.tables or tables:
        n = len(tables[name][2])
        for cell in (
            (predictor, trials_of(predictor, options.trials), name, seed, n_train)
            for n_train in options.sizes
            for seed in options.seeds
            for predictor in options.predictors
            if n_test_of(n) + n_train <= n
        ):
            if cell not in done:
                append(options.out, COLUMNS, measure(tables[name], *cell))
    rows = pd.read_csv(options.out)
    for predictor in options.predictors:
        print("\n" + report(rows, predictor, trials_of(predictor, options.trials)))
    lacking = behind(rows)
    print("\n" + lacking)
    if options.docs:
        write_between(DOCS, MARKS, f"{report(rows, 'best', 0)}\n\n{lacking}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=DATA)
    add("--out", type=Path, default=Path("outputs/benchmarks/best.csv"))
    add("--predictors", type=words, default=["best"])
    add("--tables", type=words, default=[], help="as printed; all that are there if not given")
    add("--sizes", type=numbers, default=list(SIZES))
    add("--seeds", type=numbers, default=[0, 1, 2])
    add("--trials", type=int, default=0, help="0: default parameters")
    add("--docs", action="store_true", help=f"write the whole CSV's tables into {DOCS.name}")
    options = parser.parse_args()
    check_choices("--predictors", options.predictors, predictor_names())
    return options


def read_tables(data: Path) -> dict[str, Data]:
    """Return the measured tables below a folder, by name."""
    space = NASBench201()
    paths = Paths.default(str(data))
    cells, latencies = read_hwnas(paths)
    tables: dict[str, Data] = {name: (space, cells, y) for name, y in latencies.items()}
    tables |= dict(sorted(published(HELP.columns(paths), space, "help")))
    for column in sorted(HWNAS360.columns(paths), key=lambda column: column.name):
        device, framework, task, metric = column.name.split("/")
        if metric == LATENCY.name:
            table = HWNAS360(device, framework, task, LATENCY, space, paths).load()
            measured = table.networks()
            name = f"360-{device}-{framework}-{task}"
            tables[name] = (space, table.architectures[measured], table.values[measured])
    tables |= dict(sorted(published(TransNAS.columns(paths), TransNASMicro(), "transnas")))
    tables |= dict(sorted(published(HELP.columns(paths), FBNet(), "fbnet")))
    tables |= read_local(paths)
    return {name: table for name, table in tables.items() if np.isfinite(table[2]).any()}


def published(
    columns: Iterable[Column], space: SearchSpace, prefix: str
) -> Iterator[tuple[str, Data]]:
    """Yield the latencies of one space, by name."""
    for column in columns:
        if column.space == space and column.architectures is not None:
            name = f"{prefix}-{column.name.removesuffix('/latency')}"
            yield name, (space, column.architectures, column.values)


def read_local(paths: Paths) -> dict[str, Data]:
    """Return the latencies measured with `hwnas measure`: the bundled table's, and all here."""
    spaces: list[SearchSpace] = [NASBench201(), TransNASMacro(), TransNASMicro(), FBNet()]
    devices = {"cpu", *(folder.name for folder in (paths.data / "local").glob("*/"))}
    tables: dict[str, Data] = {}
    for device, space in product(sorted(devices), spaces):
        file = table_path(device, space, paths)
        if not file.exists():
            continue
        for backend in read_local_table(file)[1]["latency"]:
            table = Local(device, LATENCY, space, paths, backend).load()
            measured = table.networks()
            name = f"local-{device}-{space.name}-{backend}"
            tables[name] = (space, table.architectures[measured], table.values[measured])
    return tables


def measure(
    data: Data, predictor: str, trials: int, table: str, seed: int, n_train: int
) -> list[object]:
    """Tune and fit one predictor; return a row of the CSV file."""
    space, X, y = data
    test, train = split(len(y), n_train, seed, n_test_of(len(y)))
    config = composed("run", [f"predictor={predictor}", "tuning=default"])
    model = build(config.encoding, config.predictor.model, space, seed)
    if trials:
        tuner = instantiate(config.tuning, n_trials=trials)
        choices, groups = config.predictor.search_space, space.representative(X[train])
        model = tuner.tune(model, choices, X[train], y[train], groups, seed=seed).apply(model)
    start = time.process_time()
    model.fit(X[train], y[train])
    seconds = time.process_time() - start
    coverage = np.nan
    if model.knows_uncertainty:
        predicted, std = model.predict(X[test], return_std=True)
        half = norm.ppf((1 + COVERAGE) / 2) * std
        coverage = float((np.abs(y[test] - predicted) <= half).mean())
    tau = kendalltau(model.predict(X[test]), y[test]).statistic
    figures = [f"{tau:.4f}", f"{coverage:.4f}", f"{seconds:.2f}"]
    row = [predictor, trials, table, seed, n_train, *figures]
    print(*row, flush=True)
    return row


def n_test_of(n: int) -> int:
    """Return the test set's size for so many measurements: the study's 256 on TransNAS."""
    return 256 if n <= TransNASMicro().size else 625


def trials_of(predictor: str, trials: int) -> int:
    """Return in how many trials a predictor is tuned: `best` in none."""
    return 0 if predictor == "best" else trials


def report(rows: pd.DataFrame, predictor: str, trials: int) -> str:
    """Return one predictor's tau, coverage and CPU seconds as Markdown."""
    own = rows[(rows.predictor == predictor) & (rows.trials == trials)]
    groups = own.groupby(["table", "n_train"])
    mean = groups.kendall_tau.mean()
    tau = mean.map("{:.3f}".format) + groups.kendall_tau.std().map(" ±{:.3f}".format)
    parts = [
        f"{predictor}: Kendall's τ, mean ± standard deviation over seeds.",
        markdown(tau.unstack(), mean.unstack().mean().map("{:.3f}".format)),
    ]
    if own.coverage.notna().any():
        inside = groups.coverage.mean().unstack()
        text = inside.map("{:.2f}".format, na_action="ignore")
        parts += [
            f"{predictor}: share of the test set's measurements in the {COVERAGE:.0%} interval.",
            markdown(text, inside.mean().map("{:.2f}".format)),
        ]
    seconds = own.groupby("n_train").fit_cpu_seconds.median()
    medians = ", ".join(f"{median:.1f} at {size:,}" for size, median in seconds.items())
    parts.append(
        f"{predictor}: CPU seconds to fit, median over tables and seeds, on one core of "
        f"{machine_facts()['cpu']}: {medians}."
    )
    return "\n\n".join(parts)


def markdown(table: pd.DataFrame, mean: pd.Series) -> str:
    """Return a line a table and a column a size, and the mean where every table has a figure."""
    whole = table.notna().all()
    lines = ["| table | " + " | ".join(f"{size:,}" for size in table.columns) + " |"]
    lines.append("|" + "---|" * (len(table.columns) + 1))
    rows = {**dict(table.fillna("–").iterrows()), "**mean**": mean.where(whole, "–")}
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()]
    return "\n".join(lines)


def behind(rows: pd.DataFrame) -> str:
    """Say where the mean tau of `best` lies below the highest of all others in the file.

    Means are compared over the seeds that a predictor has in common with `best`.
    """
    cell = ["table", "n_train"]
    own = rows[rows.predictor == "best"].set_index([*cell, "seed"]).kendall_tau
    rest = rows[rows.predictor != "best"].join(own.rename("best"), on=[*cell, "seed"], how="inner")
    if rest.empty:
        return ""
    tuned = rest.trials.map(lambda n: f" tuned in {n} trials" if n else "")
    rest = rest.assign(predictor=rest.predictor + tuned)
    means = rest.groupby([*cell, "predictor"])[["best", "kendall_tau"]].mean().reset_index()
    means["lead"] = means.best - means.kendall_tau
    closest = means.loc[means.groupby(cell).lead.idxmin()]
    worse = closest[closest.lead < 0].sort_values("lead")
    others = ", ".join(sorted(set(rest.predictor)))
    said = (
        f"Beside {others}: best's mean over the seeds is at least as high as the highest of "
        f"theirs in {len(closest) - len(worse)} of {len(closest)} pairs of table and size."
    )
    if worse.empty:
        return said
    lines = [
        f"{said} The others:",
        "",
        "| table | size | best | highest | |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.table} | {one.n_train:,} | {one.best:.3f} | {one.kendall_tau:.3f} "
        f"| {one.predictor} |"
        for one in worse.itertuples()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
