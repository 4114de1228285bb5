"""The commands that faults are tried on, each small, with stored trials where it tunes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.faults.places import Place
from benchmarks.faults.processes import run
from hwnas.api import load_dataset

_QUIET = "tracking=off"
_TUNED = ("tuning.n_trials=14", "tuning.storage=outputs/tuning.journal")
_UNTUNED = ("tuning=none", "artifacts=result")
#: Trials that processes can share without another result: a random search, and no pruning.
SHARED = ("tuning=random", "tuning.n_trials=14", "tuning.storage=outputs/tuning.journal")
ONE = ("run", "n_train=40", "n_test=60", _QUIET)
MEASURE = ("measure", "backend=board", "name=b", "n_architectures=40", "passes=2", "repeats=2")
SWEEP = (
    *("sweep", "experiment=quick", "report=true", "experiment.grids.all.predictor=[ridge,lin_reg]"),
    *("experiment.grids.all.n_train=[11,55]", "experiment.grids.all.seed=[0,1]"),
    "experiment.grids.all.data=[{dataset: local/cpu, metric: latency}]",
)

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "run": (*ONE, "predictor=ridge", *_TUNED),
    "run -m": (*ONE, "-m", "predictor=ridge,lin_reg", "seed=0,1", *_UNTUNED),
    "sweep": SWEEP,
    "measure": MEASURE,
    "fit": ("fit", "table=board.csv", "predictor=ridge", "out=b.hwnas", *_TUNED),
    "search": ("search", "predictor=known.hwnas", "accuracy=acc.csv", "limit=20", "out=front.csv"),
}


def prepare(name: str, place: Place) -> Place:
    """Write the files that a command reads, and return the place."""
    place.make()
    if name in ("fit", "search"):
        _write_table(place.folder / "board.csv", "latency_ms")
    if name == "search":
        _write_table(place.folder / "acc.csv", "latency_ms", n=2000)
        known = ("fit", "table=board.csv", "predictor=ridge", "out=known.hwnas", "tuning=none")
        ended = run(known, place)
        assert ended.code == 0, ended.printed
    return place


def _write_table(path: Path, column: str, n: int = 80) -> None:
    """Write a table of random architectures with their bundled latencies and accuracies."""
    table = load_dataset("local/cpu")
    assert table.accuracy is not None
    rows = np.random.default_rng(0).choice(len(table), n, replace=False)
    strings = table.space.to_strings(table.architectures[rows])
    lines = [
        f"{string},{value:.4f},{percent:.2f}"
        for string, value, percent in zip(
            strings, table.values[rows], table.accuracy[rows], strict=True
        )
    ]
    path.write_text("\n".join([f"architecture,{column},accuracy", *lines]) + "\n")
