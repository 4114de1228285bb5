"""A process that tunes: ``python worker.py STORAGE N_TRIALS SECONDS_PER_FIT [GATE]``.

GATE is a folder. With it, the process waits until two processes have each written a file there.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from optuna.samplers import RandomSampler
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import Pipeline

from hwnas.tuning import Tuner, TuningResult


class Blend(RegressorMixin, BaseEstimator):
    """Predict ``weight * x0 + (1 - weight) * x1``; values are x0, so the best weight is 1."""

    def __init__(self, weight: float = 0.5, seconds: float = 0.0) -> None:
        self.weight = weight
        self.seconds = seconds

    def fit(self, X: NDArray[Any], y: NDArray[np.float64]) -> Self:
        time.sleep(self.seconds)
        self.fitted_ = len(X) == len(y)
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[np.float64]:
        blend: NDArray[np.float64] = self.weight * X[:, 0] + (1 - self.weight) * X[:, 1]
        return blend


SPACE = {"weight": {"type": "float", "low": 0.0, "high": 1.0}}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = X[:, 0]


def tune(
    storage: str | None,
    n_trials: int,
    seconds: float = 0.0,
    name: str = "tuning",
    attributes: Mapping[str, Any] | None = None,
    **options: Any,
) -> TuningResult:
    predictor = Pipeline([("model", Blend(seconds=seconds))])
    tuner = Tuner(n_trials=n_trials, storage=storage, **({"sampler": RandomSampler} | options))
    return tuner.tune(predictor, SPACE, X, Y, seed=0, name=name, attributes=attributes)


def wait_at(gate: Path) -> None:
    (gate / str(os.getpid())).touch()
    while len(list(gate.iterdir())) < 2:
        time.sleep(0.01)


if __name__ == "__main__":
    if len(sys.argv) > 4:
        wait_at(Path(sys.argv[4]))
    result = tune(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    print(result.n_trials, result.best_value)  # noqa: T201 - The test reads it.
