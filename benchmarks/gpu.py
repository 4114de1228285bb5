"""What is measured on a GPU in four minutes, and how well predictors rank it.

    python -m benchmarks.gpu                       # on a machine with an NVIDIA GPU
    python -m benchmarks.gpu --steps measure       # the GPU's part; it ends within --minutes
    python -m benchmarks.gpu --steps score         # the rest, on any machine with the same --out
    python -m benchmarks.gpu --pretend             # a trial without a GPU

Networks of NAS-Bench-201 are measured at two batch sizes in two passes: as CUDA graphs, with their
energy. How many there are depends on the minutes; 300 are wanted. The table has the noise floors,
the idle power, the power of a run, and Kendall's tau of two predictors with 100 random measurements
on all others: the mean over the seeds, with the standard deviation.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

import hwnas
from benchmarks._cli import run
from benchmarks._pretended_gpu import DEVICE, GPU, pretended_gpu
from benchmarks.predictors import numbers
from hwnas.composition import composed
from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.measure import latency
from hwnas.scores import kendall_tau

STEPS = ("measure", "score")
#: The first networks also start the device. The next ones show how long a network takes.
FIRST, TIMED = 2, 20
PREDICTORS = ("best", "ridge")
METRICS = ("latency", "energy")
#: The statistic of each metric whose noise floor is that of the table.
COLUMNS = {"latency": "torch_latency_median", "energy": "torch_energy_mean"}


def main() -> None:
    """Measure, and print the table."""
    options = arguments()
    out = options.out.resolve()
    # The commands write the datasets into the user's configuration folder.
    os.environ["HWNAS_CONF"] = str(out / "conf")
    (out / "data").mkdir(parents=True, exist_ok=True)
    start = monotonic()
    with ExitStack() as stack:
        if "measure" in options.steps:
            if options.pretend:
                stack.enter_context(pretended_gpu(GPU()))
            for number, batch_size in enumerate(options.batch_sizes, start=1):
                share = number / len(options.batch_sizes)
                measure(options, out, batch_size, start + options.minutes * 60 * share)
            print(f"measured in {monotonic() - start:.0f} s")
    if "score" in options.steps:
        print(report(options, out))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("outputs/benchmarks/gpu"))
    add("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    add("--minutes", type=float, default=3.5, help="for measuring, of which each batch has a share")
    add("--networks", type=int, default=300)
    add("--batch-sizes", type=numbers, default=[1, 256])
    add("--energy-seconds", type=float, default=0.1)
    add("--n-train", type=int, default=100)
    add("--seeds", type=numbers, default=list(range(5)))
    add("--pretend", action="store_true", help="measure a pretended GPU, with smaller networks")
    return parser.parse_args()


def measure(options: argparse.Namespace, out: Path, batch_size: int, deadline: float) -> None:
    """Measure as many networks as there is time for, at most `options.networks`."""
    took = 0.0
    for n in (FIRST, TIMED):
        began = monotonic()
        latency(composed("measure", overrides(options, out, batch_size, n)))
        took = (monotonic() - began) / (TIMED - FIRST)
    # The rest of a second is for writing the table.
    affordable = int(max(0.0, deadline - monotonic() - 1) / took)
    n = min(options.networks, TIMED + affordable)
    print(f"batch {batch_size}: {took:.2f} s a network, so {n} networks")
    latency(composed("measure", overrides(options, out, batch_size, n)))


def overrides(options: argparse.Namespace, out: Path, batch_size: int, n: int) -> list[str]:
    """Return the command line of a measurement."""
    chosen = ["+sizes.cells_per_stage=1", f"backend.device={DEVICE}"]
    return [
        f"name=gpu_{batch_size}",
        f"batch_size={batch_size}",
        f"n_architectures={n}",
        f"energy_seconds={options.energy_seconds}",
        f"paths.data={out / 'data'}",
        *("metric=energy", "backend=torch", "passes=2"),
        *(chosen if options.pretend else ["backend.device=cuda"]),
    ]


def report(options: argparse.Namespace, out: Path) -> str:
    """Return the table in Markdown, and what both metrics have to do with each other."""
    head = " | ".join(f"τ of {name} at {options.n_train}" for name in PREDICTORS)
    lines = [
        f"| batch | metric | networks | noise floor | median | {head} |",
        "|---" * (5 + len(PREDICTORS)) + "|",
    ]
    remarks = []
    for batch_size in options.batch_sizes:
        tables = {metric: load(out, batch_size, metric) for metric in METRICS}
        for metric, table in tables.items():
            noise = facts_of(table)["noise"][COLUMNS[metric]]
            cells = [score(table, name, options.n_train, options.seeds) for name in PREDICTORS]
            median = f"{np.median(table.values):.3g} {table.metric.unit}"
            n = facts_of(table)["n_measured"]
            lines.append(
                f"| {batch_size} | {metric} | {n} | {noise['tau']:.3f} | {median} "
                f"| {' | '.join(cells)} |"
            )
        remarks.append(remark(batch_size, tables["latency"], tables["energy"]))
    unit = facts_of(load(out, options.batch_sizes[0], "latency"))["settings"]["unit"]
    return "\n".join([*lines, "", f"On {unit}.", *remarks])


def remark(batch_size: int, times: Table, energies: Table) -> str:
    """Return a line about the power, and how alike both metrics rank."""
    rows = first_of_each_network(times)
    watts = np.median(energies.values / times.values)
    tau = kendall_tau(times.values[rows], energies.values[rows])
    idle = facts_of(energies)["idle_power"]
    return (
        f"Batch {batch_size}: {watts:.0f} W while running, {idle['median']:.0f} W idle "
        f"({idle['lowest']:.0f} to {idle['highest']:.0f}); latency and energy rank alike with "
        f"τ {tau:.3f}."
    )


def load(out: Path, batch_size: int, metric: str) -> Table:
    """Return what was measured at a batch size."""
    name = f"local/gpu_{batch_size}"
    return hwnas.load_dataset(name, metric=metric, data=out / "data", backend="torch")


def facts_of(table: Table) -> Mapping[str, Any]:
    """Return what is known about the measurement."""
    return table.provenance.details


def first_of_each_network(table: Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return one row of each measured network."""
    return np.unique(table.measured_on(), return_index=True)[1]


def score(table: Table, predictor: str, n_train: int, seeds: list[int]) -> str:
    """Return Kendall's tau on all networks beyond the training measurements."""
    rows = first_of_each_network(table)
    if len(rows) <= n_train + 1:
        raise UserError(
            f"{len(rows)} networks were measured, and {n_train} of them are for training",
            remedy="--minutes 8",
        )
    taus = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(rows)
        train, test = order[:n_train], order[n_train:]
        model = hwnas.make_predictor(predictor, table.space, seed=seed)
        model.fit(table.architectures[train], table.values[train])
        taus.append(kendall_tau(table.values[test], model.predict(table.architectures[test])))
    return f"{np.mean(taus):.3f} ± {np.std(taus):.3f}"


if __name__ == "__main__":
    run(main)
