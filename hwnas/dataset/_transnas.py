"""TransNAS-Bench-101 (Duan et al., CVPR 2021): inference times on seven tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._check import check_metric
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._official import MB, OfficialFile, layout_of
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import UNKNOWN, Table
from hwnas.dataset._torch_file import as_floats, load_torch
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import SearchSpace, TransNASMacro, TransNASMicro

FILE = OfficialFile(
    family="transnas",
    name="transnas-bench_v10141024.pth",
    url="https://drive.google.com/drive/folders/1HlLr2ihZX_ZuV3lJX_4i7q4w-ZBdhJ6o",
    limit=4096 * MB,
    variants=(
        "TransNASBench/api_home/transnas-bench_v10141024.pth",
        "TransNASBench/transnas-bench_v10141024.pth",
    ),
    by_hand=True,
)
#: The accuracy of each task: the name of its score, and the factor that converts it to percent.
#: The benchmark has only a loss for ``room_layout``.
SCORES: dict[str, tuple[str, float] | None] = {
    "class_scene": ("top1", 1.0),
    "class_object": ("top1", 1.0),
    "room_layout": None,
    "jigsaw": ("top1", 1.0),
    "segmentsemantic": ("mIoU", 1.0),
    "normal": ("ssim", 100.0),
    "autoencoder": ("ssim", 100.0),
}
#: Number of classes of the tasks whose score is a share of correct answers (Duan et al. 2021,
#: section 3). The classes of ``jigsaw`` are permutations.
CLASSES = {"class_scene": 47, "class_object": 75, "jigsaw": 1000}
_MS = 1e3


def read_transnas(path: Path) -> dict[str, Columns]:
    """Read the values of both search spaces on every task.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to Columns
        By name of the space: the position columns, ``<task>/latency`` in ms and, if the file has
        the score of a task, ``<task>/accuracy`` in percent. The accuracy is the test score of the
        epoch with the best validation score. It is NaN if the network has no validation score.
        There are no columns if the file lacks the space.

    Raises
    ------
    UserError
        If the file is damaged or malicious, or has another layout.
    """
    table = load_torch(path)
    with layout_of("TransNAS-Bench-101", path):
        tasks = [str(task) for task in table["task_list"]]
        return {
            space.name: _columns(space, table["data"].get(key, {}), tasks)
            for key, space in _SPACES.items()
        }


def _columns(
    space: SearchSpace, networks: Mapping[str, Mapping[str, Any]], tasks: Iterable[str]
) -> Columns:
    """Return the columns of one space."""
    if not networks:
        return Columns({})
    arrays = position_columns(space.from_strings(networks))
    for task in tasks:
        results = [network.get(task, {}) for network in networks.values()]
        arrays[f"{task}/latency"] = _latencies(results)
        score = SCORES.get(task)
        if score is not None:
            accuracy = np.array([_test_score(r.get("metrics", {}), *score) for r in results])
            if not np.isnan(accuracy).all():
                arrays[f"{task}/accuracy"] = accuracy
    return Columns(arrays, {n: "ms" if "latency" in n else "percent" for n in arrays if "/" in n})


def _latencies(results: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    seconds = [r.get("model_info", {}).get("inference_time") for r in results]
    return missing_as_nan(as_floats(seconds)) * _MS


def _test_score(metrics: Mapping[str, Any], score: str, scale: float) -> float:
    """Return the test score of the best epoch in percent; NaN if a network has no scores."""
    if f"valid_{score}" not in metrics or f"test_{score}" not in metrics:
        return float("nan")
    valid = missing_as_nan(as_floats(metrics[f"valid_{score}"]))
    if np.isnan(valid).all():
        return float("nan")
    test = missing_as_nan(as_floats(metrics[f"test_{score}"]))
    return float(test[np.nanargmax(valid)]) * scale


#: The search spaces by their names in the file.
_SPACES: dict[str, SearchSpace] = {"macro": TransNASMacro(), "micro": TransNASMicro()}
#: The official table of each space.
TABLES: dict[SearchSpace, OfficialTable] = {
    space: OfficialTable(FILE, space.name, read_transnas, space) for space in _SPACES.values()
}


@dataclass(frozen=True)
class TransNAS(Benchmark):
    """A task of TransNAS-Bench-101 (Duan et al., CVPR 2021).

    The inference time is that of one 720 × 1080 image on the benchmark's GPU. Each network was
    measured separately.

    Parameters
    ----------
    task : str
    metric : Metric
        Latency, the only metric of the benchmark.
    space : SearchSpace
        ``transnas_macro`` or ``transnas_micro``.
    paths : Paths
    device : str
        Name of the device in results.
    """

    tables = tuple(TABLES.values())
    spaces = tuple(TABLES)

    task: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    device: str = "gpu"

    def check(self) -> None:
        """Raise `UserError` for an unknown space, metric or task."""
        super().check()
        check_metric("TransNAS-Bench-101", self.metric, {"latency": "ms"})
        check_choice("dataset.task", self.task, SCORES)

    def official(self) -> OfficialTable:
        """Return the official table of the space."""
        return TABLES[self.space]

    def wanted(self) -> Sequence[str]:
        """Return the names of the task's two columns: latency and accuracy."""
        return [f"{self.task}/latency", f"{self.task}/accuracy"]

    def table(self, content: Content) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file lacks the space or the task.
        """
        columns, source = content.columns, content.source
        latency, accuracy = self.wanted()
        if latency not in columns.arrays:
            raise UserError(
                f"{source.path} has no results of the task {self.task} on {self.space.name}: it is "
                "not the complete official file",
                remedy=f"move it away, then {FILE.fetch_command}",
            )
        known, score = UNKNOWN, SCORES[self.task]
        if score is not None and accuracy in columns.arrays:
            classes = {"classes": CLASSES[self.task]} if self.task in CLASSES else {}
            details = {"score": f"test_{score[0]}", **classes}
            known = columns.floats(accuracy), source.provenance(**details)
        return self.made(
            dataset=f"transnas-{self.task}",
            device=self.device,
            architectures=columns.architectures(),
            values=columns.floats(latency),
            provenance=source.provenance(column=f"{self.space.name}/{latency}"),
            accuracy=known,
        )
