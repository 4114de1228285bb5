"""Accuracies of NAS-Bench-201, ``nats_bench.csv`` of v-tao/nats-bench-landscape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns, position_columns
from hwnas.errors import UserError
from hwnas.space import NASBench201

_ARCHITECTURE = "ArchitectureString"
#: Column of each image set: test accuracy in percent after 200 epochs.
ACCURACY = {
    "cifar10": "CIFAR10TestAccuracy200Epochs",
    "cifar100": "CIFAR100TestAccuracy200Epochs",
    "ImageNet16-120": "ImageNetTestAccuracy200Epochs",
}


def read_accuracies(path: Path) -> Columns:
    """Read the accuracies.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        ``position_0`` … ``position_5`` in benchmark order, and a column of percent for each
        image set.

    Raises
    ------
    UserError
        If a column or a row is missing, or cannot be read. All rows must be there: their order
        is the benchmark index of other files.
    """
    import pyarrow as pa
    from pyarrow import csv

    space = NASBench201()
    names = [_ARCHITECTURE, *ACCURACY.values()]
    types = {name: pa.float64() for name in ACCURACY.values()} | {_ARCHITECTURE: pa.string()}
    options = csv.ConvertOptions(include_columns=names, column_types=types)
    try:
        table = csv.read_csv(path, convert_options=options)
        architectures = space.from_strings(table.column(_ARCHITECTURE).to_pylist())
    except KeyError as error:
        raise UserError(f"{path}: the column is missing: {error.args[0]}") from error
    except (pa.ArrowException, TypeError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read ({line})") from error
    n = len(np.unique(space.rank(architectures)))
    if n != space.size or len(architectures) != space.size:
        raise UserError(f"{path}: {n} different architectures instead of {space.size}: cut off?")
    arrays: dict[str, NDArray[np.generic]] = position_columns(architectures)
    for image_set, name in ACCURACY.items():
        arrays[image_set] = table.column(name).to_numpy().astype(np.float64)
    return Columns(arrays, dict.fromkeys(ACCURACY, "percent"))
