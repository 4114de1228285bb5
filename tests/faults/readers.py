"""Every reader of files from outside, as the fuzzer calls it: with bytes, and an empty folder."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hwnas.dataset import OfficialTable, TableFile, read_local_table
from hwnas.dataset._hat import official_file as hat_file
from hwnas.dataset._hat import read_csv as read_hat
from hwnas.dataset._help import BLOCKS as HELP_BLOCKS
from hwnas.dataset._help import latency_file, read_latencies
from hwnas.dataset._help_ofa import ARCHITECTURES as OFA
from hwnas.dataset._hwgpt import official_files, read_observations
from hwnas.dataset._hwnas360 import TABLE as HWNAS360
from hwnas.dataset._hwnas_fbnet import BLOCKS as FBNET
from hwnas.dataset._hwnas_file import CELLS
from hwnas.dataset._nasbench201 import ACCURACIES
from hwnas.dataset._transnas import TABLES
from hwnas.fitted._ask import read_strings, write_predictions
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.predictor import load_predictor
from hwnas.results import show
from hwnas.space import ColumnSpace, NASBench201, SearchSpace
from tests.dataset import official
from tests.dataset.test_transformers_and_ofa import observation
from tests.dataset.test_transnas import content as transnas_content
from tests.faults.files import GOOD, HEADER, OTHER, torch_archive
from tests.predictor.saved_files import FOLDER
from tests.results.written import write_result
from tests.tables_of_users import CELL


@dataclass(frozen=True)
class Reader:
    """One reader.

    Parameters
    ----------
    name : str
    seeds : callable
        Returns inputs that are read without an error. Mutations start from them.
    read : callable
        Takes an input and an empty folder, writes the input to a file in the folder, and reads
        the file as the program does.
    is_json : bool
        Whether an input is JSON, which is also mutated value by value.
    """

    name: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], object]
    is_json: bool = False


def _table(suffix: str, space: SearchSpace) -> Callable[[bytes, Path], object]:
    def read(data: bytes, folder: Path) -> object:
        path = folder / f"board{suffix}"
        path.write_bytes(data)
        paths = Paths(folder / "data", folder / "cache", folder / "outputs")
        file = TableFile(Metric("_column", ""), space, paths, str(path))
        return file.described(), file.load()

    return read


def _official(table: OfficialTable) -> Callable[[bytes, Path], object]:
    def read(data: bytes, folder: Path) -> object:
        paths = Paths(folder / "data", folder / "cache", folder / "outputs")
        path = paths.data / table.file.name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        return table.load(paths)

    return read


def _inside_archive(table: OfficialTable) -> Callable[[bytes, Path], object]:
    """Return a reader of the pickle in a torch file. A changed zip archive is seldom opened."""
    read = _official(table)
    return lambda data, folder: read(torch_archive(data), folder)


def _local(data: bytes, folder: Path) -> object:
    (folder / "local.parquet").write_bytes(data)
    return read_local_table(folder / "local.parquet")


def _predictor(data: bytes, folder: Path) -> object:
    (folder / "x.hwnas").write_bytes(data)
    predictor = load_predictor(folder / "x.hwnas")
    if isinstance(predictor.space, NASBench201):
        write_predictions(predictor, [CELL, OTHER], None, io.StringIO())
    return predictor


@cache
def _saved() -> list[dict[str, bytes]]:
    """Return the members of each predictor file that the project keeps, without large ones."""
    found = []
    for file in sorted(FOLDER.glob("0.2.0-*.hwnas")):
        with zipfile.ZipFile(file) as opened:
            found.append({name: opened.read(name) for name in opened.namelist()})
    return found


def _document(data: bytes, folder: Path) -> object:
    """Read a predictor whose document is `data`, with the arrays of the file of its first byte."""
    saved = _saved()[data[0] % len(_saved())] if data else {}
    members = {**saved, "predictor.json": data[1:]}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return _predictor(buffer.getvalue(), folder)


def _architectures(data: bytes, folder: Path) -> object:
    (folder / "rows.csv").write_bytes(data)
    predictor = _ridge()
    strings, lines = read_strings(str(folder / "rows.csv"), predictor)
    return write_predictions(predictor, strings, lines, io.StringIO())


@cache
def _ridge() -> Any:
    return load_predictor(FOLDER / "0.2.0-ridge.hwnas")


FORMS: tuple[Literal["table", "csv"], ...] = ("table", "csv")


def _result(data: bytes, folder: Path) -> object:
    written = write_result(folder / "result")
    (written / "result.json").write_bytes(data)
    with redirect_stdout(io.StringIO()):
        for form in FORMS:
            show([folder], [], "tau", form)
    return None


def _parquets() -> list[bytes]:
    tables = [
        pa.table({"architecture": [CELL, OTHER], "latency_ms": [1.0, 2.0]}),
        pa.table({"architecture": [CELL], "latency_ms": [3], "accuracy": ["91.5"]}),
    ]
    return [_parquet(table) for table in tables]


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="none")
    return buffer.getvalue()


def _hwnas360() -> bytes:
    row = {"arch_idx": [0], "rep_arch_idx": [0], "device": ["pi5"], "framework": ["onnx"]}
    row |= {"task": ["cifar100"], "lat_ms_median": [1.5], "lat_ms_var": [0.1]}
    row |= {"energy_mj": [2.5], "accuracy": [50.0], "status": ["ok"]}
    return _parquet(pa.Table.from_pandas(pd.DataFrame(row)))


def _local_table() -> bytes:
    facts = {"name": "cpu", "space": "nasbench201", "units": {"torch_latency_minimum": "ms"}}
    table = pa.table({"architecture": [CELL], "torch_latency_minimum": [1.5]})
    return _parquet(table.replace_schema_metadata({"hwnas": json.dumps(facts)}))


def _torch(*contents: object) -> list[bytes]:
    import torch

    files = []
    for content in contents:
        buffer = io.BytesIO()
        torch.save(content, buffer)
        with zipfile.ZipFile(buffer) as archive:
            name = next(each for each in archive.namelist() if each.endswith("data.pkl"))
            files.append(archive.read(name))
    return files


_BLOCKS = [[0] * 22, [8] * 22]
_OFA = {"arch": [{"ks": [3, 5, 7, 3] * 5, "e": [3, 4, 6, 3] * 5, "d": [2, 3, 4, 2, 2], "r": 128}]}
_HAT = "layers,latency_mean_encoder,latency_mean_decoder\n"
_COLUMNS = "depth,kernel,latency_ms\n1,3,1.5\n2,5,2.5\n3,3,3.5\n"


def _documents() -> list[bytes]:
    return [bytes([i]) + members["predictor.json"] for i, members in enumerate(_saved())]


def _result_seeds() -> list[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return [(write_result(Path(folder) / "a") / "result.json").read_bytes()]


def _pickles(*contents: object) -> list[bytes]:
    return [pickle.dumps(each, protocol) for each in contents for protocol in (0, 2, 4)]


READERS: tuple[Reader, ...] = (
    Reader(
        "csv",
        lambda: [(HEADER + GOOD).encode(), f"\ufeffarchitecture;latency_ms\n{CELL};1,5\n".encode()],
        _table(".csv", NASBench201()),
    ),
    Reader("csv of columns", lambda: [_COLUMNS.encode()], _table(".csv", ColumnSpace({}))),
    Reader("parquet", _parquets, _table(".parquet", NASBench201())),
    Reader("table of hwnas measure", lambda: [_local_table()], _local),
    Reader("predictor", lambda: [(FOLDER / "0.2.0-ridge.hwnas").read_bytes()], _predictor),
    Reader("document of a predictor", _documents, _document, is_json=True),
    Reader("architectures", lambda: [f"{CELL}\n{OTHER}\n".encode()], _architectures),
    Reader("result", _result_seeds, _result, is_json=True),
    Reader("HW-NAS-Bench", lambda: _pickles(official.hwnas_content()), _official(CELLS)),
    Reader(
        "HW-NAS-Bench FBNet",
        lambda: _pickles({"fbnet": {"edgegpu_latency": {"block": 1.0}}}),
        _official(FBNET),
    ),
    Reader(
        "HW-GPT-Bench",
        lambda: _pickles([observation(0, True), observation(1, True)]),
        _official(OfficialTable(official_files("a100")[0], "hwgpt", read_observations)),
    ),
    Reader("HW-NAS-Bench-360", lambda: [_hwnas360()], _official(HWNAS360)),
    Reader(
        "NATS-Bench",
        lambda: [official.nats_text()[:1000].rpartition("\n")[0].encode()],
        _official(ACCURACIES),
    ),
    Reader(
        "HAT",
        lambda: [f"{_HAT}6,1.5,2.5\n5,1,2\n".encode()],
        _official(OfficialTable(hat_file("wmt14ende_cpu_xeon"), "hat", read_hat)),
    ),
    Reader(
        "HELP",
        lambda: _torch([1.5, 2.0], [np.float64(1.5)]),
        _inside_archive(
            OfficialTable(latency_file("nasbench201", "raspi4"), "help", read_latencies)
        ),
    ),
    Reader("HELP FBNet", lambda: _torch(_BLOCKS), _inside_archive(HELP_BLOCKS)),
    Reader("HELP OFA", lambda: _torch(_OFA), _inside_archive(OFA)),
    Reader(
        "TransNAS-Bench",
        lambda: _torch(transnas_content()),
        _inside_archive(next(iter(TABLES.values()))),
    ),
)
