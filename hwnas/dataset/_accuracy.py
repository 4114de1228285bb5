"""Accuracies, joined to a table by architecture."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import _cache
from hwnas.dataset._files import NATS_CSV
from hwnas.dataset._local_table import BUNDLED, METADATA
from hwnas.dataset._readers._nats import read_accuracies
from hwnas.dataset._source import hash_file, identify
from hwnas.dataset._table import Provenance
from hwnas.paths import Paths
from hwnas.space import Architectures, NASBench201, SearchSpace

Accuracy = tuple[NDArray[np.float64] | None, Provenance | None]


def accuracy_of(
    space: SearchSpace, architectures: Architectures, image_set: str, paths: Paths
) -> Accuracy:
    """Return the accuracy of every architecture, and where it comes from.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    image_set : str
        The accuracies' image set.
    paths : Paths

    Returns
    -------
    accuracy : array of float64, shape (n,), or None
        Percent, NaN where unknown; from ``nats_bench.csv`` where it is there, else from the
        table that ships with the project, which was trained on scikit-learn's digits whatever
        `image_set` is. None if the one that is there knows none of the architectures.
    provenance : Provenance or None
        ``details["image_set"]`` is what was trained on: `image_set`, or ``"digits"``.
    """
    if space != NASBench201():
        return None, None
    path = NATS_CSV.find(paths)
    if path is None:
        return _bundled(space, architectures)
    source = identify(path, NATS_CSV, paths)
    columns = _cache.load(source, "accuracy", read_accuracies, paths, [image_set])
    if image_set not in columns.arrays:
        return None, None
    known = columns.architectures()
    accuracy = _join(space, architectures, known, columns.floats(image_set))
    return accuracy, source.provenance(image_set=image_set)


def _bundled(space: SearchSpace, architectures: Architectures) -> Accuracy:
    for path in sorted(BUNDLED.glob(f"{space.name}_*.parquet")):
        import pyarrow.parquet as pq

        schema = pq.read_schema(path)
        if "accuracy" not in schema.names:
            continue
        table = pq.read_table(path, columns=["architecture", "accuracy"])
        known = space.from_strings(table.column("architecture").to_pylist())
        values = table.column("accuracy").to_numpy().astype(np.float64)
        accuracy = _join(space, architectures, known, values)
        if not np.isnan(accuracy).all():
            details = json.loads(schema.metadata[METADATA.encode()])["accuracy"]
            return accuracy, Provenance(
                "measured", path.name, hash_file(path).sha256, details=details
            )
    return None, None


def _join(
    space: SearchSpace,
    architectures: Architectures,
    known: Architectures,
    values: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the value of each architecture, NaN where it is not among the known."""
    ranks = space.rank(known)
    order = np.argsort(ranks)
    wanted = space.rank(architectures)
    place = np.minimum(np.searchsorted(ranks[order], wanted), len(order) - 1)
    rows = order[place]
    return np.where(ranks[rows] == wanted, values[rows], np.nan)
