"""HW-NAS-Bench v1.0 (Li et al., ICLR 2021), ``HW-NAS-Bench-v1_0.pickle``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._readers._unpickle import unpickle
from hwnas.errors import UserError
from hwnas.space import NASBench201

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
        empty if the file holds no such table. -1 (it did not compile) is NaN.

    Raises
    ------
    UserError
        If the file is damaged, hostile, or laid out otherwise.
    """
    image_sets = _part(path, "nasbench201")
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
                    arrays[f"{image_set}/{name}"] = _measurements(columns[name], len(rank))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not laid out as HW-NAS-Bench ({error!r})") from error
    return Columns(arrays, {n: unit_of(n) for n in arrays if "/" in n})


def read_fbnet(path: Path) -> Columns:
    """Read the lookup tables of FBNet's blocks.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        ``key``, the name of a block at a place in the network, and ``<device>_<metric>``; NaN
        where a block was not measured. Empty if the file holds no such table.

    Raises
    ------
    UserError
        If the file is damaged, hostile, or laid out otherwise.
    """
    tables = _part(path, "fbnet")
    try:
        lookups = {name: table for name, table in tables.items() if unit_of(name)}
        if not lookups:
            return Columns({})
        keys = sorted({str(key) for table in lookups.values() for key in table})
        arrays: dict[str, NDArray[np.generic]] = {"key": np.array(keys, dtype=object)}
        for name, table in lookups.items():
            arrays[name] = _measurements([table.get(key, np.nan) for key in keys], len(keys))
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not laid out as HW-NAS-Bench ({error!r})") from error
    return Columns(arrays, {name: unit_of(name) for name in lookups})


def _part(path: Path, space: str) -> Mapping[str, Any]:
    table = unpickle(path)
    if not isinstance(table, Mapping):
        raise UserError(f"{path}: a {type(table).__name__}, not HW-NAS-Bench's dictionary")
    part = table.get(space, {})
    if not isinstance(part, Mapping):
        raise UserError(f"{path}: not laid out as HW-NAS-Bench ({space} is no dictionary)")
    return part


def _by_index(values: Any) -> Sequence[Mapping[str, str]]:
    """Return a list, or a dictionary from index to value, as a list."""
    if isinstance(values, Mapping):
        return [values[i] for i in range(len(values))]
    return list(values)


def _measurements(values: Any, n: int) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if array.shape != (n,):
        raise ValueError(f"{array.shape} values for {n} architectures")
    array[array < 0] = np.nan
    return array
