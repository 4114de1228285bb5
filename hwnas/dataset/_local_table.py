"""The Parquet files of ``hwnas measure``: where they are and what they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.files import write_atomically
from hwnas.paths import Paths
from hwnas.space import SearchSpace

#: Key of the facts in a Parquet file's schema metadata: JSON.
METADATA = "hwnas"
BUNDLED = Path(__file__).parent / "tables"
#: Statistics of the timed runs in a pass that a table has a column of.
STATISTICS = ("minimum", "median", "mad")


def measured_column(backend: str, metric: str, statistic: str) -> str:
    """Return the name of a measured column.

    Examples
    --------
    >>> measured_column("torch", "latency", "minimum")
    'torch_latency_minimum'
    """
    return f"{backend}_{metric}_{statistic}"


def bundled_tables(space: str = "*") -> list[Path]:
    """Return the tables that are part of the package, of one search space or of all."""
    return sorted(BUNDLED.glob(f"{space}_*.parquet"))


def is_bundled(name: str) -> bool:
    """Return whether a device's table is part of the package: no user measures under its name."""
    return any(path.stem.endswith(f"_{name}") for path in bundled_tables())


def table_path(name: str, space: SearchSpace, paths: Paths) -> Path:
    """Return where the table of a device is, bundled or measured by the user."""
    bundled = BUNDLED / f"{space.name}_{name}.parquet"
    return bundled if bundled.exists() else paths.in_data(f"local/{name}/{space.name}.parquet")


def read_local_table(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the columns of a table, and the facts about them.

    Raises
    ------
    UserError
        If the file is another one.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        facts = json.loads(table.schema.metadata[METADATA.encode()])
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: not a table of hwnas measure ({error})",
            remedy="move it, and measure again",
        ) from error
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return columns, facts


def write_local_table(path: Path, columns: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Write a table that `read_local_table` reads, whole or not at all.

    Parameters
    ----------
    path : Path
    columns : mapping of str to sequence
    facts : mapping
        What `read_local_table` returns beside the columns; it must be JSON.
    """
    import pyarrow as pa
    from pyarrow import parquet

    arrow = pa.table(dict(columns)).replace_schema_metadata({METADATA: json.dumps(facts)})
    write_atomically(path, lambda file: parquet.write_table(arrow, file, compression="zstd"))
