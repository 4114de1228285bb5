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
from typing import TYPE_CHECKING

import pandas as pd
from hydra.utils import instantiate

from benchmarks._cli import run
from benchmarks._csv import append, finished
from benchmarks.predictors import numbers
from hwnas.api import load_dataset, make_predictor
from hwnas.composition import composed
from hwnas.dataset import Table
from hwnas.experiment import Experiment, split
from hwnas.figures import curve, label_ends, save_figure, size_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_TEST = 625
SIZES = (31, 62, 124, 248, 496)
PREDICTORS = ("best", "mlp", "xgb", "ridge")
TRIALS = 10
KEY = ["device", "predictor", "seed", "n_train"]
SCORES = ["kendall_tau", "mra_all_percent", "mra_pareto_percent", "n_measured"]
COLUMNS = [*KEY, *SCORES, "trials", "tune_seconds", "fit_seconds", "source", "sha256"]


#: The scores in the picture, with their labels.
PANELS = {
    "kendall_tau": "Kendall's τ on 625\nother networks",
    "mra_all_percent": "accuracy lost by choosing\nwith predictions\n[percentage points]",
    "mra_pareto_percent": "accuracy still lost after\nmeasuring the chosen\n[percentage points]",
}
#: Marks of the logarithmic axes of lost accuracy. No loss is drawn at the lowest one.
TICKS = (0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
DOCS = Path(__file__).parents[1] / "docs"


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
    """Fit what is missing, and draw the picture."""
    options = arguments()
    done = finished(options.out, COLUMNS, KEY)
    tables = {device.title: device.load() for device in DEVICES}
    for seed, size, device, predictor in product(options.seeds, SIZES, DEVICES, PREDICTORS):
        cell = (device.title, predictor, seed, size)
        if cell not in done:
            append(options.out, COLUMNS, measure(tables[device.title], *cell))
    rows = whole_seeds(pd.read_csv(options.out))
    picture = DOCS / "learning_curves.png" if options.docs else options.out.with_suffix(".png")
    draw(rows, picture)
    print(summary(rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("outputs/benchmarks/learning_curves.csv"))
    add("--seeds", type=numbers, default=list(range(4)))
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


def whole_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the seeds with which everything was fitted, so that means are fair."""
    n_whole = len(DEVICES) * len(PREDICTORS) * len(SIZES)
    counts = rows.groupby("seed").size()
    return rows[rows["seed"].isin(counts.index[counts == n_whole])]


def draw(rows: pd.DataFrame, picture: Path) -> None:
    """Draw the picture: a column a device, ranking above, and what the chosen front loses below."""

    def fill(figure: Figure) -> None:
        panels = figure.subplots(len(PANELS), len(DEVICES), sharex=True, sharey="row")
        for column, device in enumerate(DEVICES):
            own = rows[rows["device"] == device.title]
            for axes, score in zip(panels[:, column], PANELS, strict=True):
                lines(axes, own, score)
            panels[0, column].set_title(device.title)
            size_axis(panels[-1, column], SIZES)
        for axes, label in zip(panels[:, 0], PANELS.values(), strict=True):
            axes.set_ylabel(label)
        for axes in panels[1:, 0]:
            axes.set_yscale("log")
            axes.set_yticks(TICKS, ["0", *(f"{tick:g}" for tick in TICKS[1:])])
        for axes in panels.flat:
            axes.minorticks_off()
        for axes in panels[:, -1]:
            label_ends(axes)

    save_figure(picture, fill, figsize=(10.5, 6.6))


def lines(axes: Axes, rows: pd.DataFrame, score: str) -> None:
    """Draw each predictor's mean over seeds, and the range from the lowest to the highest seed."""
    for predictor in PREDICTORS:
        found = rows[rows["predictor"] == predictor].groupby("n_train")[score]
        # A logarithmic axis has no zero.
        mean, low, high = (
            each.clip(lower=TICKS[0]) for each in (found.mean(), found.min(), found.max())
        )
        sizes = [float(size) for size in mean.index]
        curve(axes, sizes, list(mean), (list(low), list(high)), predictor)


def summary(rows: pd.DataFrame) -> str:
    """Return means and standard deviations over seeds, and the mean over the devices."""
    texts = []
    for score in ("kendall_tau", "mra_all_percent", "mra_pareto_percent"):
        of_seed = rows.groupby(["predictor", "n_train", "seed"])[score].mean()
        cells = of_seed.groupby(level=["predictor", "n_train"])
        mean, std = cells.mean().unstack(), cells.std().unstack()
        spread = mean.map("{:.3f}".format) + std.map(" ± {:.3f}".format)
        texts.append(f"{score}, mean over devices ± standard deviation over seeds\n{spread}")
    return "\n\n".join(texts)


if __name__ == "__main__":
    run(main)
