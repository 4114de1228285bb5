"""Small tables that tests make up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from hwnas.dataset import Provenance, Table
from hwnas.encoding import OneHot
from hwnas.metric import Metric
from hwnas.predictor import Predictor
from hwnas.space import Architectures, NASBench201

LATENCY = Metric("latency", "ms")


def made_table(
    architectures: Architectures,
    values: NDArray[np.float64],
    accuracy: NDArray[np.float64] | None = None,
    *,
    metric: Metric = LATENCY,
    representative: NDArray[np.int64] | None = None,
) -> Table:
    """Return a table of NAS-Bench-201, in which no architecture is a copy unless it is said."""
    space = NASBench201()
    return Table(
        dataset="made",
        space=space,
        device="made",
        metric=metric,
        architectures=architectures,
        values=values,
        representative=space.rank(architectures) if representative is None else representative,
        provenance=Provenance("measured", "made", ""),
        accuracy=accuracy,
        accuracy_provenance=None if accuracy is None else Provenance("measured", "made", ""),
    )


def whole_table(n: int = 400) -> Table:
    """Return a table of noisy counts of operations, in which accuracy and cost conflict."""
    rng = np.random.default_rng(0)
    every = NASBench201().enumerate()
    architectures = every[rng.choice(len(every), n, replace=False)]
    values = 1.0 + (architectures == 3).sum(axis=1) + 0.1 * rng.random(n)
    return made_table(architectures, values, 50 + 5 * values + rng.random(n))


def ridge() -> Predictor:
    """Return ridge regression on the one-hot encoding, not fitted."""
    return Predictor(NASBench201(), OneHot(), Ridge())
