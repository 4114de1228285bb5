"""A user's own table: which column is meant, units, repeated rows, accuracies and mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hwnas
from hwnas.dataset import Table
from hwnas.errors import UserError
from tests.commands import Hwnas
from tests.tables_of_users import CELL, write_csv

OTHER = "|none~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|nor_conv_1x1~2|"


def _table(tmp_path: Path, text: str, metric: str | None = None, **options: Any) -> Table:
    path = tmp_path / "board.csv"
    path.write_text(text.replace("CELL", CELL).replace("OTHER", OTHER), encoding="utf-8")
    return hwnas.load_dataset("csv", metric, path=str(path), data=str(tmp_path), **options)


@pytest.mark.parametrize(
    ("column", "metric", "unit"),
    [
        ("latency_ms", "latency", "ms"),
        ("latency_us", "latency", "us"),
        ("energy [mJ]", "energy", "mJ"),
        ("power_W", "power", "W"),
        ("GPU time (ms)", "GPU_time", "ms"),
    ],
)
def test_load_one_column_with_a_unit_is_the_target(
    column: str, metric: str, unit: str, tmp_path: Path
) -> None:
    table = _table(tmp_path, f"architecture,layers,{column}\nCELL,3,1.5\nOTHER,4,2.5\n")
    assert (table.metric.name, table.metric.unit) == (metric, unit)
    assert table.values.tolist() == [1.5, 2.5]


TWO = "architecture,latency_ms,energy_mJ,latency_std_ms\nCELL,1,10,0.1\nOTHER,2,30,0.1\n"


def test_load_several_metrics_are_chosen_by_metric_or_target(tmp_path: Path) -> None:
    assert _table(tmp_path, TWO, "energy").values.tolist() == [10, 30]
    assert _table(tmp_path, TWO, target="latency_ms").values.tolist() == [1, 2]


def test_load_metric_with_a_yaml_keeps_its_direction(tmp_path: Path) -> None:
    text = "architecture,arithmetic_intensity [ops/byte]\nCELL,1\nOTHER,2\n"
    assert _table(tmp_path, text).metric.direction == "maximize"


def test_load_column_without_unit_takes_the_unit_of_the_metric(tmp_path: Path) -> None:
    text = "architecture,latency\nCELL,1\nOTHER,2\n"
    assert _table(tmp_path, text, "latency").metric.unit == "ms"


def test_load_repeated_rows_are_one_with_the_median(tmp_path: Path) -> None:
    text = "architecture,latency_ms\nCELL,1\nOTHER,9\nCELL,3\nCELL,-1\nCELL,2.5\n"
    table = _table(tmp_path, text)
    assert table.values.tolist() == [2.5, 9.0]
    assert table.provenance.details["repeated"] == {
        "architectures": 1,
        "rows": 4,
        "most_rows": 4,
        "statistic": "median",
    }


def test_load_parquet_has_the_values_of_the_csv(tmp_path: Path) -> None:
    columns = {"architecture": [CELL, OTHER, CELL], "latency_ms": [1.25, None, 1.75]}
    pq.write_table(pa.table(columns), tmp_path / "board.parquet")
    table = hwnas.load_dataset("csv", path=str(tmp_path / "board.parquet"))
    assert table.values.tolist() == [1.5]
    assert table.device == "board"


def test_load_two_tables_are_two_devices_and_new_rows_another_dataset(tmp_path: Path) -> None:
    paths = [write_csv(tmp_path / f"{name}.csv", 20) for name in ("board", "phone")]
    board, phone = (hwnas.load_dataset("csv", path=str(path)) for path in paths)
    assert (board.device, phone.device) == ("board", "phone")
    grown = hwnas.load_dataset("csv", path=str(write_csv(tmp_path / "board.csv", 21)))
    assert grown.device == "board"
    assert grown.dataset != board.dataset
    assert board.dataset == f"board-{board.provenance.sha256[:8]}"


def test_load_columns_of_dimensions_make_the_space(tmp_path: Path) -> None:
    text = "depth,kind,latency_ms,accuracy\n2,conv,1,70\n3,pool,2,80\n2,conv,3,70\n"
    table = _table(tmp_path, text, space="columns")
    assert table.space.to_strings(table.architectures) == ["depth=2;kind=conv", "depth=3;kind=pool"]
    assert table.values.tolist() == [2.0, 2.0]


class TestAccuracy:
    @pytest.mark.parametrize(
        ("column", "values", "options"),
        [
            ("accuracy", (91.5, 60), {}),
            ("accuracy_%", (91.5, 60), {}),
            ("accuracy_fraction", (0.915, 0.6), {}),
            ("accuracy", (0.915, 0.6), {"accuracy_unit": "fraction"}),
        ],
    )
    def test_load_accuracy_is_in_percent(
        self, column: str, values: tuple[float, float], options: dict[str, str], tmp_path: Path
    ) -> None:
        first, second = values
        text = f"architecture,latency_ms,{column}\nCELL,1,{first}\nOTHER,2,{second}\n"
        table = _table(tmp_path, text, **options)
        assert table.accuracy is not None
        assert table.accuracy.tolist() == pytest.approx([91.5, 60])
        assert table.accuracy_provenance is not None
        assert table.accuracy_provenance.source == "board.csv"

    def test_load_without_accuracies_joins_those_of_the_space(self, tmp_path: Path) -> None:
        table = _table(tmp_path, "architecture,latency_ms\nCELL,1\nOTHER,2\n")
        assert table.accuracy is not None
        assert table.accuracy_provenance is not None
        assert table.accuracy_provenance.source != "board.csv"
        assert np.all(table.accuracy > 1)


MISTAKES = {
    "no unit": (
        "architecture,speed\nCELL,1\n",
        {},
        "no column whose name ends in a unit",
        "target=",
    ),
    "no numbers": (
        "architecture,name\nCELL,fast\n",
        {},
        "no column whose name ends in a unit",
        "a column with the measured numbers",
    ),
    "target without unit": (
        "architecture,speed\nCELL,1\n",
        {"target": "speed"},
        "has no unit",
        "metric.unit=ms",
    ),
    "several": (TWO, {}, "several columns could be the target", "target=latency_ms"),
    "unknown column": (TWO, {"target": "latency_us"}, "no column 'latency_us'", "latency_ms"),
    "another metric": (TWO, {"metric": "memory"}, "no column for metric=memory", "target="),
    "contradiction": (
        TWO,
        {"metric": "energy", "target": "latency_ms"},
        "target=latency_ms is not metric=energy",
        "metric=latency",
    ),
    "another space": (TWO, {"space": "fbnet", "metric": "energy"}, "line 2", "space=nasbench201"),
    "no architecture": (
        "cell,latency_ms\nCELL,1\n",
        {},
        "no column 'architecture'",
        "space=columns",
    ),
    "text": ("architecture,latency_ms,x\nCELL,1,a\nCELL,fast,a\n", {}, "line 3", "'fast'"),
    "no value": ("architecture,latency_ms\nCELL,OOM\n", {"target": "latency_ms"}, "no value", ""),
    "no rows": ("architecture,latency_ms\n", {}, "no rows", ""),
    "fraction or percent": (
        "architecture,latency_ms,accuracy\nCELL,1,0.9\n",
        {},
        "fractions or percent",
        "dataset.accuracy_unit=fraction",
    ),
    "wrong accuracy": ("architecture,latency_ms,accuracy\nCELL,1,910\n", {}, "line 2", "910"),
    "wrong unit of accuracy": (
        "architecture,latency_ms,accuracy\nCELL,1,91\n",
        {"accuracy_unit": "permille"},
        "no 'permille'",
        "fraction",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_load_mistake_raises_one_line_with_a_remedy(name: str, tmp_path: Path) -> None:
    text, options, problem, remedy = MISTAKES[name]
    with pytest.raises(UserError) as caught:
        _table(tmp_path, text, **options)
    message = str(caught.value)
    assert problem in message
    assert remedy in message
    assert "\n" not in message


def test_load_file_cut_off_raises(tmp_path: Path) -> None:
    pq.write_table(pa.table({"architecture": [CELL], "latency_ms": [1.0]}), tmp_path / "a.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-30])
    with pytest.raises(UserError, match="not a whole Parquet file"):
        hwnas.load_dataset("csv", path=str(tmp_path / "cut.parquet"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["run", "table=nowhere.csv"], "nowhere.csv: no such file"),
        (["fit", "table=nowhere.csv"], "nowhere.csv: no such file"),
        (["advise", "table=nowhere.csv"], "nowhere.csv: no such file"),
        (["doctor", "table=nowhere.csv"], "nowhere.csv: no such file"),
        (["run", "dataset=csv"], "dataset=csv: no file is given. Try: table=FILE.csv"),
        (["doctor", "dataset=local/cpu"], "doctor: describes files"),
        (["doctor", "board.csv"], "doctor: board.csv is not an override"),
    ],
)
def test_command_without_the_file_is_one_line_and_exit_code_2(
    arguments: list[str], problem: str, hwnas: Hwnas
) -> None:
    finished = hwnas(*arguments)
    assert finished.returncode == 2
    assert problem in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_doctor_table_describes_its_columns(hwnas: Hwnas, tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text(TWO.replace("CELL", CELL).replace("OTHER", OTHER))
    finished = hwnas("doctor", f"table={path}")
    assert finished.returncode == 0, finished.stderr
    described = [line.split()[:4] for line in finished.stdout.splitlines()[1:4]]
    assert described == [
        ["two", "latency_ms", "ms", "2"],
        ["two", "energy_mJ", "mJ", "2"],
        ["two", "latency_std_ms", "ms", "2"],
    ]


def test_advise_table_gives_a_plan(hwnas: Hwnas, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "board.csv", 80)
    few = ("scenarios=2", "repeats=2", "predictors=[ridge]", "budget=10min")
    finished = hwnas("advise", f"table={path}", *few)
    assert finished.returncode == 0, finished.stderr
    assert "board latency [ms]" in finished.stdout
