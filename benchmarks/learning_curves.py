"""The README's picture: how fast predictors learn a device, and what their fronts lose.

    HWNAS_DATA=../shared/data python -m benchmarks.learning_curves         fit what is missing, draw
    HWNAS_DATA=../shared/data python -m benchmarks.learning_curves --docs   also write docs/

Each row of the CSV file is one experiment as ``hwnas run`` runs it: a predictor is tuned and fitted
on the training measurements of one seed, scored on 625 other architectures, and selects the front
of accuracy and latency. A run that was cut off continues where it stopped. Seeds come first in the
order of the rows, so that the picture can be drawn from the seeds that are whole.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pandas as pd
from hydra.utils import instantiate

from benchmarks._cli import run
from benchmarks._csv import append
from benchmarks.predictors import numbers
from hwnas.api import load_dataset, make_predictor
from hwnas.composition import composed
from hwnas.dataset import Table
from hwnas.experiment import Experiment, split

N_TEST = 625
SIZES = (31, 62, 124, 248, 496)
PREDICTORS = ("best", "mlp", "xgb", "ridge")
TRIALS = 10
KEY = ["device", "predictor", "seed", "n_train"]
SCORES = ["kendall_tau", "mra_all_percent", "mra_pareto_percent", "n_measured"]
COLUMNS = [*KEY, *SCORES, "trials", "tune_seconds", "fit_seconds", "source", "sha256"]


@dataclass(frozen=True)
class Device:
    """A measured table of NAS-Bench-201.

    Parameters
    ----------
    title : str
        Its name in the picture.
    dataset : str
        What ``dataset=`` takes on the command line.
    options : mapping of str to str
        Keys of the dataset.
    """

    title: str
    dataset: str
    options: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Table:
        """Return the measured latencies."""
        return load_dataset(self.dataset, metric="latency", **self.options)


DEVICES = (
    Device("Raspberry Pi 4", "hwnas/raspi4", {"source": "measured"}),
    Device("Pixel 3", "hwnas/pixel3", {"source": "measured"}),
    Device("Titan RTX", "help/nasbench201", {"device": "titan_rtx_1"}),
    Device("Xeon 4210R", "help/nasbench201", {"device": "silver_4210r"}),
)


def main() -> None:
    """Fit what is missing."""
    options = arguments()
    known = pd.read_csv(options.out) if options.out.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(known[KEY].itertuples(index=False, name=None))
    tables = {device.title: device.load() for device in DEVICES}
    for seed, size, device, predictor in product(options.seeds, SIZES, DEVICES, PREDICTORS):
        cell = (device.title, predictor, seed, size)
        if cell not in done:
            append(options.out, COLUMNS, measure(tables[device.title], *cell))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("outputs/benchmarks/learning_curves.csv"))
    add("--seeds", type=numbers, default=list(range(5)))
    add("--docs", action="store_true", help="write the picture into docs/")
    return parser.parse_args()


def measure(table: Table, device: str, predictor: str, seed: int, n_train: int) -> list[object]:
    """Tune and fit one predictor and select with it; return a row of the CSV file."""
    cfg = composed("run", [f"predictor={predictor}"])
    result = Experiment(
        table,
        make_predictor(predictor, table.space, seed=seed),
        split(table, n_train, N_TEST, seed),
        tuner=instantiate(cfg.tuning, n_trials=TRIALS),
        selector=instantiate(cfg.selection),
        seed=seed,
        intervals=False,
    ).run()
    assert result.selection is not None
    scores = {**result.selection, "kendall_tau": result.scores["kendall_tau"]}
    timings, values = result.timings, result.provenance.values
    row = [device, predictor, seed, n_train, *(f"{scores[name]:.5g}" for name in SCORES)]
    row += [result.predictor.n_trials, f"{timings.tune_seconds:.3g}", f"{timings.fit_seconds:.3g}"]
    row += [values.source, values.sha256]
    print(*row, flush=True)
    return row


if __name__ == "__main__":
    run(main)
