"""Damaged files: the error says what each is, and names the command that fetches it anew."""

from __future__ import annotations

import gzip
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from hwnas.dataset import Columns, OfficialFile, OfficialTable
from hwnas.dataset._damage import damage, foreign_content
from hwnas.dataset._help import BLOCKS, latency_file, read_latencies
from hwnas.dataset._hwnas360 import TABLE as HWNAS360
from hwnas.dataset._hwnas_fbnet import BLOCKS as LOOKUPS
from hwnas.dataset._hwnas_file import CELLS
from hwnas.dataset._nasbench201 import ACCURACIES
from hwnas.dataset._transnas import TABLES
from hwnas.errors import UserError, command
from hwnas.paths import Paths
from tests.dataset import official


def torch_file(content: object, zipped: bool = True) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


def parquet_file() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"arch_idx": range(100)}).to_parquet(buffer)
    return buffer.getvalue()


def csv_file() -> bytes:
    return official.nats_text().encode()


LATENCIES = OfficialTable(latency_file("nasbench201", "raspi4"), "help", read_latencies)
#: Every official table, and a file in its format.
READERS: list[tuple[OfficialTable, Callable[[], bytes]]] = [
    (CELLS, lambda: pickle.dumps(official.hwnas_content())),
    (LOOKUPS, lambda: pickle.dumps({"fbnet": {"edgegpu_latency": {"block": 1.0}}})),
    (ACCURACIES, csv_file),
    (HWNAS360, parquet_file),
    (LATENCIES, lambda: torch_file([1.0, 2.0])),
    (LATENCIES, lambda: torch_file(torch.zeros(500), zipped=False)),
    (BLOCKS, lambda: torch_file([[0] * 22])),
    *((table, lambda: torch_file({"data": {}})) for table in TABLES.values()),
]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 104857600\n"
DAMAGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda whole: whole[: len(whole) * 2 // 3], "cut off"),
    (lambda whole: whole[:-10], "cut off"),
    (lambda _: b"", "an empty file"),
    (lambda whole: gzip.compress(whole), "a file compressed with gzip"),
    (lambda _: b"\n\n<!DOCTYPE html>\n<html><head><title>Sign in</title>", "an HTML page"),
    (lambda _: b"<HTML>\n<body>quota exceeded", "an HTML page"),
    (lambda _: LFS, "a Git LFS pointer"),
]


@pytest.mark.parametrize(("break_it", "kind"), DAMAGES)
@pytest.mark.parametrize(("table", "content"), READERS)
def test_load_damaged_file_raises_naming_damage_and_fetch(
    paths: Paths,
    table: OfficialTable,
    content: Callable[[], bytes],
    break_it: Callable[[bytes], bytes],
    kind: str,
) -> None:
    path = paths.data / table.file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(break_it(content()))
    with pytest.raises(UserError) as error:
        table.load(paths)
    message = str(error.value)
    assert message.startswith(str(path))
    assert kind in message
    assert message.endswith(command(f"fetch {table.file.family}"))
    assert message.isprintable()
    assert official.cached(paths) == []


def test_load_intact_file_of_other_content_names_fetch(paths: Paths) -> None:
    (paths.data / CELLS.file.name).write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(UserError, match=r"contains a list.*move it away, then .*fetch hwnas$"):
        CELLS.load(paths)


@pytest.mark.parametrize(("_", "content"), READERS)
def test_damage_intact_file_is_none(
    tmp_path: Path, _: OfficialTable, content: Callable[[], bytes]
) -> None:
    path = tmp_path / "intact"
    path.write_bytes(content())
    assert damage(path) is None


def test_foreign_content_table_that_mentions_html_is_none(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("page,latency_ms\n<html>,1\n")
    assert foreign_content(path) is None


def test_damage_pickle_cut_off_after_a_point_raises_cut_off(paths: Paths) -> None:
    """A point ends a pickle, so a pickle cut after one looks whole from outside."""
    whole = pickle.dumps({"nasbench201": "a" * 50 + "." + "a" * 50})
    path = paths.data / CELLS.file.name
    path.write_bytes(whole[: whole.index(b".a") + 1])
    assert damage(path) is None
    with pytest.raises(UserError, match="is cut off"):
        CELLS.load(paths)


def test_load_reader_of_compressed_files_reads_them(paths: Paths) -> None:
    def read(path: Path) -> Columns:
        return Columns({"value": np.array([float(gzip.decompress(path.read_bytes()))])})

    table = OfficialTable(OfficialFile("mine", "mine.gz", "https://example.org", 1000), "m", read)
    path = paths.data / "mine.gz"
    path.write_bytes(gzip.compress(b"1.5"))
    assert table.load(paths).columns.floats("value").tolist() == [1.5]
    path.write_text("<html>quota exceeded")
    with pytest.raises(UserError, match=r"is an HTML page\. Try: .*fetch mine"):
        table.load(paths)
