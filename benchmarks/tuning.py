"""What short trainings bring in the tuning of neural networks.

    HWNAS_DATA=<folder> python -m benchmarks.tuning 10
    HWNAS_DATA=<folder> python -m benchmarks.tuning 3 --predictors mlp,gcn

The first argument is the number of seeds. Every predictor is tuned to 124 measurements of two
devices, with ``tuning.training_share=1`` and with the default, one after the other, so that the
load of the machine affects both. Rows are added to ``outputs/benchmarks/tuning.csv``: a run that
was cut off goes on where it stopped. The table goes into ``docs/notes/tuning.md``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from pathlib import Path

import pandas as pd
from hydra.utils import instantiate
from omegaconf import OmegaConf

import hwnas
from benchmarks._cli import run
from benchmarks._csv import append, finished
from benchmarks._docs import write_between
from benchmarks.predictors import words
from hwnas.composition import composed
from hwnas.dataset import Table
from hwnas.scores import kendall_tau

DOCS = Path(__file__).parents[1] / "docs" / "notes" / "tuning.md"
RECORDS = Path("outputs/benchmarks/tuning.csv")
MARKS = ("<!-- tuning: written by benchmarks/tuning.py -->", "<!-- end of tuning -->")
KEY = ("predictor", "device", "seed", "training_share")
COLUMNS = (*KEY, "cpu_seconds", "kendall_tau")
DEVICES = ("hwnas/raspi4", "hwnas/pixel3")
PREDICTORS = ("mlp", "bananas", "nao", "bonas", "gcn")
SHARES = (1.0, 0.25)
N_TRAIN, N_TEST = 124, 625


def main() -> None:
    """Tune what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int)
    parser.add_argument("--predictors", default=",".join(PREDICTORS), type=words)
    given = parser.parse_args()
    tables = {device: hwnas.load_dataset(device) for device in DEVICES}
    done = finished(RECORDS, COLUMNS, KEY)
    for seed in range(given.seeds):
        for name in given.predictors:
            for device, table in tables.items():
                for share in SHARES:
                    if (name, device, seed, share) not in done:
                        row = (name, device, seed, share, *_tuned(name, table, seed, share))
                        append(RECORDS, COLUMNS, row)
    write_between(DOCS, MARKS, _table(pd.read_csv(RECORDS)))


def _tuned(name: str, table: Table, seed: int, share: float) -> tuple[float, float]:
    """Return the CPU seconds of tuning, and tau of the tuned predictor on the test set."""
    cfg = composed("run", [f"predictor={name}", f"tuning.training_share={share}"])
    predictor = hwnas.make_predictor(name, table.space, seed)
    split = hwnas.split(table, N_TRAIN, N_TEST, seed)
    X, y = split.train_architectures, split.train_values
    # The first fit imports libraries.
    hwnas.make_predictor(name, table.space, seed).fit(X[:20], y[:20])
    search_space = OmegaConf.to_container(cfg.predictor.search_space)
    tuner = instantiate(cfg.tuning, _convert_="all")
    start = time.process_time()
    tuned = tuner.tune(predictor, search_space, X, y, table.space.representative(X), seed=seed)
    seconds = time.process_time() - start
    fitted = tuned.apply(predictor).fit(X, y)
    return seconds, kendall_tau(split.test_values, fitted.predict(split.test_architectures))


def _table(rows: pd.DataFrame) -> str:
    """Return a row for each predictor: ratio of the times, and the paired differences of tau."""
    lines = [
        "| predictor | pairs | CPU s in full | short first | ratio, mean (lowest) | "
        "Kendall's τ in full | difference, mean ± SD |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in PREDICTORS:
        own = rows[rows["predictor"] == name]
        paired = own.pivot_table(
            index=["device", "seed"],
            columns="training_share",
            values=["cpu_seconds", "kendall_tau"],
        ).dropna()
        if not len(paired):
            continue
        full, short = (paired[("cpu_seconds", share)] for share in SHARES)
        tau, other = (paired[("kendall_tau", share)] for share in SHARES)
        ratio, gain = full / short, other - tau
        lines.append(
            f"| `{name}` | {len(paired)} | {full.mean():.1f} | {short.mean():.1f} | "
            f"{full.sum() / short.sum():.1f} ({ratio.min():.1f}) | {tau.mean():.3f} | "
            f"{gain.mean():+.4f} ± {gain.std():.4f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
