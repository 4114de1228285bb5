"""HELP (Lee et al., NeurIPS 2021): latencies of many devices, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._check import check_metric
from hwnas.dataset._described import Column
from hwnas.dataset._help_blobs import BLOBS, COMMIT
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._nasbench201 import (
    ACCURACY,
    NASBench201Accuracies,
    accuracy_of,
    benchmark_index,
)
from hwnas.dataset._official import MB, RAW, OfficialFile, layout_of
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._table import Table
from hwnas.dataset._torch_file import as_floats, load_torch
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace

_URL = f"{RAW}/HayeonLee/HELP/{COMMIT}"
#: Devices that HELP publishes for each space; a GPU's name ends in its batch size.
DEVICES: dict[str, tuple[str, ...]] = {
    space: tuple(Path(path).stem for path in BLOBS if path.startswith(f"data/{space}/latency/"))
    for space in ("nasbench201", "fbnet")
}


def _file(path: str, limit: int, *variants: str) -> OfficialFile:
    """Return the official file with a path in HELP's repository, such as ``data/….pt``."""
    return OfficialFile(
        family="help",
        name=f"help/{path.removeprefix('data/')}",
        url=f"{_URL}/{path}",
        limit=limit,
        # A device that HELP did not publish has no hash. Its file can only come from the user.
        blob=BLOBS.get(path),
        variants=(*variants, f"HELP/{path}"),
    )


#: The block lists of HELP's FBNet architectures.
BLOCKS_FILE = _file("data/fbnet/metainfo.pt", 200 * MB, "help/fbnet/op_idx.pt")


def latency_file(space: str, device: str) -> OfficialFile:
    """Return the official file of one device."""
    return _file(f"data/{space}/latency/{device}.pt", 10 * MB)


def read_latencies(path: Path) -> Columns:
    """Read the latencies of one device into the column ``latency``, in ms.

    The file has a list of numbers or of tensors with one number each, an array, or a tensor.
    """
    values = load_torch(path)
    with layout_of("HELP's latencies", path):
        array = missing_as_nan(as_floats(values))
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise ValueError(f"an array of shape {array.shape} instead of a list")
    return Columns({"latency": array}, {"latency": "ms"})


def read_block_lists(path: Path) -> Columns:
    """Read the block lists of HELP's FBNet architectures into the position columns.

    Two layouts are read: ``["arch"][row]["op_idx_list"]``, which the official ``metainfo.pt`` has,
    and a list of rows, which ``op_idx.pt`` has.
    """
    content = load_torch(path)
    with layout_of("HELP's block lists", path):
        if isinstance(content, dict):
            content = [architecture["op_idx_list"] for architecture in content["arch"]]
        architectures = FBNet().validate(np.stack([as_floats(row) for row in content]))
    return Columns(position_columns(architectures))


BLOCKS = OfficialTable(BLOCKS_FILE, "help-fbnet-architectures", read_block_lists, FBNet())


@dataclass(frozen=True)
class HELP(Benchmark):
    """A device of HELP (Lee et al., NeurIPS 2021).

    Each architecture was measured separately. The latencies of phones are whole milliseconds.

    Parameters
    ----------
    device : str
        Name of a latency file without its ending, e.g. ``titan_rtx_1``.
    metric : Metric
        Latency, the only metric of HELP.
    space : SearchSpace
        NAS-Bench-201, or FBNet, of which HELP sampled 5,000 architectures.
    paths : Paths
    accuracy : str
        Image set whose accuracies are joined. Its name becomes part of the dataset's name in
        results, unless it is ``cifar10``.
    """

    spaces = (NASBench201(), FBNet())
    joins = (NASBench201Accuracies,)

    device: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    accuracy: str = "cifar10"

    def check(self) -> None:
        """Raise `UserError` for an unknown space, metric, image set or device."""
        super().check()
        check_metric("HELP", self.metric, {"latency": "ms"})
        check_choice("dataset.accuracy", self.accuracy, ACCURACY)
        devices = _downloaded_devices(self.paths, self.space)
        if devices:
            check_choice("dataset.device", self.device, devices, self.paths.data / "help")

    def devices_here(self) -> list[str]:
        """Return the devices of the space whose latency file is in the data folder."""
        return _downloaded_devices(self.paths, self.space)

    def of_device(self, device: str) -> Self:
        """Return the dataset of another device."""
        return replace(self, device=device)

    def official(self) -> OfficialTable:
        """Return the official table of the device."""
        return _latencies(self.space, self.device)

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
        """Yield the latencies of every device whose file has been downloaded."""
        for space in cls.spaces:
            devices = _downloaded_devices(paths, space)
            if not devices:
                continue
            architectures = _architectures(space, paths)
            accuracy, _ = accuracy_of(space, architectures, cls.accuracy, paths)
            for device in devices:
                values = _latencies(space, device).load(paths).columns.floats("latency")
                table, column = f"help/{space.name}", f"{device}/latency"
                yield Column(table, column, "ms", values, space, architectures, accuracy)


def latencies_of(content: Content, n_architectures: int) -> NDArray[np.float64]:
    """Return the values of a latency file.

    Raises
    ------
    UserError
        If it has another number of values than there are architectures.
    """
    values = content.columns.floats("latency")
    if len(values) != n_architectures:
        raise UserError(
            f"{content.source.path}: {len(values)} values for {n_architectures} architectures"
        )
    return values


def _latencies(space: SearchSpace, device: str) -> OfficialTable:
    file = latency_file(space.name, device)
    return OfficialTable(file, f"help-{space.name}", read_latencies, space)


def _architectures(space: SearchSpace, paths: Paths) -> Architectures:
    if space == NASBench201():
        return benchmark_index(paths)
    return BLOCKS.load(paths).columns.architectures()


def _downloaded_devices(paths: Paths, space: SearchSpace) -> list[str]:
    """Return the devices whose latency file is below ``paths.data``."""
    patterns = latency_file(space.name, "*").names
    return sorted({path.stem for pattern in patterns for path in paths.match_data(pattern)})
