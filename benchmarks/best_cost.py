"""What `best` costs at every size: CPU seconds of a fit, memory, and time of a query.

    python -m benchmarks.best_cost

Two simulated devices need no data: cells of NAS-Bench-201, whose costs depend on pairs of
operations, and Once-for-All networks, whose costs are a curved function of their layers. Each size
is fitted in a process of its own, so that its peak memory is known. Results are added to
``outputs/benchmarks/best_cost.csv``, and a later call runs only what is missing. The picture is
``docs/pictures/best_cost.png``, the table goes into ``docs/notes/best.md``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from hydra.utils import instantiate
from numpy.typing import NDArray
from scipy.stats import kendalltau

import hwnas
from benchmarks._csv import append
from benchmarks._docs import write_between
from hwnas.composition import composed
from hwnas.figures import save_figure
from hwnas.image_set import ImageSet
from hwnas.measure import machine_facts
from hwnas.network import skeleton
from hwnas.space import Architectures, SearchSpace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = {
    "nasbench201": (55, 124, 500, 1366, 3000, 6000, 15_000),
    "ofa": (55, 124, 500, 1366, 3000, 6000, 15_000, 100_000),
}
#: Number of architectures that a fit is scored on, and of queries that are timed.
N_TEST, N_QUERIES = 600, 8000
NOISE = 0.02
OUT = Path("outputs/benchmarks/best_cost.csv")
DOCS = Path(__file__).parents[1] / "docs"
MARKS = ("<!-- cost: written by benchmarks/best_cost.py -->", "<!-- end of cost -->")
MEASURED = ["fit_cpu_seconds", "peak_gb", "query_us"]
COLUMNS = ["space", "n_train", *MEASURED, "kendall_tau", "columns"]
LABELS = {
    "fit_cpu_seconds": "CPU seconds of a fit",
    "peak_gb": "peak memory of the process [GB]",
    "query_us": "CPU time of a query [µs]",
}


def main() -> None:
    """Fit what is missing, draw the picture and write the table."""
    known = pd.read_csv(OUT) if OUT.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(zip(known.space, known.n_train, strict=True))
    for space, sizes in SIZES.items():
        for n in sizes:
            if (space, n) not in done:
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                    row = process.submit(measure, space, n).result()
                print(*row, flush=True)
                append(OUT, COLUMNS, row)
    rows = pd.read_csv(OUT)
    save_figure(DOCS / "pictures" / "best_cost.png", partial(draw, rows=rows), figsize=(11, 3.6))
    write_between(DOCS / "notes" / "best.md", MARKS, table(rows))


def measure(name: str, n: int) -> list[object]:
    """Fit `best` to `n` measurements; return a row of the CSV file."""
    space: SearchSpace = instantiate(composed("run", [f"space={name}"]).space)
    rng = np.random.default_rng(0)
    if space.size < n + N_QUERIES:
        X = space.enumerate()[rng.permutation(space.size)]
    else:
        X = space.sample(n + N_QUERIES, rng)
    y = simulated(space, X)
    # The features of the space are computed once in a process.
    hwnas.make_predictor("best", space).fit(X[:12], y[:12]).predict(X[:12])
    predictor = hwnas.make_predictor("best", space)
    start = time.process_time()
    predictor.fit(X[:n], y[:n])
    fit_seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    start = time.process_time()
    predictor.predict(X[:N_QUERIES])
    microseconds = (time.process_time() - start) / len(X[:N_QUERIES]) * 1e6
    tau = kendalltau(predictor.predict(X[-N_TEST:]), y[-N_TEST:]).statistic
    model = predictor.pipeline_.named_steps["model"]
    parts = getattr(model.process_, "components", [])
    columns = sum(part.process.size for part in parts) or model.process_.size
    measured = [f"{fit_seconds:.2f}", f"{peak:.2f}", f"{microseconds:.1f}"]
    return [name, n, *measured, f"{tau:.4f}", columns]


def simulated(space: SearchSpace, X: Architectures) -> NDArray[np.float64]:
    """Return measurements of a simulated device, in ms."""
    device, noise = np.random.default_rng(1), np.random.default_rng(2)
    if space.name == "nasbench201":
        k = len(space.operations)
        costs = device.exponential(1.0, (X.shape[1], k))
        pairs = device.normal(0, 0.3, (X.shape[1], X.shape[1], k, k))
        total = 10 + costs[np.arange(X.shape[1]), X].sum(axis=1)
        for i in range(X.shape[1]):
            for j in range(i):
                total += pairs[i, j][X[:, i], X[:, j]]
    else:
        totals = skeleton(space).totals(X, ImageSet("ImageNet", resolution=224, classes=1000))
        work, moved = totals[:, [0, 3, 6]].sum(axis=1), totals[:, [1, 4, 7]].sum(axis=1)
        slower = np.logaddexp(4 * work / work.mean(), 4 * moved / moved.mean()) / 4
        total = 10 * slower
    measured: NDArray[np.float64] = total * np.exp(NOISE * noise.standard_t(4, len(X)))
    return measured


def draw(figure: Figure, rows: pd.DataFrame) -> None:
    """Draw what a fit and a query cost by the number of measurements."""
    for axes, column in zip(figure.subplots(1, len(MEASURED)), MEASURED, strict=True):
        for marker, (space, own) in zip("os", rows.groupby("space"), strict=True):
            by_size = own.sort_values("n_train")
            axes.loglog(by_size.n_train, by_size[column], marker=marker, label=str(space))
        axes.set_xlabel("measurements")
        axes.set_ylabel(LABELS[column])
        axes.grid(alpha=0.3)
    figure.axes[0].legend()


def table(rows: pd.DataFrame) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"One core of {machine_facts()['cpu']}, one thread, simulated devices. The last column is "
        "the number of covariances or linear columns that a query takes.",
        "",
        "| space | measurements | fit [CPU s] | memory [GB] | query [µs] | τ | columns |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.space} | {row.n_train:,} | {row.fit_cpu_seconds:.1f} | {row.peak_gb:.2f} "
        f"| {row.query_us:.0f} | {row.kendall_tau:.3f} | {row.columns:,} |"
        for row in rows.sort_values(["space", "n_train"]).itertuples()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
