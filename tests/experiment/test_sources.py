"""The other devices that ``predictor=transfer`` learns from, in commands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from hwnas import make_predictor
from hwnas.errors import UserError
from hwnas.predictor.transfer import sources_of
from hwnas.space import FBNet
from tests.commands import Finished, Hwnas
from tests.tables_of_users import bundled

ROWS = FBNet().sample(90, np.random.default_rng(0))
COSTS = np.random.default_rng(1).random(9).cumsum()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with three devices of HELP: two alike, and a copy of one in another unit."""
    folder = tmp_path / "data" / "help" / "fbnet"
    (folder / "latency").mkdir(parents=True)
    torch.save(ROWS.tolist(), folder / "op_idx.pt")
    noise = np.random.default_rng(2).normal(size=(2, len(ROWS)))
    values = {name: 3 + COSTS[ROWS].sum(axis=1) for name in ("gpu_1", "gpu_2")}
    values["gpu_1"] += 0.3 * noise[0]
    values["gpu_2"] = 2 * values["gpu_2"] + 0.3 * noise[1]
    values["copy"] = 1000 * values["gpu_1"]
    for name, each in values.items():
        torch.save(each.tolist(), folder / "latency" / f"{name}.pt")
    return tmp_path


def transfer(hwnas: Hwnas, folder: Path, *arguments: str) -> Finished:
    return hwnas(
        "run", "predictor=transfer", "dataset=help/fbnet", "dataset.device=gpu_1", "n_train=5",
        "n_test=50", "tracking=off", "artifacts=result", f"paths.data={folder / 'data'}",
        f"paths.cache={folder / 'cache'}", f"paths.outputs={folder / 'out'}", *arguments,
    )  # fmt: skip


def test_run_all_sources_leaves_out_the_target_and_its_copy_and_states_them(
    hwnas: Hwnas, data: Path
) -> None:
    done = transfer(hwnas, data)
    assert done.returncode == 0, done.stderr
    assert "note: like gpu_2 " in done.stdout
    assert "none of the 1 sources" in done.stdout
    [path] = (data / "out").rglob("result.json")
    [source] = json.loads(path.read_text())["predictor"]["sources"]
    assert (source["name"], source["dataset"], source["source"]) == ("gpu_2", "help", "gpu_2.pt")
    assert len(source["sha256"]) == 64
    assert (source["n_measured"], source["n_known"], source["kind"]) == (90, 90, "measured")


def test_run_second_time_reads_an_intact_source_from_the_cache(
    hwnas: Hwnas, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = transfer(hwnas, data)
    [cached] = (data / "cache" / "sources").iterdir()
    content = cached.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("hwnas.experiment._sources.Predictor", None)
        second = transfer(hwnas, data, "force=true")
    assert second.returncode == 0, second.stderr
    assert second.stdout.splitlines()[:15] == first.stdout.splitlines()[:15]
    cached.write_bytes(content[:100])
    third = transfer(hwnas, data, "force=true")
    assert third.stdout.splitlines()[:15] == first.stdout.splitlines()[:15]


def add_device(folder: Path, name: str) -> None:
    """Put the file of a further device into the data folder."""
    noise = np.random.default_rng(3).normal(size=len(ROWS))
    values = 5 * COSTS[ROWS].sum(axis=1) + 0.3 * noise
    torch.save(values.tolist(), folder / "data" / "help" / "fbnet" / "latency" / f"{name}.pt")


def test_run_finished_with_fewer_sources_than_are_here_now_is_refused(
    hwnas: Hwnas, data: Path
) -> None:
    assert transfer(hwnas, data).returncode == 0
    again = transfer(hwnas, data)
    assert "finished before" in again.stdout
    add_device(data, "gpu_3")
    refused = transfer(hwnas, data)
    assert refused.returncode == 2
    assert "another configuration, predictor.sources.gpu_3=None" in refused.stderr
    assert "force=true" in refused.stderr
    forced = transfer(hwnas, data, "force=true")
    assert "none of the 2 sources" in forced.stdout
    assert "finished before" in transfer(hwnas, data).stdout


STUDY = """
# @package _global_
experiment:
  name: mine
  fixed: {dataset: help/fbnet, dataset.device: gpu_1, n_test: 50, tuning: none, selection: none}
  grids:
    all: {predictor: [transfer, ridge], n_train: [5], seed: [0, 1]}
"""


@pytest.mark.thorough
def test_sweep_grid_points_with_fewer_sources_than_are_here_now_are_not_done(
    hwnas: Hwnas, data: Path
) -> None:
    (data / "own" / "experiment").mkdir(parents=True)
    (data / "own" / "experiment" / "mine.yaml").write_text(STUDY)

    def sweep(*arguments: str) -> Finished:
        return hwnas(
            "sweep", "--config-dir", str(data / "own"), "experiment=mine", "tracking=off",
            f"paths.data={data / 'data'}", f"paths.cache={data / 'cache'}",
            f"paths.outputs={data / 'out'}", *arguments,
        )  # fmt: skip

    assert sweep().returncode == 0
    assert "done       4" in sweep("action=status").stdout
    add_device(data, "gpu_3")
    status = sweep("action=status").stdout
    assert "done       2" in status
    assert "finished with other tables of gpu_3 as sources. Try: force=true" in status
    assert sweep("force=true").returncode == 0
    assert "done       4" in sweep("action=status").stdout


def test_run_sources_of_a_finished_result_are_in_its_configuration(
    hwnas: Hwnas, data: Path
) -> None:
    assert transfer(hwnas, data, "predictor.model.sources=[gpu_2]").returncode == 0
    [path] = (data / "out").rglob("config.yaml")
    predictor = yaml.safe_load(path.read_text())["predictor"]
    assert predictor["model"]["sources"] == ["gpu_2"]
    assert list(predictor["sources"]) == ["gpu_2"]
    assert len(predictor["sources"]["gpu_2"]) == 16


def test_make_predictor_with_a_table_of_another_device_learns_from_it() -> None:
    table = bundled()
    other = replace(table, device="another", values=2 * table.values)
    made = make_predictor("transfer", table.space, sources=[other])
    rows = np.random.default_rng(0).choice(len(table), 5, replace=False)
    made.fit(table.architectures[rows], table.values[rows])
    [source] = sources_of(made) or []
    assert source["name"] == f"{table.dataset}/another"
    assert source["weight"] > 0.5


def test_make_predictor_with_the_name_of_a_source_asks_for_its_table() -> None:
    with pytest.raises(UserError, match="'hwnas/raspi4' is not a table"):
        make_predictor("transfer", FBNet(), sources=["hwnas/raspi4"])
    with pytest.raises(UserError, match="is of the space nasbench201"):
        make_predictor("transfer", FBNet(), sources=[bundled()])


@pytest.mark.parametrize(
    ("names", "problem", "remedy"),
    [
        ("gpu_2,gpu_1", "gpu_1 cannot be a source: it is the target", "sources=[gpu_2]'"),
        ("copy,gpu_2", "copy cannot be a source: its values are those of the", "sources=[gpu_2]'"),
        ("gpu_3", "no source 'gpu_3'; did you mean 'gpu_2'?", "sources=null"),
        ("local/cpu", "cpu has no measurements of fbnet", "measure"),
        ("nowhere/cpu", "no source 'nowhere/cpu'; did you mean", "sources=null"),
    ],
)
def test_run_source_that_cannot_be_used_is_refused(
    hwnas: Hwnas, data: Path, names: str, problem: str, remedy: str
) -> None:
    refused = transfer(hwnas, data, f"predictor.model.sources=[{names}]")
    assert refused.returncode == 2
    assert problem in refused.stderr
    assert remedy in refused.stderr
    assert "Traceback" not in refused.stderr


def test_run_without_sources_is_best(hwnas: Hwnas, data: Path) -> None:
    alone = transfer(hwnas, data, "predictor.model.sources=[]")
    assert alone.returncode == 0, alone.stderr
    assert "note: no other device is used: there are none" in alone.stdout
    paths = list((data / "out").rglob("result.json"))
    best = transfer(hwnas, data, "predictor=best")
    assert best.returncode == 0, best.stderr
    [other] = set((data / "out").rglob("result.json")) - set(paths)
    scores = [json.loads(path.read_text())["scores"] for path in (paths[0], other)]
    assert scores[0] == scores[1]


def board(path: Path, factor: float, odd: float) -> Path:
    """Write a table with eight values of the bundled device, times `factor`, half of them `odd`."""
    table = bundled()
    rows = np.random.default_rng(0).choice(len(table), 8, replace=False)
    strings = table.space.to_strings(table.architectures[rows])
    values = table.values[rows] * np.where(np.arange(8) % 2, factor, factor * odd)
    lines = [f"{text},{value!r}" for text, value in zip(strings, values.tolist(), strict=True)]
    path.write_text("\n".join(["architecture,latency_ms", *lines]))
    return path


def fit(hwnas: Hwnas, table: Path) -> Finished:
    return hwnas(
        "fit", f"table={table}", "predictor=transfer", "predictor.model.sources=[local/cpu]",
        f"out={table.with_suffix('.hwnas')}", f"paths.cache={table.parent / 'cache'}",
    )  # fmt: skip


def test_fit_own_table_learns_from_the_bundled_device_and_show_names_it(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    fitted = fit(hwnas, board(tmp_path / "board.csv", 3.0, 1.2))
    assert fitted.returncode == 0, fitted.stderr
    assert "note: like local/cpu " in fitted.stdout
    shown = hwnas("show", str(tmp_path / "board.hwnas"))
    assert "source     local/cpu: weight " in shown.stdout
    assert "200 of 15625 measured values from " in shown.stdout


def test_fit_copy_of_the_source_is_refused(hwnas: Hwnas, tmp_path: Path) -> None:
    refused = fit(hwnas, board(tmp_path / "board.csv", 3.0, 1.0))
    assert refused.returncode == 2
    assert "its values are those of the target" in refused.stderr
