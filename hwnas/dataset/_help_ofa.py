"""OFA-MobileNetV3 in HELP (Lee et al., NeurIPS 2021): latencies of GPUs, one file each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns
from hwnas.dataset._check import check_metric, check_space, dimension_rows
from hwnas.dataset._described import Column
from hwnas.dataset._help import latencies_of, latency_file, read_latencies
from hwnas.dataset._official import MB, OfficialFile, layout_of
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import Table
from hwnas.dataset._torch_file import load_torch
from hwnas.errors import check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, SearchSpace, spaces

_SPACE = "ofa"
_STAGES, _BLOCKS = 5, 4
#: Devices that HELP publishes: GPUs with their batch sizes.
DEVICES = tuple(
    f"{gpu}_{batch}" for gpu in ("2080ti", "titan_rtx", "titan_xp", "v100") for batch in (1, 32, 64)
)
ARCHITECTURES_FILE = OfficialFile(
    family="help",
    name="help/ofa/ofa_archs.pt",
    url=latency_file(_SPACE, "").url.replace("latency/.pt", "ofa_archs.pt"),
    limit=20 * MB,
    variants=("HELP/data/ofa/ofa_archs.pt",),
    blob="8c130b96ca00ff704f8124bc3eeaae3173c88fb9",
)


def read_architectures(path: Path) -> Columns:
    """Read the architectures of HELP into one column for each dimension of the space ``ofa``.

    The layout is ``["arch"][row]`` with the lists ``d`` (depths of the stages), ``ks`` and ``e``
    (kernel and expansion of each block), and the resolution ``r``.
    """
    content = load_torch(path)
    with layout_of("HELP's OFA architectures", path):
        rows: list[Mapping[str, Any]] = content["arch"]
        columns: dict[str, list[int]] = {"resolution": [int(row["r"]) for row in rows]}
        for stage in range(_STAGES):
            columns[f"stage{stage + 1}.depth"] = [int(row["d"][stage]) for row in rows]
            for block in range(_BLOCKS):
                name, place = f"stage{stage + 1}.block{block + 1}", _BLOCKS * stage + block
                columns[f"{name}.kernel"] = [int(row["ks"][place]) for row in rows]
                columns[f"{name}.expansion"] = [int(row["e"][place]) for row in rows]
        arrays: dict[str, NDArray[np.generic]] = {
            name: np.array(column, dtype=np.int64) for name, column in columns.items()
        }
    return Columns(arrays)


ARCHITECTURES = OfficialTable(ARCHITECTURES_FILE, "help-ofa-architectures", read_architectures)


@dataclass(frozen=True)
class HELPOFA(Benchmark):
    """OFA-MobileNetV3 on a GPU of HELP: 5,000 architectures.

    Parameters
    ----------
    device : str
        Name of a latency file without its ending, e.g. ``titan_rtx_64``: a GPU and its batch size.
    metric : Metric
        Latency, the only metric of HELP.
    space : SearchSpace
        The space ``ofa``.
    paths : Paths
    """

    device: str
    metric: Metric
    space: SearchSpace
    paths: Paths

    def check(self) -> None:
        """Raise `UserError` for an unknown space, metric or device."""
        check_space("help/ofa", self.space, _SPACE)
        check_metric("HELP", self.metric, {"latency": "ms"})
        check_choice("dataset.device", self.device, {*DEVICES, *_downloaded_devices(self.paths)})

    def devices_here(self) -> list[str]:
        """Return the devices of the space whose latency file is in the data folder."""
        return _downloaded_devices(self.paths)

    def of_device(self, device: str) -> Self:
        """Return the dataset of another device."""
        return replace(self, device=device)

    def official(self) -> OfficialTable:
        """Return the official table of the device."""
        return _latencies(self.device)

    def table(self, content: Content) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file that lists the architectures is missing, or has another number of rows than
            the latency file.
        """
        architectures = _architectures(self.space, self.paths)
        values = latencies_of(content, len(architectures))
        return self.made(
            dataset="help",
            device=self.device,
            architectures=architectures,
            values=values,
            provenance=content.source.provenance(),
        )

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the architectures and the file of every device."""
        return (ARCHITECTURES_FILE, *(latency_file(_SPACE, device) for device in DEVICES))

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the latencies of every device whose file has been downloaded."""
        devices = _downloaded_devices(paths)
        if not devices:
            return
        space = spaces()[_SPACE]
        architectures = _architectures(space, paths)
        for device in devices:
            values = _latencies(device).load(paths).columns.floats("latency")
            yield Column("help/ofa", f"{device}/latency", "ms", values, space, architectures)


def _latencies(device: str) -> OfficialTable:
    return OfficialTable(latency_file(_SPACE, device), f"help-{_SPACE}", read_latencies)


def _architectures(space: SearchSpace, paths: Paths) -> Architectures:
    content = ARCHITECTURES.load(paths)
    return dimension_rows(space, content.columns.arrays, content.source.path)


def _downloaded_devices(paths: Paths) -> list[str]:
    """Return the devices whose latency file is below ``paths.data``."""
    patterns = latency_file(_SPACE, "*").names
    return sorted({path.stem for pattern in patterns for path in paths.match_data(pattern)})
