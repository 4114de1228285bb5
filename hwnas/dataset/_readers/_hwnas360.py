"""HW-NAS-Bench-360, ``results/dataset.parquet``."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._cache import Columns
from hwnas.errors import UserError
from hwnas.space import NASBench201

_KEYS = ("device", "framework", "task")
_METRICS = {"lat_ms_median": ("latency", "ms"), "energy_mj": ("energy", "mJ")}
#: Tasks whose ``accuracy`` is one; that of darcy is an error, of which less is better.
_WITH_ACCURACY = ("cifar100", "ninapro")


def read_hwnas360(path: Path) -> Columns:
    """Read every device, framework and task.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        By benchmark index: ``representative``, and for each combination
        ``<device>/<framework>/<task>/latency``, ``…/energy`` and ``…/accuracy``. NaN where the
        status is not "ok"; no column where nothing was measured.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["arch_idx", "rep_arch_idx", *_KEYS, *_METRICS, "accuracy", "status"]
    try:
        with pq.ParquetFile(path) as file:
            missing = [name for name in names if name not in file.schema_arrow.names]
            if missing:
                raise UserError(f"{path}: the column is missing: {', '.join(missing)}")
            table = file.read(columns=names)
        rows = table.column("arch_idx").to_numpy().astype(np.int64)
        representatives = table.column("rep_arch_idx").to_numpy().astype(np.int64)
        numbers = {n: _floats(table.column(n)) for n in (*_METRICS, "accuracy")}
        keys = {n: _codes(table.column(n)) for n in _KEYS}
        ok = np.array(table.column("status").to_pylist(), dtype=object) == "ok"
    except (OSError, pa.ArrowException, TypeError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise UserError(f"{path}: not a Parquet file that can be read ({line})") from error
    size = NASBench201().size
    if (
        rows.size
        and not 0
        <= min(rows.min(), representatives.min())
        <= max(rows.max(), representatives.max())
        < size
    ):
        raise UserError(f"{path}: a benchmark index lies outside 0..{size - 1}")
    representative = np.arange(size)
    representative[rows] = representatives
    arrays: dict[str, NDArray[np.generic]] = {"representative": representative}
    units: dict[str, str] = {}
    for device, framework, task in product(*(keys[n][0] for n in _KEYS)):
        chosen = np.ones(len(rows), dtype=bool)
        for key, value in zip(_KEYS, (device, framework, task), strict=True):
            known, codes = keys[key]
            chosen &= codes == known.index(value)
        if not chosen.any():
            continue
        prefix = f"{device}/{framework}/{task}"
        for column, (metric, unit) in _METRICS.items():
            good = chosen & ok & (numbers[column] >= 0)
            if good.any():
                arrays[f"{prefix}/{metric}"] = _spread(rows[good], numbers[column][good], size)
                units[f"{prefix}/{metric}"] = unit
        if task in _WITH_ACCURACY:
            accuracy = numbers["accuracy"][chosen]
            arrays[f"{prefix}/accuracy"] = _spread(rows[chosen], accuracy, size)
            units[f"{prefix}/accuracy"] = "percent"
    return Columns(arrays, units)


def _spread(rows: NDArray[np.int64], values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    array = np.full(n, np.nan)
    array[rows] = values
    return array


def _floats(column: Any) -> NDArray[np.float64]:
    array: NDArray[np.float64] = column.to_numpy().astype(np.float64)
    return array


def _codes(column: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct strings, and which of them stands in each row; -1 for none."""
    values = column.combine_chunks().dictionary_encode()
    codes = values.indices.fill_null(-1).to_numpy().astype(np.int64)
    return values.dictionary.to_pylist(), codes
