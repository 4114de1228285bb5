"""Cache of official files, each converted once into a Parquet table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._damage import read_official
from hwnas.dataset._source import Source
from hwnas.files import write_atomically
from hwnas.paths import Paths, elsewhere
from hwnas.space import Architectures

#: Part of every cached file's name. Increase it when a reader's output changes, so that tables
#: cached by older code are not read.
VERSION = 2
_KEY = b"hwnas"


@dataclass(frozen=True)
class Columns:
    """Named columns of equal length.

    Parameters
    ----------
    arrays : dict of str to array, shape (n,)
        Numbers, or strings as objects. NaN marks a missing number.
    units : dict of str to str
        Unit of each column that has one, by column name.
    """

    arrays: dict[str, NDArray[np.generic]]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def has_architectures(self) -> bool:
        """Whether the columns include architectures, as ``position_0`` and so on."""
        return "position_0" in self.arrays

    def architectures(self) -> Architectures:
        """Return the columns ``position_0``, ``position_1``, … as architectures, (n, positions)."""
        n = sum(name.startswith("position_") for name in self.arrays)
        rows = np.stack([self.arrays[f"position_{i}"] for i in range(n)], axis=1)
        return rows if rows.dtype.kind == "f" else rows.astype(np.int8)

    def floats(self, name: str) -> NDArray[np.float64]:
        """Return one column as numbers, shape (n,)."""
        return self.arrays[name].astype(np.float64)


#: Reads an official file. The result is the columns of the file's only table, or the columns of
#: each of its tables by kind (see `load`).
Reader = Callable[[Path], Columns | Mapping[str, Columns]]


def position_columns(architectures: Architectures) -> dict[str, NDArray[np.generic]]:
    """Return architectures as the columns ``position_0``, ``position_1`` and so on."""
    return {f"position_{i}": column for i, column in enumerate(architectures.T)}


def load(
    source: Source,
    kind: str,
    read: Reader,
    paths: Paths,
    wanted: Sequence[str] | None = None,
) -> Columns:
    """Return the columns of an official file, converting the file if no intact copy is cached.

    Parameters
    ----------
    source : Source
    kind : str
        First part of the cached file's name. It distinguishes the tables of one official file.
    read : callable
        Takes the path of the official file. It is called if the cached table does not exist or is
        damaged. If it returns several tables, all of them are cached, so that a large file is read
        once.
    paths : Paths
    wanted : sequence of str, optional
        Names of the columns to return. Names without a column are ignored, and the position columns
        are always returned. By default all columns are returned.
    """
    sha256 = source.hashes.sha256
    path = _path(paths, kind, sha256)
    columns = _read(path, sha256, wanted)
    if columns is None:
        converted = read_official(source, read)
        tables = {kind: converted} if isinstance(converted, Columns) else converted
        for each, table in tables.items():
            write = partial(_write, columns=table, source=source)
            write_atomically(_path(paths, each, sha256), write, elsewhere("cache"))
        columns = _read(path, sha256, wanted)
    if columns is None:
        raise OSError(f"{path}: the table was written, but it cannot be read back")
    return columns


def _path(paths: Paths, kind: str, sha256: str) -> Path:
    return paths.cache / "tables" / f"{kind}-{sha256[:16]}-v{VERSION}.parquet"


def _read(path: Path, sha256: str, wanted: Sequence[str] | None) -> Columns | None:
    """Return cached columns, or None if the file is missing, damaged or of another source."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    try:
        schema = pq.read_schema(path)
        about = json.loads(schema.metadata[_KEY])
        if about["sha256"] != sha256:
            return None
        names = [n for n in schema.names if wanted is None or n in wanted or "position_" in n]
        # Not pq.read_table: it imports pandas, which takes longer than the reading.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(columns=names)
    except (OSError, pa.ArrowException, KeyError, TypeError, OverflowError, ValueError):
        # The caller rebuilds a damaged table from the official file.
        return None
    arrays = {name: _to_numpy(table.column(name)) for name in names}
    return Columns(arrays, about["units"])


def _to_numpy(column: Any) -> NDArray[np.generic]:
    """Convert a column as its method ``to_numpy`` does, but without importing pandas."""
    if column.type not in ("string", "large_string"):
        return np.concatenate([np.from_dlpack(chunk) for chunk in column.chunks])
    return np.array(column.to_pylist(), dtype=object)


def _write(path: Path, columns: Columns, source: Source) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {
        "source": source.path.name,
        "sha256": source.hashes.sha256,
        "blob": source.hashes.blob,
        "official": source.official,
        "url": source.file.url,
        "units": columns.units,
        "missing": {
            name: int(np.isnan(array).sum())
            for name, array in columns.arrays.items()
            if array.dtype.kind == "f"
        },
    }
    table = pa.table({name: pa.array(array) for name, array in columns.arrays.items()})
    table = table.replace_schema_metadata({_KEY: json.dumps(about).encode()})
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)
