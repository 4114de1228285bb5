"""Small files in the official layouts, made by hand."""

from __future__ import annotations

import json
import pickle
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hwnas.paths import Paths
from hwnas.space import NASBench201

SPACE = NASBench201()

#: Architectures of the small HW-NAS-Bench file, in its order, which is not lexicographic.
CELLS = SPACE.enumerate()[[9000, 7, 12345]]

#: Lexicographic rank of row i of the benchmark order. It is unsorted, like the real order.
ORDER = np.random.default_rng(0).permutation(SPACE.size)


def folders(tmp_path: Path) -> Paths:
    """Return folders under `tmp_path`. The data folder exists."""
    (tmp_path / "data").mkdir(exist_ok=True)
    return Paths(tmp_path / "data", tmp_path / "cache", tmp_path / "outputs")


def cached(paths: Paths) -> list[str]:
    """Return the names of the converted tables, temporary files included."""
    return sorted(path.name for path in (paths.cache / "tables").glob("*"))


def hwnas_content() -> dict[str, Any]:
    """Return the small HW-NAS-Bench dictionary."""
    config = [{"name": "infer.tiny", "C": 16, "arch_str": s} for s in SPACE.to_strings(CELLS)]
    return {
        "nasbench201": {
            "cifar10": {
                "config": config,
                "edgegpu_latency": [5.5, 2.5, 3.5],
                "edgetpu_latency": [1.25, -1, float("nan")],
                "eyeriss_arithmetic_intensity": [10.0, 0.0, 20.0],
            },
            "cifar100": {"config": config, "edgegpu_latency": [6.5, 4.5, 7.5]},
        }
    }


def write_hwnas(paths: Paths, content: object, protocol: int = 4) -> Path:
    path = paths.data / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def write_nats(paths: Paths, without: str = "") -> Path:
    """Write all 15,625 rows. The accuracies of an architecture encode its lexicographic rank."""
    path = paths.data / "nats_bench.csv"
    path.write_text(nats_text(without))
    return path


@cache
def nats_text(without: str = "") -> str:
    """Return the content of the file that `write_nats` writes."""
    names = ["CIFAR10", "CIFAR100", "ImageNet"]
    columns = {
        "UniqueString": ["x"] * SPACE.size,
        **{f"{n}TestAccuracy200Epochs": ORDER / SPACE.size + i for i, n in enumerate(names)},
        "ArchitectureString": SPACE.to_strings(SPACE.enumerate()[ORDER]),
    }
    kept = [columns[name] for name in columns if name != without]
    rows = [",".join(name for name in columns if name != without)]
    rows += [",".join(map(str, row)) for row in zip(*kept, strict=True)]
    return "\n".join(rows) + "\n"


def accuracy_of_rank(rank: int, column: int = 0) -> float:
    """Return the accuracy that `write_nats` wrote for an architecture."""
    return rank / SPACE.size + column


def write_local(path: Path) -> None:
    """Write a table in the format of ``hwnas measure``, with the first two of `CELLS`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    facts = {
        "name": "cpu",
        "space": "nasbench201",
        "units": {"torch_latency_minimum": "ms", "accuracy": "percent", "torch_passes": "passes"},
        "accuracy": {"image_set": "digits"},
    }
    columns = {
        "architecture": SPACE.to_strings(CELLS[:2]),
        "torch_latency_minimum": [1.5, None],
        "torch_passes": [3, 3],
        "accuracy": [91.0, 72.5],
    }
    table = pa.table(columns).replace_schema_metadata({"hwnas": json.dumps(facts)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
