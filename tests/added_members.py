"""What the members that CONTRIBUTING.md adds promise.

``tests/test_contributing.py`` applies the diffs to a copy of the project and runs this there, as
``tests/test_added_members.py``. Without the diffs there is nothing to test.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from hwnas.cli import main
from hwnas.space import NASBench201

Run = Callable[..., tuple[str, str]]
QUICK = ("tracking=off", "artifacts=result")
SMALL = (*QUICK, "selection=none", "tuning=none", "n_train=50", "n_test=100")
SPACE = NASBench201()
#: A dataset of the space ``widths``, in a user's own folder.
TOY = """
from dataclasses import dataclass

from hwnas.dataset import Provenance, Table
from hwnas.metric import Metric
from hwnas.space import SearchSpace


@dataclass(frozen=True)
class Toy:
    metric: Metric
    space: SearchSpace

    def load(self) -> Table:
        X = self.space.enumerate()
        values = 1.0 + X.sum(axis=1)
        accuracy = 90.0 - X.std(axis=1)
        ranks = self.space.rank(X)
        made = Provenance("measured", "toy", "")
        return Table(
            "toy", self.space, "toy", self.metric, X, values, ranks, made, accuracy, made
        )
"""
TOY_YAML = """
defaults:
  - override /space@_global_.space: widths
  - _self_

_target_: toy.Toy
metric: ${metric}
space: ${space}
"""


@pytest.fixture
def hwnas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Return a function that runs ``hwnas <arguments>``; a mistake is a `SystemExit`."""
    monkeypatch.setattr(sys, "argv", ["hwnas"])
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "conf"))
    monkeypatch.setenv("HWNAS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HWNAS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()

    def run(*arguments: str) -> tuple[str, str]:
        capsys.readouterr()
        outputs = () if arguments[0] in ("fetch", "doctor") else (f"paths.outputs={tmp_path}/out",)
        main([*arguments, *outputs])
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def tau(printed: str) -> float:
    found = re.search(r"Kendall's tau\s+([\d.]+)", printed)
    assert found is not None, printed
    return float(found.group(1))


def test_predictor_is_tuned_and_ranks(hwnas: Run) -> None:
    chosen = ("predictor=huber", "tuning.n_trials=2", "n_train=40", "selection=none")
    printed, _ = hwnas("run", *chosen, *QUICK)
    assert "huber on nasbench201" in printed
    assert tau(printed) > 0.5


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the web site from which the dataset is fetched."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    module = import_module("hwnas.dataset.my_board")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        file = replace(module.FILE, url=f"http://127.0.0.1:{server.server_address[1]}/file.csv")
        monkeypatch.setattr(module.MyBoard, "tables", (replace(module.TABLE, file=file),))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder
        server.shutdown()
        thread.join()


def write_board(site: Path) -> None:
    cells = SPACE.enumerate()[::100]
    latency = 1.0 + (cells == 3).sum(axis=1)
    latency[0] = np.nan  # the board failed
    rows = zip(SPACE.to_strings(cells), latency, 2.0 + np.arange(len(cells)), strict=True)
    lines = ["architecture,latency,power", *(",".join(map(str, row)) for row in rows)]
    (site / "file.csv").write_text("\n".join(lines))


def test_dataset_is_fetched_described_and_used(hwnas: Run, site: Path, tmp_path: Path) -> None:
    write_board(site)
    printed, _ = hwnas("fetch", "my_board")
    assert str(tmp_path / "data" / "my_board.csv") in printed
    described, _ = hwnas("doctor")
    (line,) = [line for line in described.splitlines() if "my_board" in line and "latency" in line]
    # Rows and missing ones.
    assert line.split()[2:5] == ["ms", "157", "1"]
    printed, _ = hwnas("run", "dataset=my_board", *SMALL)
    assert "all (156)" in printed
    assert tau(printed) > 0.8


def test_metric_is_one_yaml(hwnas: Run, site: Path) -> None:
    write_board(site)
    hwnas("fetch", "my_board")
    printed, _ = hwnas("run", "dataset=my_board", "metric=power", *SMALL)
    assert "power" in printed
    with pytest.raises(SystemExit) as refused:
        hwnas("run", "dataset=my_board", "metric=energy", *SMALL)
    assert refused.value.code == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("architecture,ms\n{cell},1.0\n", ": no column 'latency'"),
        ("{header}\n{cell},abc,1.0\n", ", line 2: column 'latency' has 'abc'"),
    ],
)
def test_dataset_that_is_damaged_is_refused(
    hwnas: Run, tmp_path: Path, text: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = SPACE.to_strings(SPACE.enumerate()[:1])[0]
    content = text.format(header="architecture,latency,power", cell=cell)
    (tmp_path / "data" / "my_board.csv").write_text(content)
    with pytest.raises(SystemExit) as refused:
        hwnas("run", "dataset=my_board", *SMALL)
    assert refused.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"my_board.csv{problem}" in line


@pytest.fixture
def toy(hwnas: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs commands where the user has the dataset ``toy``."""
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    (tmp_path / "conf" / "dataset" / "toy.yaml").write_text(TOY_YAML)
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    return hwnas


@pytest.mark.parametrize("predictor", ["ridge", "gp", "lgb"])
def test_space_without_a_network_is_searched(toy: Run, predictor: str) -> None:
    printed, _ = toy("run", "dataset=toy", f"predictor={predictor}", *SMALL)
    assert f"{predictor} on widths" in printed
    assert tau(printed) > 0.8


def test_space_without_a_network_cannot_be_measured(
    hwnas: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        hwnas("measure", "space=widths", "name=test")
    assert refused.value.code == 2
    assert "no network of its architectures is known" in capsys.readouterr().err


def test_backend_measures_and_verifies_live(hwnas: Run, capsys: pytest.CaptureFixture[str]) -> None:
    measure = ("measure", "backend=simulator", "name=sim", "n_architectures=80", "passes=1")
    hwnas(*measure)
    chosen = ("dataset=local/sim", "dataset.backend=simulator", "selection.verify=device")
    printed, _ = hwnas("run", *chosen, *QUICK, "tuning=none", "n_train=30", "n_test=30")
    assert tau(printed) > 0.5
    with pytest.raises(SystemExit) as refused:
        hwnas(*measure, "backend.clock_mhz=900")
    assert refused.value.code == 2
    assert "Try: backend.clock_mhz=800" in capsys.readouterr().err
