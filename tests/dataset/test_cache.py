"""The cache of converted tables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hwnas.dataset import Columns, OfficialFile, OfficialTable
from hwnas.dataset._source import hash_file, identify
from hwnas.errors import UserError
from hwnas.paths import Paths
from tests.commands import python
from tests.dataset import official

FILE = OfficialFile("numbers", "numbers.txt", "https://example.org/numbers.txt", limit=1000)


class Reader:
    """A reader of one number per line that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, path: Path) -> Columns:
        self.calls += 1
        values = np.array([float(line) for line in path.read_text().split()])
        words = np.array([f"row {i}" for i in range(len(values))], dtype=object)
        return Columns({"value": values, "twice": 2 * values, "word": words}, {"value": "ms"})


@pytest.fixture
def numbers(paths: Paths) -> Path:
    path = paths.data / FILE.name
    path.write_text("1.5\nnan\n3.5\n")
    return path


def load(paths: Paths, read: Reader, *wanted: str) -> Columns:
    return OfficialTable(FILE, "numbers", read).load(paths, wanted or None).columns


def only_table(paths: Paths) -> Path:
    (path,) = (paths.cache / "tables").iterdir()
    return path


def test_load_second_call_does_not_convert(paths: Paths, numbers: Path) -> None:
    read = Reader()
    first, second = load(paths, read), load(paths, read)
    assert read.calls == 1
    for columns in (first, second):
        np.testing.assert_array_equal(columns.floats("value"), [1.5, np.nan, 3.5])
        assert columns.arrays["word"].tolist() == ["row 0", "row 1", "row 2"]
        assert columns.units == {"value": "ms"}
    assert set(load(paths, read, "twice", "thrice").arrays) == {"twice"}
    assert numbers.read_text() == "1.5\nnan\n3.5\n"


def test_load_cached_table_has_provenance(paths: Paths, numbers: Path) -> None:
    load(paths, Reader())
    about = json.loads(pq.read_schema(only_table(paths)).metadata[b"hwnas"])
    hashes = hash_file(numbers)
    assert about == {
        "source": "numbers.txt",
        "sha256": hashes.sha256,
        "blob": hashes.blob,
        "official": None,
        "url": FILE.url,
        "units": {"value": "ms"},
        "missing": {"value": 1, "twice": 1},
    }


@pytest.mark.usefixtures("numbers")
@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_load_damaged_table_is_converted_again(paths: Paths, damage: str) -> None:
    read = Reader()
    load(paths, read)
    table = only_table(paths)
    whole = table.read_bytes()
    flipped = bytearray(whole)
    flipped[20] ^= 0xFF
    table.write_bytes(
        {"cut": whole[:-10], "flip": bytes(flipped), "empty": b"", "other": b"PAR1"}[damage]
    )
    np.testing.assert_array_equal(load(paths, read).floats("value"), [1.5, np.nan, 3.5])
    assert read.calls == 2
    assert only_table(paths).read_bytes() == whole


def test_load_changed_file_is_converted_again(paths: Paths, numbers: Path) -> None:
    read = Reader()
    load(paths, read)
    numbers.write_text("7.0\n")
    assert load(paths, read).floats("value").tolist() == [7.0]
    # The same length and another time.
    numbers.write_text("8.0\n")
    os.utime(numbers, ns=(1, 1))
    assert load(paths, read).floats("value").tolist() == [8.0]


def test_identify_unchanged_file_is_not_hashed_again(
    paths: Paths, numbers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = identify(numbers, FILE, paths)
    monkeypatch.setattr("hwnas.dataset._source.hash_file", lambda _: pytest.fail("hashed again"))
    assert identify(numbers, FILE, paths) == first


def test_identify_damaged_cached_hash_is_ignored(paths: Paths, numbers: Path) -> None:
    first = identify(numbers, FILE, paths)
    (memo,) = (paths.cache / "hashes").iterdir()
    memo.write_text('{"key": ')
    assert identify(numbers, FILE, paths) == first


def test_hash_file_blob_equals_git(paths: Paths) -> None:
    path = paths.data / "hello"
    path.write_bytes(b"hello\n")
    # echo hello | git hash-object --stdin
    assert hash_file(path).blob == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_identify_file_over_limit_raises(paths: Paths, numbers: Path) -> None:
    numbers.write_text("1.0\n" * 300)
    with pytest.raises(UserError, match=r"numbers\.txt: 1200 bytes, more than the 1000"):
        load(paths, Reader())


def test_load_failing_reader_caches_nothing(paths: Paths, numbers: Path) -> None:
    numbers.write_text("many\n")
    with pytest.raises(ValueError, match="many"):
        load(paths, Reader())
    assert official.cached(paths) == []


@pytest.mark.usefixtures("numbers")
def test_load_cache_not_writable_raises(paths: Paths) -> None:
    paths.cache.write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be written"):
        load(paths, Reader())


@pytest.mark.thorough
def test_load_cached_table_imports_no_heavy_library(hwnas_data: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from hwnas.dataset import TransNAS; from hwnas.paths import Paths\n"
        "light = not {'pandas', 'pyarrow', 'torch'} & set(sys.modules)\n"
        "from hwnas.metric import Metric; from hwnas.space import TransNASMicro\n"
        f"paths = Paths({str(hwnas_data)!r}, {str(tmp_path)!r}, 'outputs')\n"
        "table = TransNAS('class_scene', Metric('latency', 'ms'), TransNASMicro(), paths).load()\n"
        "print(light, len(table), sorted({'pandas', 'torch'} & set(sys.modules)))"
    )
    assert python("-c", code).stdout == "True 4096 ['pandas', 'torch']\n"
    assert python("-c", code).stdout == "True 4096 []\n"
