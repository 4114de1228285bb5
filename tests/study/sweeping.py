"""What tests of the command ``sweep`` share: small studies, and their table of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

# Estimated values need no downloaded file.
ESTIMATED = ("dataset=hwnas/raspi4", "dataset.source=estimated")
CHEAP = (*ESTIMATED, "tuning=none", "n_test=100", "predictor=lin_reg", "n_train=11", "seed=0")
SIMULATION = (*ESTIMATED, "experiment.settings.trials=2", "experiment.settings.n_candidates=100")
#: For studies of few grid points, because results and report cover a study's whole grid.
ONE_TABLE = "{dataset: hwnas/raspi4, image_set: ImageNet16-120, metric: latency}"
SMALL_SIMULATION = (
    *("experiment=paper_simulation", f"experiment.grids.all.data=[{ONE_TABLE}]"),
    *("experiment.settings.pairing=sorted", *SIMULATION),
)
QUICK = ("experiment=quick", f"experiment.grids.all.data=[{ONE_TABLE}]")


@dataclass(frozen=True)
class Run:
    """Number of failed grid points, and the output."""

    failed: int
    printed: str


Sweep = Callable[..., Run]


def results(outputs: Path, study: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(
        outputs / "studies" / study / "results.parquet"
    ).to_pylist()
    return rows
