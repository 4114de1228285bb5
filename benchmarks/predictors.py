"""Every predictor beside the study's own figures, on the study's splits.

    HWNAS_DATA=<folder> python -m benchmarks.predictors
    HWNAS_DATA=<folder> python -m benchmarks.predictors --predictors ridge,mlp --sizes 11,124

Fits what the CSV file does not hold of this processor yet, a row at a time, so that a run that was
cut off goes on where it stopped; then prints Kendall's tau and CPU seconds to fit, ours beside the
reference's, and with ``--docs`` writes the tables into ``docs/notes/benchmarks.md``. The columns
are those of the reference, with our preset and the processor before them and the versions
after them.

CPU seconds of two machines stand in tables of their own, and are compared with the reference's by a
yardstick that both ran: LightGBM in the study's setting at 1,366 training measurements.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import platform
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from benchmarks._cli import run
from benchmarks._csv import append
from benchmarks._docs import write_between
from hwnas.composition import composed, options
from hwnas.dataset import HWNASBench
from hwnas.errors import UserError, check_choice
from hwnas.measure import machine_facts
from hwnas.paths import Paths
from hwnas.predictor import Predictor, build
from hwnas.space import Architectures, NASBench201

DOCS = Path(__file__).parents[1] / "docs" / "notes" / "benchmarks.md"
MARKS = ("<!-- predictors: written by benchmarks/predictors.py -->", "<!-- end of predictors -->")
SIZES = (11, 55, 124, 276, 613, 1366)
N_TEST = 625
#: Where the published tables are, unless ``--data`` says otherwise.
DATA = Path(os.environ.get("HWNAS_DATA", "../shared/data"))
YARDSTICK = ("lgb", 1366)
LIBRARIES = ("numpy", "scikit-learn", "torch", "xgboost-cpu", "lightgbm", "ngboost")
COLUMNS = (
    "preset",
    "processor",
    "predictor",
    "device",
    "seed",
    "n_train",
    "kendall_tau",
    "spearman",
    "fit_cpu_seconds",
    "query_seconds_per_architecture",
    "versions",
)
#: What a figure is of, on whatever machine.
CELL = ["preset", "predictor", "device", "seed", "n_train"]
#: Two devices, three seeds: means of fewer say so.
RUNS = 6

Data = tuple[Architectures, NDArray[np.float64]]
Rows = NDArray[np.integer]


def main() -> None:
    """Fit what is missing, print and write the tables."""
    options = arguments()
    reference = pd.read_csv(options.reference)
    cells = list(wanted(options, reference))
    known = pd.read_csv(options.out) if options.out.exists() else pd.DataFrame(columns=COLUMNS)
    processor, libraries = machine_facts()["cpu"], versions()
    done = set(known[known.processor == processor][CELL].itertuples(index=False, name=None))
    missing = [cell for cell in cells if cell not in done]
    print(f"{len(cells)} fits, {len(missing)} of them not in {options.out} yet", flush=True)
    tables = read_tables(options.data, options.devices) if missing else {}
    warmed: set[str] = set()
    for preset, name, device, seed, n_train in missing:
        if name not in warmed:
            # A library's first fit pays for its import.
            measure(preset, name, tables[device], seed, 11)
            warmed.add(name)
        scores = measure(preset, name, tables[device], seed, n_train)
        cell = [preset, processor, name, device, seed, n_train]
        append(options.out, COLUMNS, [*cell, *scores, libraries])

    ours = pd.read_csv(options.out)
    print(report(ours[ours.predictor.isin(options.predictors)], reference))
    if options.docs:
        write_between(DOCS, MARKS, report(ours, reference))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=DATA, help="folder with HW-NAS-Bench-v1_0.pickle")
    add("--reference", type=Path, default=DATA.parent / "reference" / "predictors.csv")
    add("--out", type=Path, default=Path("outputs/benchmarks/predictors.csv"))
    names = predictor_names()
    add("--predictors", type=words, default=names, help="a,b,... (lut draws no training set)")
    add("--presets", type=words, default=["default", "paper"])
    add("--devices", type=words, default=["raspi4", "pixel3"])
    add("--sizes", type=numbers, default=list(SIZES))
    add("--seeds", type=numbers, default=[0, 1, 2])
    add("--docs", action="store_true", help=f"write the whole CSV's tables into {DOCS.name}")
    options = parser.parse_args()
    check_choices("--predictors", options.predictors, names)
    check_choices("--presets", options.presets, ["default", "paper"])
    if not options.reference.is_file():
        raise UserError(
            f"--reference {options.reference}: no such file", remedy="--reference predictors.csv"
        )
    return options


def predictor_names() -> list[str]:
    """Return the predictors that take a training set: all but the lookup table."""
    return [name for name in options("predictor") if "/" not in name and name != "lut"]


def check_choices(option: str, words: list[str], known: Iterable[str]) -> None:
    """Raise `UserError` unless all are known."""
    names = list(known)
    for word in words:
        check_choice(option, word, names)


def words(text: str) -> list[str]:
    """Split at commas."""
    return text.split(",")


def numbers(text: str) -> list[int]:
    """Split at commas."""
    return [int(word) for word in text.split(",")]


def wanted(
    options: argparse.Namespace, reference: pd.DataFrame
) -> Iterator[tuple[str, str, str, int, int]]:
    """Yield the cells asked for; a preset ``paper`` only where the reference has the figure."""
    there = set(reference[CELL[1:]].itertuples(index=False, name=None))
    for cell in product(
        options.presets, options.predictors, options.devices, options.seeds, options.sizes
    ):
        if cell[0] != "paper" or cell[1:] in there:
            yield cell


def read_tables(folder: Path, devices: list[str]) -> dict[str, Data]:
    """Return architectures and CIFAR-10 latency in ms of every device."""
    architectures, latencies = read_hwnas(Paths.default(str(folder)))
    check_choices("--devices", devices, latencies)
    return {device: (architectures, latencies[device]) for device in devices}


def read_hwnas(paths: Paths) -> tuple[Architectures, dict[str, NDArray[np.float64]]]:
    """Return NAS-Bench-201, and the CIFAR-10 latencies in ms of every device by name."""
    for file in HWNASBench.files():
        file.require(paths)
    columns = {
        column.name.removeprefix("cifar10/").removesuffix("_latency"): column
        for column in sorted(HWNASBench.columns(paths), key=lambda column: column.name)
        if column.name.startswith("cifar10/") and column.name.endswith("_latency")
    }
    architectures = next(iter(columns.values())).architectures
    assert architectures is not None
    return architectures, {name: column.values for name, column in columns.items()}


def measure(preset: str, name: str, data: Data, seed: int, n_train: int) -> list[float]:
    """Return tau, Spearman's rho, CPU seconds to fit and seconds a query on one split."""
    architectures, values = data
    test, train = split(len(values), n_train, seed)
    predictor = configured(preset, name, seed)
    start = time.process_time()
    predictor.fit(architectures[train], values[train])
    fit_seconds = time.process_time() - start
    start = time.perf_counter()
    predicted = predictor.predict(architectures[test])
    query_seconds = (time.perf_counter() - start) / N_TEST
    if np.ptp(predicted) == 0:
        # A constant ranks nothing; SciPy's NaN would drop out of the means unseen.
        return [0.0, 0.0, float(f"{fit_seconds:.4g}"), float(f"{query_seconds:.4g}")]
    tau = kendalltau(predicted, values[test]).statistic
    rho = spearmanr(predicted, values[test]).statistic
    return [float(f"{v:.4g}") for v in (tau, rho, fit_seconds, query_seconds)]


def split(n: int, n_train: int, seed: int, n_test: int = N_TEST) -> tuple[Rows, Rows]:
    """Return the rows of the test set and of the training measurements, as the study draws them."""
    # The reference's generator, or the splits would be others.
    order = np.random.RandomState(seed).permutation(n)
    return order[:n_test], order[n_test : n_test + n_train]


def configured(preset: str, name: str, seed: int) -> Predictor:
    """Return the predictor of a YAML in one of its presets."""
    option = name if preset == "default" else f"{preset}/{name}"
    config = composed("run", [f"predictor={option}"])
    return build(config.encoding, config.predictor.model, NASBench201(), seed)


def report(ours: pd.DataFrame, reference: pd.DataFrame) -> str:
    """Return the table of tau, and of seconds on each processor, as Markdown."""
    study = reference[reference.predictor.isin(ours.predictor)].assign(preset="study")
    parts = [
        "Kendall's τ: mean over devices and seeds ± standard deviation over seeds (mean over "
        f"devices), in brackets the number of fits where it is below {RUNS}; of constant "
        "predictions 0. `study` is the reference's, where it has the figure.",
        markdown(pd.concat([study, ours.drop_duplicates(CELL)]), tau_cell),
        not_fitted(ours, study),
    ]
    for processor, here in ours.groupby("processor"):
        factor, how = yardstick(here, study)
        scaled = study.assign(fit_cpu_seconds=study.fit_cpu_seconds * factor)
        fits = here.groupby("versions").size()
        with_what = "; ".join(f"{names} ({n:,} fits)" for names, n in fits.items())
        parts += [
            f"CPU seconds to fit, median, on one core of {processor}. {how} Fitted with "
            f"{with_what}.",
            markdown(pd.concat([scaled, here]), seconds_cell),
        ]
    return "\n\n".join(parts)


def not_fitted(ours: pd.DataFrame, study: pd.DataFrame) -> str:
    """Say which figures of the reference have no fit of ours in its settings."""
    cells = CELL[1:]
    paper = set(ours[ours.preset == "paper"][cells].itertuples(index=False, name=None))
    fitted = [cell in paper for cell in study[cells].itertuples(index=False, name=None)]
    lacking = study[~np.array(fitted, dtype=bool)]
    if lacking.empty:
        return "`paper` is fitted wherever the reference has the figure."
    by_size = [
        f"{n_train:,}: {', '.join(sorted(set(rows.predictor)))}"
        for n_train, rows in lacking.groupby("n_train")
    ]
    return (
        f"Not fitted in `paper`, though the reference has the figure, at {'; at '.join(by_size)}."
    )


def yardstick(ours: pd.DataFrame, reference: pd.DataFrame) -> tuple[float, str]:
    """Return our CPU seconds over the reference's on the same work, and a sentence about it."""
    name, n_train = YARDSTICK
    same = ours[(ours.predictor == name) & (ours.n_train == n_train) & (ours.preset == "paper")]
    theirs = reference[(reference.predictor == name) & (reference.n_train == n_train)]
    if same.empty:
        return 1.0, "The study's are of another machine, unscaled (the yardstick was not run)."
    here, there = same.fit_cpu_seconds.median(), theirs.fit_cpu_seconds.median()
    return here / there, (
        f"The study's are scaled by {here / there:.2f}: LightGBM at 1,366 took {here:.3f} s here "
        f"and {there:.3f} s there. Brackets: times faster than the study's."
    )


def tau_cell(rows: pd.DataFrame, _: pd.DataFrame) -> str:
    """Return mean and spread, and the number of fits where some are missing."""
    spread = rows.groupby("device").kendall_tau.std().mean()
    mean = f"{rows.groupby('device').kendall_tau.mean().mean():.3f}"
    few = f" [{len(rows)}]" if len(rows) < RUNS else ""
    return f"{mean}{few}" if np.isnan(spread) else f"{mean} ±{spread:.3f}{few}"


def seconds_cell(rows: pd.DataFrame, study: pd.DataFrame) -> str:
    """Return the median, and how many times faster that is than the study's."""
    median = rows.fit_cpu_seconds.median()
    if study.empty or rows.preset.iloc[0] == "study":
        return f"{median:.3g}"
    return f"{median:.3g} ({study.fit_cpu_seconds.median() / median:.1f}×)"


def markdown(rows: pd.DataFrame, cell: Any) -> str:
    """Return one line a predictor and preset, one column a size."""
    sizes = sorted(rows.n_train.unique())
    lines = [
        "| predictor | settings | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|" + "---|" * (len(sizes) + 2),
    ]
    for name, of_name in rows.groupby("predictor"):
        for preset in ("study", "paper", "default"):
            of_preset = of_name[of_name.preset == preset]
            cells = []
            for size in sizes:
                here = of_preset[of_preset.n_train == size]
                study = of_name[(of_name.preset == "study") & (of_name.n_train == size)]
                cells.append("–" if here.empty else cell(here, study))
            if set(cells) != {"–"}:
                lines.append(f"| {name} | {preset} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def versions() -> str:
    """Return the versions of Python and of what the predictors are made with."""
    libraries = (f"{name} {version(name)}" for name in LIBRARIES)
    return ", ".join([f"Python {platform.python_version()}", *libraries])


if __name__ == "__main__":
    run(main)
