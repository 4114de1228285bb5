"""Architectures are read from lines, from a CSV file and from standard input."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import hwnas as api
from hwnas.encoding import OneHot
from hwnas.errors import UserError
from hwnas.fitted import read_strings, write_predictions
from hwnas.predictor import Predictor
from hwnas.space import ColumnSpace
from tests.commands import Hwnas
from tests.tables import ridge, whole_table
from tests.tables_of_users import CELL


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    table = whole_table(60)
    return ridge().fit(table.architectures, table.values).calibrate()


@pytest.fixture(scope="module")
def saved(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "ridge.hwnas"
    predictor.save(path, {"unit": "ms", "metric": "latency"})
    return path


def _written(predictor: Predictor, strings: list[str]) -> list[str]:
    out = io.StringIO()
    write_predictions(predictor, strings, None, out)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    "content",
    [
        f"{CELL}\n\n{CELL}",
        f"architecture\r\n{CELL}\r\n{CELL}\r\n",
        f"name,architecture\na,{CELL}\nb,{CELL}\n",
        f"\ufeff{CELL}\n{CELL}\n",
    ],
    ids=["lines", "lines with a title", "csv", "byte order mark"],
)
def test_read_strings_every_form_gives_the_architectures(
    content: str, predictor: Predictor, tmp_path: Path
) -> None:
    path = tmp_path / "architectures.txt"
    path.write_text(content, encoding="utf-8")
    strings, lines = read_strings(str(path), predictor)
    assert strings == [CELL, CELL]
    assert len(lines) == 2


def test_read_strings_standard_input_gives_the_architectures(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CELL}\n"))
    assert read_strings("-", predictor) == ([CELL], [1])


def test_write_predictions_without_std_has_the_interval_of_residuals(predictor: Predictor) -> None:
    head, line = _written(predictor, [CELL])
    assert head == "architecture,value,std,lower,upper"
    _, value, std, lower, upper = line.split(",")
    assert std == ""
    assert float(lower) < float(value) < float(upper)


def test_write_predictions_of_columns_marks_extrapolated_rows(tmp_path: Path) -> None:
    space = ColumnSpace().inferred({"depth": [1, 2, 3, 4], "kind": ["a", "b", "a", "b"]})
    rows = space.from_columns({"depth": [1, 2, 3, 4], "kind": ["a", "b", "a", "b"]})
    predictor = Predictor(space, OneHot(), Ridge()).fit(rows, np.arange(4.0))
    path = tmp_path / "next.csv"
    path.write_text("kind,depth\na,2\nb,9\n")
    strings, lines = read_strings(str(path), predictor)
    out = io.StringIO()
    assert write_predictions(predictor, strings, lines, out) == 1
    assert [line.rpartition(",")[2] for line in out.getvalue().splitlines()] == [
        "extrapolated",
        "no",
        "yes",
    ]


def test_write_predictions_of_another_space_names_the_line(predictor: Predictor) -> None:
    out = io.StringIO()
    with pytest.raises(UserError, match="line 7: not a NAS-Bench-201 architecture string: 'k3_e1'"):
        write_predictions(predictor, [CELL, "k3_e1"], [1, 7], out)
    assert out.getvalue() == ""


def test_show_file_without_facts_says_unknown(hwnas: Hwnas, saved: Path) -> None:
    shown = hwnas("show", str(saved))
    assert shown.returncode == 0
    assert "latency [ms]" in shown.stdout
    assert "scores     unknown" in shown.stdout


def test_show_text_from_a_stranger_is_one_printable_line(
    hwnas: Hwnas, predictor: Predictor, tmp_path: Path
) -> None:
    predictor.save(tmp_path / "odd.hwnas", {"metric": "a\n\x1b[31mb", "device": "x" * 500})
    shown = hwnas("show", str(tmp_path / "odd.hwnas")).stdout
    assert "\x1b" not in shown
    assert max(len(line) for line in shown.splitlines()) < 200


def test_load_predictor_result_folder_loads_its_predictor(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "predictor.hwnas").write_bytes(saved.read_bytes())
    assert api.load_predictor(tmp_path).metadata_["unit"] == "ms"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["predict"], "the following arguments are required: PREDICTOR"),
        (["predict", "SAVED"], "give either a file of architectures or --architecture"),
        (["predict", "SAVED", "nowhere.txt"], "nowhere.txt: cannot be read"),
        (["predict", "SAVED", "--architecture", "k3_e1|skip"], "not a NAS-Bench-201 architecture"),
        (["predict", "nowhere.hwnas", "--architecture", CELL], "nowhere.hwnas: no such file"),
        (["show", "CUT"], "is incomplete or damaged"),
        (["show", "README.md"], "README.md: is not a saved predictor"),
        (["show", "SAVED", "--scores"], "unrecognized arguments: --scores"),
    ],
)
def test_command_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], problem: str, hwnas: Hwnas, saved: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.hwnas"
    cut.write_bytes(saved.read_bytes()[:-40])
    words = {"SAVED": str(saved), "CUT": str(cut)}
    finished = hwnas(*(words.get(each, each) for each in arguments))
    assert finished.returncode == 2
    assert problem in finished.stderr
    assert finished.stderr.count("\n") == 1
    assert finished.stdout == ""
