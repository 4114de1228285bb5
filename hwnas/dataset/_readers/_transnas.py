"""TransNAS-Bench-101 (Duan et al., CVPR 2021), ``transnas-bench_v10141024.pth``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._readers._torch import load_torch
from hwnas.errors import UserError
from hwnas.space import SearchSpace

#: The score that the benchmark reports for each task, and what makes it percent. ``room_layout``
#: is scored by a loss alone, which is no accuracy.
SCORES: dict[str, tuple[str, float] | None] = {
    "class_scene": ("top1", 1.0),
    "class_object": ("top1", 1.0),
    "room_layout": None,
    "jigsaw": ("top1", 1.0),
    "segmentsemantic": ("mIoU", 1.0),
    "normal": ("ssim", 100.0),
    "autoencoder": ("ssim", 100.0),
}
_MS = 1e3


def read_transnas(path: Path, space: SearchSpace) -> Columns:
    """Read one space of the benchmark, every task.

    Parameters
    ----------
    path : Path
    space : SearchSpace
        One of its two spaces, ``transnas_macro`` or ``transnas_micro``.

    Returns
    -------
    Columns
        Positions, ``<task>/latency`` in ms and, where the file has the score of a task,
        ``<task>/accuracy`` in percent: the test score of the epoch with the best validation
        score. Empty if the file lacks the space.
    """
    table = load_torch(path)
    try:
        networks = table["data"].get(space.name.removeprefix("transnas_"), {})
        tasks = list(table["task_list"])
        arrays = position_columns(space.from_strings(networks)) if networks else {}
        for task in tasks if networks else ():
            results = [network.get(task, {}) for network in networks.values()]
            arrays[f"{task}/latency"] = _latencies(results)
            score = SCORES.get(task)
            if score is not None:
                accuracy = np.array([_test_score(r.get("metrics", {}), *score) for r in results])
                if not np.isnan(accuracy).all():
                    arrays[f"{task}/accuracy"] = accuracy
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not laid out as TransNAS-Bench-101 ({error!r})") from error
    return Columns(arrays, {n: "ms" if "latency" in n else "percent" for n in arrays if "/" in n})


def _latencies(results: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    seconds = [r.get("model_info", {}).get("inference_time") for r in results]
    # A float array makes None NaN.
    array = np.array(seconds, dtype=np.float64)
    array[array < 0] = np.nan
    return array * _MS


def _test_score(metrics: Mapping[str, Sequence[float]], score: str, scale: float) -> float:
    if f"valid_{score}" not in metrics or f"test_{score}" not in metrics:
        return float("nan")
    best = int(np.nanargmax(metrics[f"valid_{score}"]))
    return float(metrics[f"test_{score}"][best]) * scale
