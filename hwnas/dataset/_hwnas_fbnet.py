"""HW-NAS-Bench's FBNet: an architecture's metric is the sum of its blocks'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import _cache
from hwnas.dataset._check import check_metric, check_space
from hwnas.dataset._fbnet_blocks import IMAGE_SETS, block_names
from hwnas.dataset._files import HWNAS_PICKLE
from hwnas.dataset._readers._hwnas import UNITS, read_fbnet
from hwnas.dataset._source import identify
from hwnas.dataset._table import Table
from hwnas.errors import UserError, check_choice, check_number
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.seeding import generator
from hwnas.space import Architectures, FBNet, SearchSpace


@dataclass(frozen=True)
class HWNASFBNet:
    """FBNet on a device of HW-NAS-Bench (Li et al., ICLR 2021).

    The space cannot be enumerated, so the table is a random sample of it. Another sample than the
    default is another dataset in results.

    Parameters
    ----------
    device : str
        E.g. ``edgegpu``.
    metric : Metric
    image_set : str
        ``cifar100`` or ``ImageNet``.
    space : SearchSpace
        FBNet.
    paths : Paths
    n_architectures : int
        Size of the sample; a smaller one is a prefix of a larger one.
    seed : int
        Of the sample. Not the run's by default, so that all runs share one table.
    """

    device: str
    metric: Metric
    image_set: str
    space: SearchSpace
    paths: Paths
    n_architectures: int = 5000
    seed: int = 0

    def load(self) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file is not here or damaged, or lacks the device, the metric or a block, or a
            number is out of its bounds.
        """
        check_space("hwnas_fbnet", self.space, FBNet())
        check_choice("dataset.image_set", self.image_set, IMAGE_SETS)
        check_number("dataset.n_architectures", self.n_architectures, 1)
        check_number("dataset.seed", self.seed, 0)
        path = HWNAS_PICKLE.require(self.paths)
        source = identify(path, HWNAS_PICKLE, self.paths)
        name = f"{self.device}_{self.metric.name}"
        columns = _cache.load(source, "hwnas-fbnet", read_fbnet, self.paths, ["key", name])
        if not columns.units:
            raise UserError(f"{path} holds no FBNet tables", remedy=HWNAS_PICKLE.fetch_command)
        check_choice("dataset.device", self.device, _devices(columns.units), path)
        units = {m: unit for m, unit in UNITS.items() if f"{self.device}_{m}" in columns.units}
        check_metric(f"device {self.device}", self.metric, units)
        known = dict(zip(columns.arrays["key"].tolist(), columns.floats(name), strict=True))
        architectures = self._sample()
        try:
            values = _sum_of_blocks(architectures, known, self.image_set)
        except KeyError as error:
            raise UserError(f"{path}: {name} lacks the block {error.args[0]}") from error
        return Table(
            dataset=self._identity(),
            space=self.space,
            device=self.device,
            metric=self.metric,
            architectures=architectures,
            values=np.where(self.metric.missing(values), np.nan, values),
            representative=self.space.rank(architectures),
            provenance=source.provenance(column=f"fbnet/{name}", seed=self.seed),
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
        # Two equal ones among 9^22 are as good as impossible, but a table must have none.
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
