"""Values of HW-NAS-Bench that are known without its file, for calibrating the device models.

They are in the folder ``reference`` beside the data folder:

- ``hwnas_rows_0_182.csv``: latencies of the rows 0 to 182 of some tables, one column for each image
  set and device; a failed measurement is blank,
- ``hwnas_known_facts.json``: the values of the rows 0 to 2 of all tables.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import benchmark_index
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import Architectures

_ROWS = "hwnas_rows_0_182.csv"
_FACTS = "hwnas_known_facts.json"


@dataclass(frozen=True)
class Rows:
    """Measured values of some architectures on one image set.

    Parameters
    ----------
    image_set : str
        Name of the image set.
    index : array of int64, shape (n,)
        Indices of the architectures in HW-NAS-Bench.
    architectures : array of int8, shape (n, 6)
    values : array of float64, shape (n,)
        Latencies in ms or energies in mJ.
    """

    image_set: str
    index: NDArray[np.int64]
    architectures: Architectures
    values: NDArray[np.float64]

    def part(self, kept: NDArray[np.bool_]) -> Rows:
        """Return the rows that `kept` marks, shape (n,)."""
        return Rows(self.image_set, self.index[kept], self.architectures[kept], self.values[kept])


def known_rows(device: str, metric: str, paths: Paths) -> list[Rows]:
    """Return the known values of one device and metric, one `Rows` for each image set.

    An image set that has a column in the CSV file is not taken from the JSON file.

    Raises
    ------
    UserError
        If the files are not beside the data folder, or know no value of the device and metric.
    """
    folder = paths.data.resolve().parent / "reference"
    if not (folder / _ROWS).is_file() or not (folder / _FACTS).is_file():
        raise UserError(
            f"{folder} does not hold {_ROWS} and {_FACTS}",
            remedy="HWNAS_DATA=<the folder beside the folder reference>",
        )
    values = _from_json(folder / _FACTS, f"{device}_{metric}")
    if metric == "latency":
        values |= _from_csv(folder / _ROWS, device)
    if not values:
        raise UserError(
            f"no value of {device} {metric} is known", remedy="another device or metric"
        )
    architectures = benchmark_index(paths)
    return [
        Rows(name, index := np.array(list(of)), architectures[index], np.array(list(of.values())))
        for name, of in sorted(values.items())
    ]


def _from_csv(path: Path, device: str) -> dict[str, dict[int, float]]:
    """Return the values of each image set by benchmark index."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    suffix = f"_{device}"
    return {
        column.removesuffix(suffix): {int(r["index"]): float(r[column]) for r in rows if r[column]}
        for column in rows[0]
        if column.endswith(suffix)
    }


def _from_json(path: Path, column: str) -> dict[str, dict[int, float]]:
    """Return the values of each image set by benchmark index."""
    values: dict[str, dict[int, float]] = {}
    for key, row in json.loads(path.read_text())["nasbench201"].items():
        image_set, index = key.split("/")
        if column in row:
            values.setdefault(image_set, {})[int(index)] = float(row[column])
    return values
