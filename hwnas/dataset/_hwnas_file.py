"""The official file of HW-NAS-Bench v1.0 (Li et al., ICLR 2021), and its NAS-Bench-201 tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._official import MB, RAW, OfficialFile, layout_of
from hwnas.dataset._official_table import OfficialTable
from hwnas.dataset._repeated import Repeated, group_repeated
from hwnas.dataset._unpickle import unpickle
from hwnas.errors import UserError
from hwnas.space import NASBench201

FILE = OfficialFile(
    family="hwnas",
    name="HW-NAS-Bench-v1_0.pickle",
    url=f"{RAW}/GATECH-EIC/HW-NAS-Bench/393bb8a02554dcd28e091fbbdb4d7aefe590018a/"
    "HW-NAS-Bench-v1_0.pickle",
    limit=200 * MB,
    blob="b0634cb7f6e7be07192c77833df9eafa4baf705e",
    variants=("HW-NAS-Bench/HW-NAS-Bench-v1_0.pickle",),
)
UNITS = {"latency": "ms", "energy": "mJ", "arithmetic_intensity": "ops/byte"}


def unit_of(column: str) -> str:
    """Return the unit of a column ``<device>_<metric>``, or "" if the metric is unknown.

    Examples
    --------
    >>> unit_of("eyeriss_arithmetic_intensity")
    'ops/byte'
    """
    return next((unit for metric, unit in UNITS.items() if column.endswith(f"_{metric}")), "")


def read_nasbench201(path: Path) -> Columns:
    """Read the tables of NAS-Bench-201 for all image sets.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        ``position_0`` … ``position_5`` in benchmark order, and ``<image set>/<device>_<metric>``.
        There are no columns if the file holds no such tables. The file marks a network that was
        not measured with -1, which becomes NaN. A row that repeats another one with equal values
        is left out.

    Raises
    ------
    UserError
        If the file is damaged or malicious, has another layout, or has two rows of one architecture
        with different values. The format has one row for each architecture.
    """
    image_sets = part(path, "nasbench201")
    space = NASBench201()
    arrays: dict[str, NDArray[np.generic]] = {}
    reference: NDArray[np.int64] | None = None
    with layout_of("HW-NAS-Bench", path):
        for image_set, columns in image_sets.items():
            configs = _by_index(columns["config"])
            architectures = space.from_strings([config["arch_str"] for config in configs])
            rank = space.rank(architectures)
            if reference is None:
                reference = rank
                arrays |= position_columns(architectures)
            if not np.array_equal(rank, reference):
                raise ValueError(f"{image_set} lists the architectures in another order")
            for name in columns:
                if name != "config":
                    arrays[f"{image_set}/{name}"] = measurements(columns[name], len(rank))
    if reference is not None:
        arrays = _without_repetitions(path, arrays, group_repeated(reference.tolist()))
    return Columns(arrays, {n: unit_of(n) for n in arrays if "/" in n})


def _without_repetitions(
    path: Path, arrays: dict[str, NDArray[np.generic]], repeated: Repeated
) -> dict[str, NDArray[np.generic]]:
    """Return the first row of each architecture; raise `UserError` if a later one contradicts."""
    first = repeated.rows[repeated.groups]
    space, n = NASBench201(), len(first)
    for name, values in arrays.items():
        differs = ~((values == values[first]) | (np.isnan(values) & np.isnan(values[first])))
        if differs.any():
            row = int(np.argmax(differs))
            (string,) = space.to_strings(Columns(arrays).architectures()[[row]])
            raise UserError(
                f"{path}: {name} has {values[first[row]]} in row {first[row]} and {values[row]} in "
                f"row {row} (counted from 0) for the same architecture {string}"
            )
    if n > space.size:
        raise UserError(f"{path}: {n} rows, but {space.name} has {space.size} architectures")
    return {name: values[repeated.rows] for name, values in arrays.items()}


def part(path: Path, space: str) -> Mapping[str, Any]:
    """Return the file's tables of one search space, or an empty mapping if it has none.

    Raises
    ------
    UserError
        If the file is damaged or malicious, or is not a dictionary of dictionaries.
    """
    table = unpickle(path)
    if not isinstance(table, Mapping):
        raise UserError(
            f"{path}: contains a {type(table).__name__} instead of HW-NAS-Bench's dictionary"
        )
    found = table.get(space, {})
    if not isinstance(found, Mapping):
        raise UserError(
            f"{path}: does not have the layout of HW-NAS-Bench ({space} is not a dictionary)"
        )
    return found


def measurements(values: Any, n: int) -> NDArray[np.float64]:
    """Return values as an array of shape (n,), with NaN in place of missing values.

    Raises
    ------
    ValueError
        If the number of values is not `n`.
    """
    array = missing_as_nan(values)
    if array.shape != (n,):
        raise ValueError(f"{array.shape} values for {n} architectures")
    return array


def _by_index(values: Any) -> Sequence[Mapping[str, str]]:
    """Convert a list, or a dictionary from index to value, to a list."""
    if isinstance(values, Mapping):
        return [values[i] for i in range(len(values))]
    return list(values)


CELLS = OfficialTable(FILE, "hwnas", read_nasbench201, NASBench201())
