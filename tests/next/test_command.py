"""``hwnas next`` as a user calls it."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hwnas.space import NASBench201
from tests.commands import Hwnas
from tests.tables_of_users import bundled, write_csv

SPACE = NASBench201()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def network_of(rows: list[dict[str, str]]) -> np.ndarray:
    return SPACE.network_representative(SPACE.from_strings(row["architecture"] for row in rows))


def fill(path: Path, column: str = "latency_ms") -> None:
    """Fill in the measurements of the bundled table."""
    table, rows = bundled(), read(path)
    place = table.locate(SPACE.from_strings(row["architecture"] for row in rows))
    for row, value in zip(rows, table.values[place], strict=True):
        row[column] = f"{value:.4f}"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_next_nothing_measured_writes_a_design_and_its_onnx_files(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    out, folder = tmp_path / "next.csv", tmp_path / "onnx"
    run = hwnas("next", "space=nasbench201", "n=3", f"out={out}", f"onnx={folder}")
    assert run.returncode == 0, run.stderr
    rows = read(out)
    assert list(rows[0]) == ["architecture", "latency_ms", "file"]
    assert [row["latency_ms"] for row in rows] == ["", "", ""]
    assert sorted(row["file"] for row in rows) == sorted(each.name for each in folder.iterdir())
    model = onnx.load(folder / rows[0]["file"])
    onnx.checker.check_model(model)
    assert {p.key: p.value for p in model.metadata_props} == {
        "architecture": rows[0]["architecture"]
    }
    assert f"fit table={out}" in run.stdout


def test_next_same_seed_proposes_the_same_and_waiting_rows_are_not_proposed_again(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    first, again, more = (tmp_path / f"{name}.csv" for name in ("first", "again", "more"))
    assert hwnas("next", "n=4", f"out={first}").returncode == 0
    assert hwnas("next", "n=4", f"out={again}").returncode == 0
    assert first.read_text() == again.read_text()
    run = hwnas("next", f"table={first}", "n=4", f"out={more}")
    assert run.returncode == 0, run.stderr
    assert "0 measured, 4 wait for a value" in run.stdout
    assert not np.isin(network_of(read(more)), network_of(read(first))).any()


def test_next_ask_and_tell_two_rounds_append_to_the_table(hwnas: Hwnas, tmp_path: Path) -> None:
    board, round_ = write_csv(tmp_path / "board.csv", 40), tmp_path / "round.csv"
    run = hwnas(
        "next", f"table={board}", "n=5", "objective=front", "limit=0.8", f"out={round_}"
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "within 0.8 ms" in run.stdout
    assert "nasbench201_cpu.parquet on digits" in run.stdout
    rows = read(round_)
    assert list(rows[0]) == ["architecture", "latency_ms", "accuracy"]
    assert not np.isin(network_of(rows), network_of(read(board))).any()
    fill(round_)
    with board.open("a") as file:
        file.write("".join(round_.read_text().splitlines(keepends=True)[1:]))
    second = tmp_path / "second.csv"
    run = hwnas("next", f"table={board}", "n=5", f"out={second}")
    assert run.returncode == 0, run.stderr
    assert "45 measured" in run.stdout
    assert not np.isin(network_of(read(second)), network_of(read(board))).any()


def test_next_candidates_of_a_file_are_the_only_ones_and_bring_their_accuracy(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    board, out = write_csv(tmp_path / "board.csv", 30), tmp_path / "next.csv"
    listed = write_csv(tmp_path / "networks.csv", 25, seed=1)
    run = hwnas(
        "next", f"table={board}", "n=4", "objective=front", f"candidates={listed}", f"out={out}"
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    accuracy = {row["architecture"]: row["accuracy"] for row in read(listed)}
    for row in read(out):
        assert float(row["accuracy"]) == float(accuracy[row["architecture"]])


def test_next_transfer_learns_from_the_sources_that_are_named(hwnas: Hwnas, tmp_path: Path) -> None:
    board = write_csv(tmp_path / "board.csv", 12)
    arguments = [
        "next", f"table={board}", "n=2", "objective=front", "predictor=transfer",
        f"out={tmp_path / 'n.csv'}", f"paths.cache={tmp_path / 'cache'}",
    ]  # fmt: skip
    refused = hwnas(*arguments, "predictor.model.sources=[nowhere/cpu]")
    assert refused.returncode == 2
    assert "no source 'nowhere/cpu'" in refused.stderr
    run = hwnas(*arguments, "predictor.model.sources=[local/cpu]")
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "cache" / "sources").iterdir())) == 1


def test_next_few_measurements_teach_before_a_front_is_predicted(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    board = write_csv(tmp_path / "board.csv", 6)
    run = hwnas("next", f"table={board}", "n=2", "objective=front", f"out={tmp_path / 'n.csv'}")
    assert run.returncode == 0, run.stderr
    assert "a front needs 10 measurements, and there are 6" in run.stdout


def test_next_filled_file_is_never_replaced(hwnas: Hwnas, tmp_path: Path) -> None:
    board = write_csv(tmp_path / "board.csv", 12)
    before = board.read_text()
    run = hwnas("next", f"table={board}", "n=2", f"out={board}")
    assert run.returncode == 2
    assert "would replace its values. Try: out=" in run.stderr
    assert board.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["n=0"], "n=0: at least 1 is needed"),
        (["objective=frnt"], "did you mean 'front'?"),
        (["limit=5"], "objective=predictor has no limit. Try: objective=front"),
        (["objective=front", "limit=-1"], "limit=-1: more than 0 ms is needed"),
        (["n=20000"], "only 7122 networks are left to measure. Try: n=7122"),
        (["space=columns"], "there is none. Try: table=FILE.csv"),
        (["space=fbnet", "objective=front"], "accuracies of the networks that are not measured"),
        (["dataset=local/cpu"], "proposes rows for a file of yours. Try: table=FILE.csv"),
        (["table=no.csv"], "no.csv: no such file"),
        (["candidates=no.csv"], "no.csv: no such file"),
        (["objective=front", "accuracy=no.hwnas"], "no.hwnas"),
        (["objective=front", "accuracy=no.csv"], "no.csv: no such file"),
    ],
)
def test_next_mistake_is_one_line(
    arguments: list[str], message: str, hwnas: Hwnas, tmp_path: Path
) -> None:
    run = hwnas("next", *arguments, f"out={tmp_path / 'next.csv'}")
    assert run.returncode == 2, run.stderr
    assert run.stderr.count("\n") == 1
    assert message in run.stderr
    assert not list(tmp_path.iterdir())


def test_next_onnx_without_its_library_says_how_to_install_it(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.next._files.is_installed", lambda _: False)
    run = hwnas("next", "n=2", f"onnx={tmp_path / 'onnx'}", f"out={tmp_path / 'next.csv'}")
    assert run.returncode == 2
    assert "onnx is not installed. Try: pip install" in run.stderr
    assert not list(tmp_path.iterdir())


def test_next_columns_space_writes_the_columns_of_the_table(hwnas: Hwnas, tmp_path: Path) -> None:
    board, out = tmp_path / "board.csv", tmp_path / "next.csv"
    lines = [f"{layers};{kind};{layers * 1.5}" for layers in (1, 4, 8) for kind in ("conv", "pool")]
    board.write_text("\n".join(["layers;kind;latency_ms", *lines, ""]))
    run = hwnas("next", f"table={board}", "space=columns", "n=3", f"out={out}")
    assert run.returncode == 0, run.stderr
    header, *rows = out.read_text().splitlines()
    assert header == "layers;kind;latency_ms"
    assert all(row.endswith(";") and row.split(";")[1] in ("conv", "pool") for row in rows)
    assert not {row.rpartition(";")[0] for row in rows} & {
        line.rpartition(";")[0] for line in lines
    }


@pytest.mark.parametrize("name", ["board.csv", "board.parquet"])
def test_next_printed_append_command_keeps_every_row(
    name: str, hwnas: Hwnas, tmp_path: Path
) -> None:
    """The CSV file does not end in a line break, as those of some spreadsheets."""
    csv_file, table, out = (
        write_csv(tmp_path / "board.csv", 12),
        tmp_path / name,
        tmp_path / "n.csv",
    )
    csv_file.write_text(csv_file.read_text().rstrip())
    if table != csv_file:
        pd.read_csv(csv_file).to_parquet(table)
    run = hwnas("next", f"table={table}", "n=2", f"out={out}")
    assert run.returncode == 0, run.stderr
    fill(out)
    append = run.stdout.splitlines()[-1].strip().replace("python -c", f"{sys.executable} -c")
    subprocess.run(["sh", "-c", append], check=True)
    rows = pd.read_csv(table) if table == csv_file else pd.read_parquet(table)
    assert list(rows["architecture"][-2:]) == [row["architecture"] for row in read(out)]
    assert len(rows) == 14
    assert rows["latency_ms"].notna().all()
