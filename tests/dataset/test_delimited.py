"""CSV files as other programs write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwnas.dataset import TextTable, group_repeated, missing_as_nan, read_delimited
from hwnas.errors import UserError

NAN = float("nan")


def read(tmp_path: Path, content: str | bytes) -> TextTable:
    path = tmp_path / "board.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delimited(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_read_delimited_each_dialect_has_equal_cells(
    tmp_path: Path, delimiter: str, end: str, start: str
) -> None:
    rows = [["network", "latency_ms"], ["a", "1.5"], ["b", "2"]]
    table = read(tmp_path, start + end.join(delimiter.join(row) for row in rows) + end)
    assert table.strings("network") == ["a", "b"]
    assert table.floats("latency_ms").tolist() == [1.5, 2.0]
    assert table.lines == [2, 3]


def test_read_delimited_utf16_of_spreadsheets_is_read(tmp_path: Path) -> None:
    table = read(tmp_path, "network\tlatency µs\na\t1\n".encode("utf-16"))
    assert table.floats("latency µs").tolist() == [1.0]


def test_read_delimited_architecture_with_other_delimiters_stays_one_cell(tmp_path: Path) -> None:
    cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    table = read(tmp_path, f"architecture,latency_ms\n{cell},1\na=1;b=2,3\n")
    assert table.strings("architecture") == [cell, "a=1;b=2"]


@pytest.mark.parametrize("word", ["", " ", "OOM", "oom", "NaN", "N/A", "inf", "-inf", "1e999"])
def test_floats_missing_cell_is_nan(tmp_path: Path, word: str) -> None:
    table = read(tmp_path, f"network,latency_ms\na,{word}\nb,-1\n")
    np.testing.assert_array_equal(table.floats("latency_ms"), [NAN, -1.0])


def test_floats_decimal_comma_needs_other_delimiter_and_no_point(tmp_path: Path) -> None:
    table = read(tmp_path, "network;latency_ms;energy\na;1,5;2.5\nb;3;1,000\n")
    assert table.floats("latency_ms").tolist() == [1.5, 3.0]
    with pytest.raises(UserError, match="line 3: column 'energy' has '1,000'"):
        table.floats("energy")


@pytest.mark.parametrize("cell", ["fast", "1 2", "1_000", "3.5 ms", "0x10"])
def test_floats_text_raises_naming_file_and_line(tmp_path: Path, cell: str) -> None:
    # A quoted cell of two lines and a blank line stand before the fault.
    table = read(tmp_path, f'network,latency_ms\n"a\nb",1\n\nc,{cell}\n')
    with pytest.raises(UserError, match=rf"board\.csv, line 5: .*'latency_ms' has '{cell}'"):
        table.floats("latency_ms")


def test_is_numeric_tells_numbers_from_words(tmp_path: Path) -> None:
    table = read(tmp_path, "kernel,kind,blank\n3,none,\nOOM,skip,\n")
    assert [table.is_numeric(name) for name in table.cells] == [True, False, False]


def test_parsed_refused_cell_raises_naming_line(tmp_path: Path) -> None:
    table = read(tmp_path, "depth\n1\nx\n")
    with pytest.raises(UserError, match="line 3: column 'depth': invalid literal"):
        table.parsed("depth", int)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is an empty file"),
        ("<!DOCTYPE html>", "is an HTML page, not a CSV file"),
        ("\n\n", "no line with the names"),
        ("a,b\n1,2\n3\n", r"line 3: the row has 1 cells, but the header has 2 \(delimiter ','\)$"),
        ("a,b\n1,2\n3", "line 3: .* may be cut off"),
        ("a,b\n1,2,3\n", "line 2: the row has 3 cells"),
        ("a,b,a\n1,2,3\n", "line 1: two columns have the name 'a'"),
        ('a,b\n"1,2\n', "line 2: not a row of a CSV file"),
        (b"a,b\n1,\xb5\n", "line 2: not text in UTF-8"),
    ],
)
def test_read_delimited_malformed_file_raises_naming_line(
    tmp_path: Path, content: str | bytes, problem: str
) -> None:
    with pytest.raises(UserError, match=problem) as error:
        read(tmp_path, content)
    assert "board.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_read_delimited_missing_file_raises(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UserError, match=f"{path}: cannot be read"):
            read_delimited(path)


def test_read_delimited_spreadsheet_leftovers_are_left_out(tmp_path: Path) -> None:
    # pandas writes an index without a name. Spreadsheets write empty rows and trailing delimiters.
    table = read(tmp_path, ",network,latency_ms\n0,a,1,,\n,,\n1,b,2\n")
    assert list(table.cells) == ["network", "latency_ms"]
    assert table.floats("latency_ms").tolist() == [1.0, 2.0]
    assert table.lines == [2, 4]


def test_strings_unknown_column_raises_naming_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column 'latency'; did you mean 'latency_ms'"):
        read(tmp_path, "network,latency_ms\na,1\n").strings("latency")


def test_group_repeated_median_ignores_missing_values() -> None:
    repeated = group_repeated(["b", "a", "b", "c", "b", "a"])
    values = np.array([5.0, 1.0, 2.0, NAN, NAN, 4.0])
    np.testing.assert_array_equal(repeated.median(values), [3.5, 2.5, NAN])
    assert repeated.rows.tolist() == [0, 1, 3]
    assert repeated.counts.tolist() == [3, 2, 1]
    assert repeated.details() == {
        "repeated": {"architectures": 2, "rows": 5, "most_rows": 3, "statistic": "median"}
    }
    assert group_repeated(["a", "b"]).details() == {}


def test_median_equals_numpy() -> None:
    rng = np.random.default_rng(0)
    keys, values = rng.integers(40, size=200), rng.normal(size=200)
    repeated = group_repeated(keys.tolist())
    expected = [np.median(values[keys == keys[row]]) for row in repeated.rows]
    np.testing.assert_allclose(repeated.median(values), expected)


def test_missing_as_nan_infinite_and_negative_values_are_nan() -> None:
    values = missing_as_nan([0.0, -1, np.inf, -np.inf, NAN, None, 2])
    np.testing.assert_array_equal(values, [0.0, NAN, NAN, NAN, NAN, NAN, 2.0])
