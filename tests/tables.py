"""Small tables that tests make up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Provenance, Table
from hwnas.metric import Metric
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
    )
