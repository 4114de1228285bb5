"""Result folders with made-up scores, for tests of what reads finished results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_result(folder: Path, **identity: Any) -> Path:
    """Write ``result.json`` and ``config.yaml`` into a new folder and return it."""
    predictor = identity.setdefault("predictor", "ridge")
    seed = identity.setdefault("seed", 0)
    values: dict[str, Any] = {
        "kind": "measured",
        "source": "board.csv",
        "sha256": "0" * 64,
        "url": None,
        "official": None,
        "details": {},
    }
    content = {
        "identity": {
            "space": "nasbench201",
            "dataset": "local-cpu",
            "device": "cpu",
            "metric": "latency",
            "unit": "ms",
            "n_train": 124,
            "n_test": 625,
            "study": "single",
            "train": "random",
            **identity,
        },
        "scores": {"n": 625, "kendall_tau": 0.8 + 0.01 * seed, "mae": 0.1},
        "scores_all": {"n": 15625, "kendall_tau": 0.8, "mae": 0.1},
        "selection": None,
        "selection_skipped": "selection=none",
        "timings": {
            "tune_seconds": 0.0,
            "fit_seconds": 0.5,
            "query_seconds_per_architecture": 1e-6,
        },
        "predictor": {
            "name": predictor,
            "preset": "default",
            "best_params": {},
            "n_trials": 0,
            "cross_validated_kendall_tau": None,
            "tuning_reused": False,
        },
        "provenance": {"kind": "measured", "values": values, "accuracy": None, "environment": {}},
        "revision": {},
        "interval": None,
    }
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(content))
    (folder / "config.yaml").write_text(f"seed: {seed}\n")
    return folder
