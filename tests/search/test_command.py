"""The command ``hwnas search``, with predictors of a small table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import hwnas
from hwnas.space import Choices, FBNet
from tests.commands import Hwnas, in_process
from tests.tables_of_users import bundled, write_csv


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table, predictors of latency and accuracy, and unusable files."""
    made = tmp_path_factory.mktemp("search")
    write_csv(made / "board.csv")
    table = bundled()
    assert table.accuracy is not None
    rows = np.arange(0, len(table), 300)
    for name, unit, values in (
        ("latency", "ms", table.values),
        ("accuracy", "percent", table.accuracy),
    ):
        model = hwnas.make_predictor("ridge", table.space).fit(
            table.architectures[rows], values[rows]
        )
        direction = "maximize" if name == "accuracy" else "minimize"
        facts = {"metric": name, "unit": unit, "direction": direction}
        model.calibrate().save(made / f"{name}.hwnas", facts)
    cells = FBNet().sample(20, np.random.default_rng(0))
    other = hwnas.make_predictor("ridge", FBNet()).fit(cells, np.arange(20.0))
    other.save(made / "fbnet.hwnas", {"metric": "latency", "unit": "ms"})
    dimensions = Choices("dimensions", {"depth": [1, 2, 3], "width": [8, 16, 32]})
    without_network = hwnas.make_predictor("ridge", dimensions)
    without_network.fit(dimensions.enumerate(), np.arange(9.0))
    without_network.save(made / "dimensions.hwnas", {"metric": "latency", "unit": "ms"})
    whole = (made / "latency.hwnas").read_bytes()
    (made / "cut.hwnas").write_bytes(whole[: len(whole) // 2])
    return made


def lines(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_search_with_predictors_writes_the_exact_front(folder: Path, hwnas: Hwnas) -> None:
    out = folder / "front.csv"
    done = hwnas(
        "search",
        f"predictor={folder}/latency.hwnas",
        f"accuracy={folder}/accuracy.hwnas",
        "limit=2",
        f"out={out}",
    )
    assert done.returncode == 0, done.stderr
    assert "every one of the 7,122 networks" in done.stdout
    front = [line for line in lines(out) if line["on_front"] == "yes"]
    latency = [float(line["latency_ms"]) for line in front]
    accuracy = [float(line["accuracy_percent"]) for line in front]
    assert latency == sorted(latency)
    assert accuracy == sorted(accuracy)
    chosen = [line for line in lines(out) if line["chosen"] == "yes"]
    assert len(chosen) == 1
    assert float(chosen[0]["probability_within_limit"]) >= 0.9
    assert out.with_suffix(".png").is_file()


def test_search_with_flops_calls_them_a_stand_in(folder: Path, hwnas: Hwnas) -> None:
    files = f"[{folder}/latency.hwnas,{folder}/latency.hwnas]"
    out = folder / "flops.csv"
    done = hwnas("search", f"predictor={files}", "accuracy=flops", f"out={out}")
    assert done.returncode == 0, done.stderr
    assert "STAND-IN for accuracy" in done.stdout
    names = list(lines(out)[0])
    assert "stand_in_flops_MMACs" in names
    assert {"latency_ms", "latency_ms_latency"} <= set(names)


def test_search_with_a_table_of_accuracies_has_its_architectures_only(
    folder: Path, hwnas: Hwnas
) -> None:
    out = folder / "table.csv"
    done = hwnas(
        "search",
        f"predictor={folder}/latency.hwnas",
        f"accuracy={folder}/board.csv",
        f"out={out}",
    )
    assert done.returncode == 0, done.stderr
    measured = {line["architecture"]: line["accuracy"] for line in lines(folder / "board.csv")}
    known = {float(value) for value in measured.values()}
    assert {float(line["accuracy_percent"]) for line in lines(out)} <= known
    assert "without a known value" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["predictor={0}/cut.hwnas"], "cut.hwnas: is incomplete or damaged"),
        (["predictor={0}/none.hwnas"], "none.hwnas: no such file"),
        (["predictor={0}/accuracy.hwnas"], "predicts accuracy. Try: accuracy="),
        (
            ["predictor={0}/latency.hwnas", "accuracy={0}/latency.hwnas"],
            "predicts latency, not accuracy",
        ),
        (["predictor=[{0}/latency.hwnas,{0}/fbnet.hwnas]"], "fbnet.hwnas: is of the space fbnet"),
        (["predictor={0}/fbnet.hwnas"], "no accuracies of the space fbnet are known"),
        (
            ["predictor={0}/dimensions.hwnas"],
            "are known. Try: accuracy=FILE.hwnas or accuracy=TABLE.csv\n",
        ),
        (["predictor={0}/latency.hwnas", "limit=[1,2]"], "a number for each of latency is needed"),
        (["predictor={0}/latency.hwnas", "method=all"], "method: no 'all'"),
        (["predictor={0}/latency.hwnas", "metric=speed"], "metric=speed: no such option"),
        (["accuracy=flops"], "there is no hardware metric to search with"),
        (["predictor={0}/latency.hwnas", "out={0}"], "not the name of a CSV file"),
    ],
)
def test_search_with_a_mistake_ends_in_one_line(
    folder: Path, arguments: list[str], expected: str
) -> None:
    done = in_process("search", *(each.format(folder) for each in arguments))
    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
