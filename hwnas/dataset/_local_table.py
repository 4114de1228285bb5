"""The Parquet files of ``python -m hwnas.measure``: where they are and what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import SearchSpace

#: Key of the facts in a Parquet file's schema metadata: JSON.
METADATA = "hwnas"
BUNDLED = Path(__file__).parent / "tables"


def column(backend: str, metric: str, statistic: str) -> str:
    """Return the name of a measured column.

    Examples
    --------
    >>> column("torch", "latency", "minimum")
    'torch_latency_minimum'
    """
    return f"{backend}_{metric}_{statistic}"


def is_bundled(name: str) -> bool:
    """Say whether a device's table is part of the package: nobody else measures under its name."""
    return any(BUNDLED.glob(f"*_{name}.parquet"))


def table_path(name: str, space: SearchSpace, paths: Paths) -> Path:
    """Return where the table of a device is, bundled or measured by the user."""
    bundled = BUNDLED / f"{space.name}_{name}.parquet"
    return bundled if bundled.exists() else paths.in_data(f"local/{name}/{space.name}.parquet")


def read_table(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
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
            f"{path}: not a table of hwnas.measure ({error})",
            remedy="move it, and measure again",
        ) from error
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return columns, facts
