"""Tables of candidates: architectures that were measured, and others with a known accuracy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._csv import TableFile
from hwnas.dataset._csv_cells import read_architectures, read_cells
from hwnas.dataset._nasbench201 import accuracy_of
from hwnas.dataset._source import hash_file
from hwnas.dataset._table import Dataset, Table
from hwnas.errors import UserError, command
from hwnas.paths import Paths
from hwnas.space import LISTABLE, Architectures

MEASURED, SPACE = "measured", "space"
#: Largest difference of two accuracies in percentage points that are the same but for rounding.
_ROUNDING = 0.051


def default_candidates(dataset: Dataset, measured: Table) -> str:
    """Return what the value null of ``selection.candidates`` stands for.

    Parameters
    ----------
    dataset : Dataset
    measured : Table
        The rows of the dataset that have a value.

    Returns
    -------
    {"space", "measured"}
        "space" for a table of the user's own that does not cover its space.
    """
    own = isinstance(dataset, TableFile)
    return SPACE if own and not covers_space(measured) else MEASURED


def candidates_of(
    given: str | None, dataset: Dataset, measured: Table, paths: Paths, key: str
) -> tuple[str, Table | None]:
    """Return the candidates that a configuration names.

    Parameters
    ----------
    given : str or None
        "space", "measured", a file, or None for `default_candidates`.
    dataset : Dataset
    measured : Table
        The rows of the dataset that have a value.
    paths : Paths
    key : str
        Key of the configuration that has the value `given`, for messages.

    Returns
    -------
    name : str
        "space", "measured", or the name of the file and the start of its SHA-256.
    table : Table or None
        The candidates with the values and accuracies that are known. None if they are the
        architectures that were measured.

    Raises
    ------
    UserError
        If there is no such file, or the space is too large to be enumerated.
    """
    given = default_candidates(dataset, measured) if given is None else given
    if given == MEASURED:
        return MEASURED, None
    # The rows without a value have accuracies too.
    whole = dataset.load()
    images = dataset.accuracy if isinstance(dataset, TableFile) else "cifar10"
    if given == SPACE:
        if whole.space.size > LISTABLE:
            raise UserError(
                f"{key}=space: {whole.space.name} has more than {LISTABLE:,} architectures",
                remedy=f"{command('search --help')}, or {key}=measured",
            )
        return SPACE, space_table(whole, paths, images)
    file = Path(given).expanduser()
    if not file.is_file():
        raise UserError(f"{key}={given}: no such file", f"{key}=space, measured or FILE.csv")
    name = f"{file.stem}-{hash_file(file).sha256[:8]}"
    return name, file_table(whole, file, paths, images)


def covers_space(table: Table) -> bool:
    """Tell whether a table has a row for every architecture of its space, or the space is endless.

    A space with more than `LISTABLE` architectures cannot be enumerated. The architectures of the
    table are then the only candidates that can be listed.
    """
    return table.space.size > LISTABLE or len(table) >= table.space.size


def space_table(table: Table, paths: Paths, image_set: str = "cifar10") -> Table:
    """Return a table of all architectures of the space, with the values of those measured.

    Parameters
    ----------
    table : Table
        On a space of at most `LISTABLE` architectures.
    paths : Paths
    image_set : str
        Image set of the benchmark's accuracies, see `candidate_table`.
    """
    return candidate_table(table, table.space.enumerate(), paths, image_set)


def file_table(table: Table, file: Path, paths: Paths, image_set: str = "cifar10") -> Table:
    """Return a table of the architectures in a file, with the values of those measured.

    Parameters
    ----------
    table : Table
    file : Path
        CSV or Parquet, with a column ``architecture``.
    paths : Paths
    image_set : str
        Image set of the benchmark's accuracies, see `candidate_table`.

    Raises
    ------
    UserError
        If the file cannot be read, or holds an architecture of another space.
    """
    rows = read_architectures(read_cells(file), table.space)
    _, first = np.unique(table.space.identity(rows), return_index=True)
    return candidate_table(table, rows[np.sort(first)], paths, image_set)


def candidate_table(
    table: Table, architectures: Architectures, paths: Paths, image_set: str = "cifar10"
) -> Table:
    """Return a table of other architectures, with the values and accuracies that are known.

    The accuracies are those of the table. The accuracies of the space's benchmark are added if the
    table has none of its own, or if its own are those of the benchmark. Otherwise they belong to
    another training, and cannot be compared.

    Parameters
    ----------
    table : Table
        The measurements.
    architectures : array, shape (n, n_positions)
    paths : Paths
    image_set : str
        Image set of the benchmark's accuracies.

    Returns
    -------
    Table
        Values and accuracies are NaN where they are unknown. Architectures with the same network
        count as copies.
    """
    rows = table.locate(architectures)
    accuracy = None if table.accuracy is None else _joined(table.accuracy, rows)
    provenance = table.accuracy_provenance
    known, of_known = accuracy_of(table.space, architectures, image_set, paths)
    if known is not None and (accuracy is None or _agree(accuracy, known)):
        accuracy = known if accuracy is None else np.where(np.isnan(accuracy), known, accuracy)
        provenance = of_known
    keys = table.space.network_representative(architectures)
    _, first, network = np.unique(keys, return_index=True, return_inverse=True)
    return replace(
        table,
        architectures=architectures,
        values=_joined(table.values, rows),
        # The first architecture of the table with the network, because the key can be another one.
        representative=table.space.identity(architectures[first])[network],
        copy_of=None,
        accuracy=accuracy,
        accuracy_provenance=provenance,
    )


def _joined(values: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(rows >= 0, values[rows], np.nan)


def _agree(own: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether two accuracies are equal but for rounding, wherever both are known."""
    both = ~np.isnan(own) & ~np.isnan(other)
    return bool(both.any() and (np.abs(own - other)[both] <= _ROUNDING).all())
