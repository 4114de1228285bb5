"""Reading and writing the Parquet files of ``hwnas measure``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hwnas.dataset._damage import damage
from hwnas.errors import UserError
from hwnas.files import write_atomically
from hwnas.paths import Paths, elsewhere
from hwnas.space import SearchSpace

#: Key in a Parquet file's schema metadata. Its value is JSON with facts about the measurement.
METADATA = "hwnas"
BUNDLED = Path(__file__).parent / "tables"
#: Statistics of the timed runs in a pass. A table has one column for each.
STATISTICS = ("minimum", "median", "mad")

#: Unit of each metric that has a single value a pass, the mean over its runs.
ONE_VALUE = {"energy": "mJ", "energy_above_idle": "mJ", "peak_memory": "bytes"}


def measured_column(backend: str, metric: str, statistic: str) -> str:
    """Return the name of a measured column.

    Examples
    --------
    >>> measured_column("torch", "latency", "minimum")
    'torch_latency_minimum'
    """
    return f"{backend}_{metric}_{statistic}"


def bundled_tables(space: str = "*") -> list[Path]:
    """Return the paths of the tables in the package, of one search space or of all."""
    return sorted(BUNDLED.glob(f"{space}_*.parquet"))


def is_bundled(name: str) -> bool:
    """Return whether the package has a table of the device.

    Users cannot measure under the name of a bundled table.
    """
    return any(path.stem.endswith(f"_{name}") for path in bundled_tables())


def table_path(name: str, space: SearchSpace, paths: Paths) -> Path:
    """Return the path of the table of a device, bundled or measured by the user."""
    bundled = BUNDLED / f"{space.name}_{name}.parquet"
    return bundled if bundled.exists() else paths.in_data(f"local/{name}/{space.name}.parquet")


def read_local_table(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the columns of a table, and the facts about its measurement.

    Raises
    ------
    UserError
        If the file was not written by `write_local_table`, or is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        facts = json.loads(table.schema.metadata[METADATA.encode()])
        columns = {name: table[name].to_numpy() for name in table.column_names}
    # PyArrow raises OSError too for a damaged file.
    except (pa.ArrowException, OSError, KeyError, TypeError, OverflowError, ValueError) as error:
        raise UserError(
            f"{path} {damage(path) or f'is not a table of hwnas measure ({error})'}",
            remedy="move it away, then measure again",
        ) from error
    return columns, facts


def write_local_table(path: Path, columns: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Write a table atomically, in the format that `read_local_table` reads.

    Parameters
    ----------
    path : Path
    columns : mapping of str to sequence
    facts : mapping
        Facts about the measurement, which must be representable as JSON.
    """
    import pyarrow as pa
    from pyarrow import parquet

    arrow = pa.table(dict(columns)).replace_schema_metadata({METADATA: json.dumps(facts)})
    write_atomically(
        path, lambda file: parquet.write_table(arrow, file, compression="zstd"), elsewhere("data")
    )
