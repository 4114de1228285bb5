"""HW-GPT-Bench (Sukthanker et al., NeurIPS 2024): GPT-S transformers on GPUs and CPUs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns
from hwnas.dataset._check import check_metric, check_space, dimension_rows
from hwnas.dataset._described import Column
from hwnas.dataset._official import MB, RAW, OfficialFile, layout_of
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._source import Hashes, Source
from hwnas.dataset._table import Table
from hwnas.dataset._unpickle import unpickle
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import SearchSpace, spaces

_SPACE = "hwgpt"
_URL = (
    f"{RAW}/automl/HW-GPT-Bench/cfddd10217c070425c4eb70826d3ed4ce9579aae/"
    "data_collection/raw_results_hw"
)
_GPUS = ("P100", "a100", "a40", "a6000", "h100", "rtx2080", "rtx3080", "v100")
_CPUS = ("cpu_a6000", "cpu_alldlc", "cpu_meta", "cpu_mlgpu", "cpu_p100", "helix_cpu")
#: Devices with measurements of GPT-S.
DEVICES = (*_GPUS, *_CPUS)
#: The rows of the four files of a device.
_PARTS = ((0, 2500), (2500, 5000), (5000, 7500), (7500, 10000))
UNITS = {"latency": "ms", "energy": "mJ"}
_MJ_PER_WH = 3.6e6
_LAYERS = 12


def official_files(device: str) -> tuple[OfficialFile, ...]:
    """Return the four official files of a device."""
    names = (f"latency_{device}/efficiency_observations_{a}_{b}.pkl" for a, b in _PARTS)
    return tuple(
        OfficialFile(
            family="hwgpt",
            name=f"hwgpt/{name}",
            url=f"{_URL}/{name}",
            limit=20 * MB,
            variants=(f"HW-GPT-Bench/data_collection/raw_results_hw/{name}",),
        )
        for name in names
    )


def read_observations(path: Path) -> Columns:
    """Read a file into one column for each dimension, the metrics, and the file's own counts.

    Energy is converted from Wh to mJ. The counts are ``params`` and ``flops``.
    """
    content = unpickle(path)
    with layout_of("HW-GPT-Bench", path):
        if not isinstance(content, list) or not content:
            raise TypeError("it is not a list of observations")
        chosen = [observation["arch"] for observation in content]
        arrays = {name: np.array(column) for name, column in _dimensions(chosen).items()}
        if any(column.dtype == object for column in arrays.values()):
            raise OverflowError("a number of an architecture is too large")
        arrays["latency"] = _metric(content, "lat", ("gpu_lat", "cpu_lat"))
        energies = ("mean_energy_gpu", "mean_energy_cpu")
        arrays["energy"] = _metric(content, "energy", energies) * _MJ_PER_WH
        for count in ("params", "flops"):
            arrays[count] = np.array([float(observation[count]) for observation in content])
    return Columns(arrays, UNITS)


def _dimensions(chosen: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "embedding": [int(each["sample_embed_dim"]) for each in chosen],
        "layers": [int(each["sample_n_layer"]) for each in chosen],
        "bias": [str(bool(each["sample_bias"])).lower() for each in chosen],
    }
    for layer in range(_LAYERS):
        name = f"layer{layer + 1}"
        columns[f"{name}.heads"] = [int(each["sample_n_head"][layer]) for each in chosen]
        columns[f"{name}.mlp_ratio"] = [int(each["sample_mlp_ratio"][layer]) for each in chosen]
    return columns


def _metric(
    content: list[Mapping[str, Any]], name: str, keys: tuple[str, str]
) -> NDArray[np.float64]:
    """Return the value of the GPU or of the CPU in each observation; NaN if there is neither."""
    pairs = [[observation[key] for key in keys] for observation in content]
    if any(all(each is not None for each in pair) for pair in pairs):
        raise ValueError(f"an observation has {name} of a GPU and of a CPU")
    found = [next((each for each in pair if each is not None), np.nan) for pair in pairs]
    return np.array(found, dtype=np.float64)


@dataclass(frozen=True)
class HWGPT(Benchmark):
    """GPT-S transformers on a device of HW-GPT-Bench: 10,000 architectures.

    Parameters
    ----------
    device : str
        Name of the folder ``latency_<device>``, such as ``h100``.
    metric : Metric
        Latency, or energy, which is mostly noise on GPUs.
    space : SearchSpace
        The space ``hwgpt``.
    paths : Paths
    """

    device: str
    metric: Metric
    space: SearchSpace
    paths: Paths

    def check(self) -> None:
        """Raise `UserError` for an unknown space, metric or device."""
        check_space(f"hwgpt/{self.device}", self.space, _SPACE)
        check_metric("HW-GPT-Bench", self.metric, UNITS)
        check_choice("dataset.device", self.device, DEVICES)

    def load(self) -> Table:
        """Return the table of all four files of the device.

        Raises
        ------
        UserError
            If a file is missing or damaged.
        """
        self.check()
        return self.table(_joined(self.device, self.paths))

    def table(self, content: Content) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the device has no values of the metric.
        """
        values = content.columns.floats(self.metric.name)
        if np.isnan(values).all():
            raise UserError(
                f"HW-GPT-Bench has no {self.metric.name} of {self.device}", remedy="metric=latency"
            )
        return self.made(
            dataset="hwgpt",
            device=self.device,
            architectures=dimension_rows(self.space, content.columns.arrays, content.source.path),
            values=values,
            provenance=content.source.provenance(),
        )

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the files of every device."""
        return tuple(file for device in DEVICES for file in official_files(device))

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the latency and the energy of every device that has been downloaded."""
        for device in DEVICES:
            if any(file.find(paths) is None for file in official_files(device)):
                continue
            content = _joined(device, paths)
            space = spaces()[_SPACE]
            rows = dimension_rows(space, content.columns.arrays, content.source.path)
            for name, unit in UNITS.items():
                values = content.columns.floats(name)
                yield Column("hwgpt", f"{device}/{name}", unit, values, space, rows)


def _joined(device: str, paths: Paths) -> Content:
    """Return the rows of the four files of a device, as if they were one file."""
    tables = [OfficialTable(file, "hwgpt", read_observations) for file in official_files(device)]
    parts = [table.load(paths) for table in tables]
    names = parts[0].columns.arrays
    arrays = {name: np.concatenate([part.columns.arrays[name] for part in parts]) for name in names}
    hashes = [part.source.hashes.sha256 for part in parts]
    joined = hashlib.sha256("".join(hashes).encode()).hexdigest()
    first = parts[0].source
    source = Source(first.path.parent, first.file, Hashes(joined, blob=""))
    return Content(source, Columns(arrays, UNITS))
