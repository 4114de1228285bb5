"""Every predictor beside the study's own figures, on the study's splits.

    HWNAS_DATA=../shared/data python -m benchmarks.predictors
    HWNAS_DATA=../shared/data python -m benchmarks.predictors --predictors ridge,mlp --sizes 11,124

Fits what the CSV file does not hold yet, a row at a time, so that a run that was cut off goes on
where it stopped; then prints Kendall's tau and CPU seconds to fit, ours beside the reference's,
and writes both tables into ``docs/benchmarks.md``. The columns are those of the reference, with
our preset and the processor before them.

CPU seconds of two machines are compared by a yardstick that both ran: LightGBM in the study's
setting at 1,366 training measurements.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import platform
import time
from collections.abc import Iterator
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from omegaconf import OmegaConf
from scipy.stats import kendalltau, spearmanr

from hwnas.dataset._readers._hwnas import read_nasbench201
from hwnas.predictor import Predictor, build
from hwnas.space import Architectures, NASBench201

CONF = Path(__file__).parents[1] / "conf" / "predictor"
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARKS = ("<!-- predictors: written by benchmarks/predictors.py -->", "<!-- end of predictors -->")
SIZES = (11, 55, 124, 276, 613, 1366)
N_TEST = 625
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
)
KEY = ["preset", "predictor", "device", "seed", "n_train"]

Data = tuple[Architectures, NDArray[np.float64]]


def main() -> None:
    """Fit what is missing, print and write the tables."""
    options = arguments()
    reference = pd.read_csv(options.reference)
    cells = list(wanted(options, reference))
    known = pd.read_csv(options.out) if options.out.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(known[KEY].itertuples(index=False, name=None))
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
        append(options.out, [preset, processor(), name, device, seed, n_train, *scores])

    ours = pd.read_csv(options.out)
    text = report(ours[ours.predictor.isin(options.predictors)], reference)
    print(text)
    if options.docs:
        write_docs(report(ours, reference))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path(os.environ.get("HWNAS_DATA", "../shared/data"))
    names = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem != "lut")
    add = parser.add_argument
    add("--data", type=Path, default=data, help="folder with HW-NAS-Bench-v1_0.pickle")
    add("--reference", type=Path, default=data.parent / "reference" / "predictors.csv")
    add("--out", type=Path, default=Path("outputs/benchmarks/predictors.csv"))
    add("--predictors", type=words, default=names, help="a,b,... (lut draws no training set)")
    add("--presets", type=words, default=["default", "paper"])
    add("--devices", type=words, default=["raspi4", "pixel3"])
    add("--sizes", type=numbers, default=list(SIZES))
    add("--seeds", type=numbers, default=[0, 1, 2])
    add("--docs", action="store_true", help=f"write the whole CSV's tables into {DOCS.name}")
    return parser.parse_args()


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
    there = set(reference[KEY[1:]].itertuples(index=False, name=None))
    for cell in product(
        options.presets, options.predictors, options.devices, options.seeds, options.sizes
    ):
        if cell[0] != "paper" or cell[1:] in there:
            yield cell


def read_tables(folder: Path, devices: list[str]) -> dict[str, Data]:
    """Return architectures and CIFAR-10 latency in ms of every device."""
    columns = read_nasbench201(folder / "HW-NAS-Bench-v1_0.pickle")
    architectures = columns.architectures()
    return {
        device: (architectures, columns.arrays[f"cifar10/{device}_latency"].astype(np.float64))
        for device in devices
    }


def measure(preset: str, name: str, data: Data, seed: int, n_train: int) -> list[float]:
    """Return tau, Spearman's rho, CPU seconds to fit and seconds a query on one split."""
    architectures, values = data
    # The reference's generator, or the splits would be others.
    order = np.random.RandomState(seed).permutation(len(values))
    test, train = order[:N_TEST], order[N_TEST : N_TEST + n_train]
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


def configured(preset: str, name: str, seed: int) -> Predictor:
    """Return the predictor of a YAML in one of its presets."""
    config: Any = OmegaConf.load(CONF / f"{name}.yaml")
    config.preset = preset
    return build(config, NASBench201(), seed)


def append(path: Path, row: list[object]) -> None:
    """Add one row to the CSV file, its header first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        writer.writerow(row)


def report(ours: pd.DataFrame, reference: pd.DataFrame) -> str:
    """Return the tables of tau and of seconds as Markdown."""
    factor, how = yardstick(ours, reference)
    study = reference.assign(preset="study")
    study["fit_cpu_seconds"] *= factor
    rows = pd.concat([study, ours])
    rows = rows[rows.predictor.isin(ours.predictor)]
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = f"{processor()}, one core, Python {platform.python_version()}, {versions}."
    return "\n\n".join(
        [
            machine,
            "Kendall's τ: mean over devices and seeds ± standard deviation over seeds (mean over "
            "devices); of constant predictions 0. `study` is the reference's, where it has the "
            "figure.",
            markdown(rows, tau_cell),
            f"CPU seconds to fit, median. {how}",
            markdown(rows, seconds_cell),
        ]
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
    """Return mean and spread."""
    spread = rows.groupby("device").kendall_tau.std().mean()
    mean = f"{rows.groupby('device').kendall_tau.mean().mean():.3f}"
    return mean if np.isnan(spread) else f"{mean} ±{spread:.3f}"


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


def processor() -> str:
    """Return the processor's name."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def write_docs(text: str) -> None:
    """Put the report between its marks."""
    page = DOCS.read_text()
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    new = DOCS.with_suffix(".tmp")
    new.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")
    new.replace(DOCS)


if __name__ == "__main__":
    main()
