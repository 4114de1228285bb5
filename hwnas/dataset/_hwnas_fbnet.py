"""FBNet of HW-NAS-Bench: the metric of an architecture is the sum over its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns
from hwnas.dataset._check import check_metric
from hwnas.dataset._fbnet_blocks import IMAGE_SETS, block_names
from hwnas.dataset._hwnas_file import FILE, UNITS, measurements, part, unit_of
from hwnas.dataset._official import layout_of
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import Table
from hwnas.errors import UserError, check_choice, check_number
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.seeding import generator
from hwnas.space import Architectures, FBNet, SearchSpace


def read_fbnet(path: Path) -> Columns:
    """Read the lookup tables of FBNet's blocks.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Columns
        The column ``key`` has the name of a block with its shapes. The columns
        ``<device>_<metric>`` are NaN where a block was not measured. There are no columns if the
        file holds no FBNet tables.

    Raises
    ------
    UserError
        If the file is damaged or malicious, or has another layout.
    """
    tables = part(path, "fbnet")
    with layout_of("HW-NAS-Bench", path):
        lookups = {name: table for name, table in tables.items() if unit_of(name)}
        if not lookups:
            return Columns({})
        keys = sorted({str(key) for table in lookups.values() for key in table})
        arrays: dict[str, NDArray[np.generic]] = {"key": np.array(keys, dtype=object)}
        for name, table in lookups.items():
            arrays[name] = measurements([table.get(key, np.nan) for key in keys], len(keys))
    return Columns(arrays, {name: unit_of(name) for name in lookups})


#: The lookup tables. Their rows are blocks, not architectures.
BLOCKS = OfficialTable(FILE, "hwnas-fbnet", read_fbnet)


@dataclass(frozen=True)
class HWNASFBNet(Benchmark):
    """FBNet on a device of HW-NAS-Bench (Li et al., ICLR 2021).

    FBNet has too many architectures to list, so the table is a random sample. The name of the
    dataset in results says so if the sample's size or seed is not the default.

    Parameters
    ----------
    device : str
        Name of a device in the file, e.g. ``edgegpu``.
    metric : Metric
    image_set : str
        ``cifar100`` or ``ImageNet``.
    space : SearchSpace
        FBNet.
    paths : Paths
    n_architectures : int
        Size of the sample. With equal seeds, a smaller sample is a prefix of a larger one.
    seed : int
        Seed of the sample. It does not follow the experiment's seed, so that all experiments share
        one table.
    """

    tables = (BLOCKS,)
    spaces = (FBNet(),)

    device: str
    metric: Metric
    image_set: str
    space: SearchSpace
    paths: Paths
    n_architectures: int = 5000
    seed: int = 0

    @property
    def _name(self) -> str:
        return f"{self.device}_{self.metric.name}"

    def check(self) -> None:
        """Raise `UserError` for an unknown space or image set, or a number out of bounds."""
        super().check()
        check_choice("dataset.image_set", self.image_set, IMAGE_SETS)
        check_number("dataset.n_architectures", self.n_architectures, 1)
        check_number("dataset.seed", self.seed, 0)

    def wanted(self) -> Sequence[str]:
        """Return the names of two columns: the block names, and the metric on the device."""
        return ["key", self._name]

    def table(self, content: Content) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file lacks the device, the metric or a block.
        """
        columns, source = content.columns, content.source
        if not columns.units:
            raise UserError(
                f"{source.path} contains no FBNet tables",
                remedy=f"move it away, then {FILE.fetch_command}",
            )
        check_choice("dataset.device", self.device, _devices(columns.units), source.path)
        units = {m: unit for m, unit in UNITS.items() if f"{self.device}_{m}" in columns.units}
        check_metric(f"device {self.device}", self.metric, units)
        known = dict(zip(columns.arrays["key"].tolist(), columns.floats(self._name), strict=True))
        architectures = self._sample()
        try:
            values = _sum_of_blocks(architectures, known, self.image_set)
        except KeyError as error:
            raise UserError(
                f"{source.path}: {self._name} lacks the block {error.args[0]}"
            ) from error
        return self.made(
            dataset=self._identity(),
            device=self.device,
            architectures=architectures,
            values=values,
            provenance=source.provenance(column=f"fbnet/{self._name}", seed=self.seed),
        )

    def _identity(self) -> str:
        name = f"hwnas-fbnet-{self.image_set}"
        if self.n_architectures != HWNASFBNet.n_architectures:
            name += f"-n{self.n_architectures}"
        if self.seed != HWNASFBNet.seed:
            name += f"-seed{self.seed}"
        return name

    def _sample(self) -> Architectures:
        rng = generator(self.seed, "fbnet-sample")
        shape = (self.n_architectures, self.space.n_positions)
        drawn = rng.integers(len(self.space.operations), size=shape).astype(np.int8)
        # A table must not have an architecture twice, even if a repetition is very unlikely.
        _, first = np.unique(drawn, axis=0, return_index=True)
        return drawn[np.sort(first)]


def _devices(columns: dict[str, str]) -> set[str]:
    return {
        name.removesuffix(f"_{metric}")
        for name in columns
        for metric in UNITS
        if name.endswith(f"_{metric}")
    }


def _sum_of_blocks(
    architectures: Architectures, known: dict[str, float], image_set: str
) -> NDArray[np.float64]:
    searchable, fixed = block_names(image_set)
    table = np.array([[known[name] for name in candidates] for candidates in searchable])
    blocks = table[np.arange(len(table)), architectures]
    total: NDArray[np.float64] = blocks.sum(axis=1) + sum(known[name] for name in fixed)
    return total
