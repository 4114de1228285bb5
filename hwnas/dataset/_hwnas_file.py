"""The official file of HW-NAS-Bench v1.0 (Li et al., ICLR 2021), and its part on NAS-Bench-201."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._official import MB, RAW, OfficialFile
from hwnas.dataset._official_table import OfficialTable
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
    """Return the unit of ``<device>_<metric>``.

    Examples
    --------
    >>> unit_of("eyeriss_arithmetic_intensity")
    'ops/byte'
    """
    return next((unit for metric, unit in UNITS.items() if column.endswith(f"_{metric}")), "")


def read_nasbench201(path: Path) -> Columns:
    """Read the tables of NAS-Bench-201, all image sets.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        ``position_0`` … ``position_5`` in benchmark order, and ``<image set>/<device>_<metric>``;
        empty if the file holds no such table. A value of -1, for a network that did not compile,
        becomes NaN.

    Raises
    ------
    UserError
        If the file is damaged, hostile, or laid out otherwise.
    """
    image_sets = part(path, "nasbench201")
    space = NASBench201()
    arrays: dict[str, NDArray[np.generic]] = {}
    reference: NDArray[np.int64] | None = None
    try:
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
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not laid out as HW-NAS-Bench ({error!r})") from error
    return Columns(arrays, {n: unit_of(n) for n in arrays if "/" in n})


def part(path: Path, space: str) -> Mapping[str, Any]:
    """Return what the file holds of one search space; nothing if it lacks the space.

    Raises
    ------
    UserError
        If the file is damaged, hostile, or no dictionary of dictionaries.
    """
    table = unpickle(path)
    if not isinstance(table, Mapping):
        raise UserError(f"{path}: a {type(table).__name__}, not HW-NAS-Bench's dictionary")
    found = table.get(space, {})
    if not isinstance(found, Mapping):
        raise UserError(f"{path}: not laid out as HW-NAS-Bench ({space} is no dictionary)")
    return found


def measurements(values: Any, n: int) -> NDArray[np.float64]:
    """Return `n` numbers as an array of shape (n,), in which negative ones are NaN.

    Raises
    ------
    ValueError
        If there are not `n` numbers.
    """
    array = np.array(values, dtype=np.float64)
    if array.shape != (n,):
        raise ValueError(f"{array.shape} values for {n} architectures")
    array[array < 0] = np.nan
    return array


def _by_index(values: Any) -> Sequence[Mapping[str, str]]:
    """Return a list, or a dictionary from index to value, as a list."""
    if isinstance(values, Mapping):
        return [values[i] for i in range(len(values))]
    return list(values)


CELLS = OfficialTable(FILE, "hwnas", read_nasbench201, NASBench201())
