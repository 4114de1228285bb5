"""Made-up results with predictions, for tests of the report page. Some names are hostile."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.results.written import write_result

SCRIPT = "<script>alert(1)</script>"
#: A predictor and an architecture whose names would end or start a script.
HOSTILE_PREDICTOR, HOSTILE_ARCHITECTURE = (
    f"</script>{SCRIPT}",
    f"{SCRIPT}<img src=x onerror=alert(2)>",
)
SIZES, SEEDS, N = (31, 124), (0, 1), 60
DEVICES = ("board", "phone")
PREDICTORS = ("best", "ridge", HOSTILE_PREDICTOR)
_SPACE = {
    "alpha": {"type": "float", "low": 0.0, "high": 1.0},
    "k": {"type": "int", "low": 1, "high": 9},
}


def write_results(outputs: Path, details: bool = True) -> Path:
    """Write results of three predictors on two devices, with two sizes and two seeds each.

    Of the first seed of each, `best` has Kendall's τ 0.9 and an MRA of 0.2, which verification
    brings to 0.1. The others are worse.
    """
    for device in DEVICES:
        for place, predictor in enumerate(PREDICTORS):
            for n_train in SIZES:
                for seed in SEEDS:
                    folder = outputs / device / f"p{place}" / f"n{n_train}" / f"seed{seed}"
                    identity = {"device": device, "n_train": n_train, "seed": seed}
                    write_result(folder, predictor=predictor, **identity)
                    _complete(folder, place, seed)
                    if details and seed == 0:
                        _details(folder, n_train + place)
    return outputs


def _complete(folder: Path, place: int, seed: int) -> None:
    content = json.loads((folder / "result.json").read_text())
    content["scores"]["kendall_tau"] = 0.9 - 0.1 * place + 0.01 * seed
    content["selection"] = {
        "min_accuracy": 20.0, "n_true_front": 5, "n_selected": 3, "n_measured": 3,
        "n_after_verification": 2,
        "mra_all_percent": 0.2 + place, "mra_pareto_percent": 0.1 + place,
        "retained_hypervolume": 0.99,
    }  # fmt: skip
    content["provenance"]["accuracy"] = content["provenance"]["values"]
    (folder / "result.json").write_text(json.dumps(content))
    title = "Gaussian process" if place == 0 else ""
    config = {
        "metric": {"_target_": "hwnas.metric.Metric", "name": "latency", "unit": "ms"},
        "predictor": {"search_space": _SPACE, "title": title},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "command.txt").write_text(f"hwnas run predictor=p{place} seed={seed}\n")


def _details(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.linspace(1.0, 9.0, N)
    names = [f"{HOSTILE_ARCHITECTURE}{i}" for i in range(N)]
    predicted = true + rng.normal(0.0, 0.3, N)
    part = np.repeat(["train", "test", "rest"], N // 3)
    accuracy = 60.0 + 3.0 * true
    table = {"architecture": names, "true": true, "predicted": predicted, "part": part}
    pd.DataFrame(table | {"accuracy": accuracy}).to_parquet(folder / "predictions.parquet")
    chosen = [50, 30, 10]
    pd.DataFrame(
        {
            "architecture": [names[i] for i in chosen], "true_ms": true[chosen],
            "predicted_ms": predicted[chosen], "accuracy_percent": accuracy[chosen],
            "verified": [True, False, True], "provenance": "measured",
        }
    ).to_csv(folder / "selected.csv", index=False)  # fmt: skip
    alpha = rng.uniform(size=12)
    trials = {"trial": range(12), "state": "complete", "kendall_tau": 0.5 + 0.3 * alpha}
    more = {"fit_seconds": 0.1, "alpha": alpha, "k": rng.integers(1, 9, 12)}
    pd.DataFrame(trials | more).to_csv(folder / "tuning.csv", index=False)
