"""Accuracies and benchmark index of NAS-Bench-201, from v-tao/nats-bench-landscape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._delimited import TextTable, read_delimited
from hwnas.dataset._described import Column, Described
from hwnas.dataset._hwnas_file import CELLS
from hwnas.dataset._local_table import METADATA, bundled_tables
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._official import MB, RAW, OfficialFile
from hwnas.dataset._official_table import OfficialTable
from hwnas.dataset._repeated import group_repeated
from hwnas.dataset._source import hash_file
from hwnas.dataset._table import UNKNOWN, Accuracy, Provenance
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import Architectures, NASBench201, SearchSpace, rows_of

FILE = OfficialFile(
    family="nasbench201",
    name="nats_bench.csv",
    url=f"{RAW}/v-tao/nats-bench-landscape/312680307c44fd111146b2be0d0148194fbb2ca8/nats_bench.csv",
    limit=50 * MB,
    blob="a15806cde5e774239a51874d4ba1db74950a5127",
    variants=("nats-bench-landscape/nats_bench.csv",),
)
_ARCHITECTURE = "ArchitectureString"
#: Column of each image set: test accuracy in percent after 200 epochs.
ACCURACY = {
    "cifar10": "CIFAR10TestAccuracy200Epochs",
    "cifar100": "CIFAR100TestAccuracy200Epochs",
    "ImageNet16-120": "ImageNetTestAccuracy200Epochs",
}
#: Number of classes of each image set. The accuracies are shares of correct answers.
CLASSES = {"cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}


def read_accuracies(path: Path) -> Columns:
    """Read the accuracies of ``nats_bench.csv``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        ``position_0`` … ``position_5`` in benchmark order, and the accuracy in percent on each
        image set.

    Raises
    ------
    UserError
        If a column is missing, a value cannot be read, or the file does not have exactly one row
        for each architecture. Other files refer to the row numbers as benchmark indices.
    """
    space = NASBench201()
    table = read_delimited(path)
    architectures = table.architectures(_ARCHITECTURE, space)
    accuracies = {
        image_set: missing_as_nan(table.floats(name)) for image_set, name in ACCURACY.items()
    }
    _check_one_row_each(table, architectures, accuracies)
    arrays: dict[str, NDArray[np.generic]] = position_columns(architectures)
    return Columns(arrays | accuracies, dict.fromkeys(ACCURACY, "percent"))


def _check_one_row_each(
    table: TextTable, architectures: Architectures, accuracies: dict[str, NDArray[np.float64]]
) -> None:
    """Raise `UserError` unless every architecture has one row."""
    repeated = group_repeated(map(tuple, architectures.tolist()))
    again = np.flatnonzero(repeated.rows[repeated.groups] != np.arange(len(table)))
    if again.size:
        row = int(again[0])
        first = int(repeated.rows[repeated.groups[row]])
        equal = all(
            np.array_equal(values[row], values[first], equal_nan=True)
            for values in accuracies.values()
        )
        raise table.error(
            row,
            f"repeats {table.strings(_ARCHITECTURE)[row]} of line {table.lines[first]} with "
            f"{'equal' if equal else 'other'} accuracies, but the file has one row for each "
            "architecture",
        )
    size = NASBench201().size
    if len(table) != size:
        raise UserError(f"{table.path} is cut off: it has {len(table)} of the {size} architectures")


ACCURACIES = OfficialTable(FILE, "accuracy", read_accuracies, NASBench201())


class NASBench201Accuracies(Described):
    """The accuracies that the datasets of NAS-Bench-201 join to their hardware metrics."""

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the file of accuracies."""
        return (FILE,)

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the accuracies on each image set."""
        content = ACCURACIES.find(paths)
        if content is None:
            return
        architectures = content.columns.architectures()
        for name in ACCURACY:
            values = content.columns.floats(name)
            yield Column(FILE.family, f"{name}/accuracy", "%", values, NASBench201(), architectures)


def benchmark_index(paths: Paths) -> Architectures:
    """Return the architectures of NAS-Bench-201 in order of their benchmark index.

    Returns
    -------
    array of int8, shape (15625, 6)

    Raises
    ------
    UserError
        If neither of the two files that list the architectures in this order has been downloaded.
    """
    for table in (ACCURACIES, CELLS):
        content = table.find(paths, [])
        if content is not None and content.columns.has_architectures:
            architectures = content.columns.architectures()
            if len(architectures) == NASBench201().size:
                return architectures
    raise UserError(
        f"neither {FILE.name} nor {CELLS.file.name} is in {paths.data}: one of them is needed to "
        "map a benchmark index to its architecture",
        remedy=FILE.fetch_command,
    )


def accuracy_of(
    space: SearchSpace, architectures: Architectures, image_set: str, paths: Paths
) -> Accuracy:
    """Return the accuracy of every architecture, and its provenance.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    image_set : str
        The image set on which the networks were trained.
    paths : Paths

    Returns
    -------
    accuracy : array of float64, shape (n,), or None
        Percent, NaN where unknown. If ``nats_bench.csv`` has been downloaded, the accuracies are
        its accuracies on `image_set`. Otherwise they are those of the bundled table, whose
        networks were trained on scikit-learn's digits. None if the source has no accuracy of
        these architectures.
    provenance : Provenance or None
        ``details["image_set"]`` names the images that the networks were trained on: `image_set`,
        or ``"digits"``. ``details["classes"]`` is their number of classes.

    Raises
    ------
    UserError
        If ``nats_bench.csv`` is damaged.
    """
    if space != NASBench201():
        return UNKNOWN
    content = ACCURACIES.find(paths, [image_set])
    if content is None:
        return _bundled(space, architectures)
    columns = content.columns
    if image_set not in columns.arrays:
        return UNKNOWN
    known = columns.architectures()
    accuracy = _join(space, architectures, known, columns.floats(image_set))
    details = {"image_set": image_set, "classes": CLASSES[image_set]}
    return accuracy, content.source.provenance(**details)


def _bundled(space: SearchSpace, architectures: Architectures) -> Accuracy:
    import pyarrow.parquet as pq

    for path in bundled_tables(space.name):
        schema = pq.read_schema(path)
        if "accuracy" not in schema.names:
            continue
        table = pq.read_table(path, columns=["architecture", "accuracy"])
        known = space.from_strings(table.column("architecture").to_pylist())
        values = missing_as_nan(table.column("accuracy").to_numpy())
        accuracy = _join(space, architectures, known, values)
        if not np.isnan(accuracy).all():
            details = json.loads(schema.metadata[METADATA.encode()])["accuracy"]
            return accuracy, Provenance(
                "measured", path.name, hash_file(path).sha256, details=details
            )
    return UNKNOWN


def _join(
    space: SearchSpace,
    architectures: Architectures,
    known: Architectures,
    values: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the value of each architecture, NaN for architectures that `known` lacks."""
    rows = rows_of(space.rank(known), space.rank(architectures))
    return np.where(rows >= 0, values[rows], np.nan)
