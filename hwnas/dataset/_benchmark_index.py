"""The benchmark index of NAS-Bench-201: files without architecture strings count by it."""

from __future__ import annotations

from hwnas.dataset import _cache
from hwnas.dataset._files import HWNAS_PICKLE, NATS_CSV
from hwnas.dataset._readers._hwnas import read_nasbench201
from hwnas.dataset._readers._nats import read_accuracies
from hwnas.dataset._source import identify
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import Architectures, NASBench201


def benchmark_index(paths: Paths) -> Architectures:
    """Return the architectures in benchmark order, shape (15625, 6).

    Raises
    ------
    UserError
        If neither file that holds their strings is here.
    """
    for file, kind, read in (
        (NATS_CSV, "accuracy", read_accuracies),
        (HWNAS_PICKLE, "hwnas", read_nasbench201),
    ):
        path = file.find(paths)
        if path is not None:
            columns = _cache.load(identify(path, file, paths), kind, read, paths, [])
            if columns.arrays and len(columns.architectures()) == NASBench201().size:
                return columns.architectures()
    raise UserError(
        f"{NATS_CSV.name} (or {HWNAS_PICKLE.name}) is not in {paths.data}: it tells which "
        "architecture a benchmark index stands for",
        remedy=NATS_CSV.fetch_command,
    )
