"""HELP (Lee et al., NeurIPS 2021): latencies of many devices, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._check import check_metric
from hwnas.dataset._described import Column
from hwnas.dataset._nasbench201 import (
    ACCURACY,
    NASBench201Accuracies,
    accuracy_of,
    benchmark_index,
)
from hwnas.dataset._official import MB, RAW, OfficialFile
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import Table
from hwnas.dataset._torch_file import load_torch
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace

_URL = f"{RAW}/HayeonLee/HELP/11970ec72b43a2500a2eb00a8436bd05eb14e776/data"
_GPUS = ("1080ti", "2080ti", "titan_rtx", "titanx", "titanxp")
_OTHERS = (
    "essential_ph_1",
    "eyeriss",
    "fpga",
    "gold_6226",
    "gold_6240",
    "pixel2",
    "pixel3",
    "raspi4",
    "samsung_a50",
    "samsung_s7",
    "silver_4114",
    "silver_4210r",
)
#: Devices that HELP publishes for each space; a GPU's name ends in its batch size.
DEVICES: dict[str, tuple[str, ...]] = {
    "nasbench201": (*(f"{gpu}_{batch}" for gpu in _GPUS for batch in (1, 32, 256)), *_OTHERS),
    "fbnet": (*(f"{gpu}_{batch}" for gpu in _GPUS for batch in (1, 32, 64)), *_OTHERS),
}
#: The block lists of HELP's FBNet architectures.
BLOCKS_FILE = OfficialFile(
    family="help",
    name="help/fbnet/metainfo.pt",
    url=f"{_URL}/fbnet/metainfo.pt",
    limit=200 * MB,
    variants=("help/fbnet/op_idx.pt", "HELP/data/fbnet/metainfo.pt"),
)


def latency_file(space: str, device: str) -> OfficialFile:
    """Return the official file of one device."""
    return OfficialFile(
        family="help",
        name=f"help/{space}/latency/{device}.pt",
        url=f"{_URL}/{space}/latency/{device}.pt",
        limit=10 * MB,
        variants=(f"HELP/data/{space}/latency/{device}.pt",),
    )


def read_latencies(path: Path) -> Columns:
    """Read the latencies of one device: the column ``latency`` in ms, by row."""
    values = load_torch(path)
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: not a list of latencies ({error})") from error
    if array.ndim != 1:
        raise UserError(f"{path}: not a list of latencies, but of shape {array.shape}")
    array[array < 0] = np.nan
    return Columns({"latency": array}, {"latency": "ms"})


def read_block_lists(path: Path) -> Columns:
    """Read the positions of HELP's FBNet architectures.

    The official ``metainfo.pt`` holds them as ``["arch"][row]["op_idx_list"]``, ``op_idx.pt`` as
    a list of rows.
    """
    content = load_torch(path)
    try:
        if isinstance(content, dict):
            content = [architecture["op_idx_list"] for architecture in content["arch"]]
        architectures = FBNet().validate(np.array([[int(op) for op in row] for row in content]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not laid out as HELP's block lists ({error!r})") from error
    return Columns(position_columns(architectures))


BLOCKS = OfficialTable(BLOCKS_FILE, "help-fbnet-architectures", read_block_lists, FBNet())


@dataclass(frozen=True)
class HELP(Benchmark):
    """A device of HELP (Lee et al., NeurIPS 2021).

    Each architecture was measured on its own. Phones report whole milliseconds.

    Parameters
    ----------
    device : str
        Name of a file, e.g. ``titan_rtx_1``.
    metric : Metric
        Latency, the only one there is.
    space : SearchSpace
        NAS-Bench-201, or FBNet (the 5,000 architectures that were sampled).
    paths : Paths
    accuracy : str
        Image set whose accuracies are joined; another than CIFAR-10 is another dataset in results.
    """

    spaces = (NASBench201(), FBNet())
    joins = (NASBench201Accuracies,)

    device: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    accuracy: str = "cifar10"

    def check(self) -> None:
        """Refuse a space, a metric, an image set or a device that there is not."""
        super().check()
        check_metric("HELP", self.metric, {"latency": "ms"})
        check_choice("dataset.accuracy", self.accuracy, ACCURACY)
        here = _devices_here(self.paths, self.space)
        if here:
            check_choice("dataset.device", self.device, here, self.paths.data / "help")

    def official(self) -> OfficialTable:
        """Return the table of the device."""
        return _latencies(self.space, self.device)

    def table(self, content: Content) -> Table:
        """Return the table.

        Raises
        ------
        UserError
            If the file that names the architectures is not here, or has another number of them.
        """
        values = content.columns.floats("latency")
        architectures = _architectures(self.space, self.paths)
        if len(values) != len(architectures):
            raise UserError(
                f"{content.source.path}: {len(values)} values for {len(architectures)} "
                "architectures"
            )
        return self.made(
            dataset="help" if self.accuracy == HELP.accuracy else f"help-{self.accuracy}",
            device=self.device,
            architectures=architectures,
            values=values,
            provenance=content.source.provenance(),
            accuracy=accuracy_of(self.space, architectures, self.accuracy, self.paths),
        )

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the block lists and the file of every device."""
        latencies = (latency_file(space, each) for space in DEVICES for each in DEVICES[space])
        return (BLOCKS_FILE, *latencies)

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield the latencies of every device that is here."""
        for space in cls.spaces:
            devices = _devices_here(paths, space)
            if not devices:
                continue
            architectures = _architectures(space, paths)
            accuracy, _ = accuracy_of(space, architectures, cls.accuracy, paths)
            for device in devices:
                values = _latencies(space, device).load(paths).columns.floats("latency")
                table, column = f"help/{space.name}", f"{device}/latency"
                yield Column(table, column, "ms", values, space, architectures, accuracy)


def _latencies(space: SearchSpace, device: str) -> OfficialTable:
    file = latency_file(space.name, device)
    return OfficialTable(file, f"help-{space.name}", read_latencies, space)


def _architectures(space: SearchSpace, paths: Paths) -> Architectures:
    if space == NASBench201():
        return benchmark_index(paths)
    return BLOCKS.load(paths).columns.architectures()


def _devices_here(paths: Paths, space: SearchSpace) -> list[str]:
    """Return the devices whose file is here."""
    patterns = latency_file(space.name, "*").names
    return sorted({path.stem for pattern in patterns for path in paths.match_data(pattern)})
