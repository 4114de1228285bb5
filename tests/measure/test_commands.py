"""The commands ``hwnas measure`` and ``hwnas accuracy``, and the use of their tables."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from platformdirs import user_cache_path
from pyarrow import parquet

from hwnas.composition import CONF, register
from hwnas.dataset import Local
from hwnas.errors import UserError, command
from hwnas.image_set import ImageSet
from hwnas.measure import _commands, device_measure
from hwnas.measure._commands import accuracy, latency
from hwnas.measure._device import backend_of
from hwnas.metric import Metric
from hwnas.network import build
from hwnas.paths import Paths, default_folder
from hwnas.space import NASBench201
from tests.commands import in_process

NAME = "measured-by-a-test"
SPACE = NASBench201()
TINY = ["n_architectures=40", "passes=2", "repeats=3", "warm_up=1"]
TINY += ["+sizes.channels=4", "+sizes.cells_per_stage=1"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "conf"))
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def overrides(data: Path, *more: str) -> list[str]:
    return [f"paths.data={data}", f"paths.cache={data / 'cache'}", f"name={NAME}", *more]


def start(data: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hwnas", "measure", *overrides(data, *more)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=CONF.parent, stdout=quiet, stderr=quiet)


def configuration(data: Path, name: str, *more: str) -> DictConfig:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(name, overrides(data, *more))


def lines(data: Path) -> list[str]:
    files = sorted((data / "local" / NAME / "nasbench201").glob("*.jsonl"))
    whole = [line for file in files for line in file.read_text().split("\n")[:-1]]
    return [line for line in whole if "header" not in json.loads(line)]


def keys(measured: list[str]) -> list[tuple[str, int, str]]:
    entries = [json.loads(line) for line in measured]
    return [(entry["series"], entry["round"], entry["architecture"]) for entry in entries]


@pytest.mark.thorough
def test_measure_killed_process_continues_to_complete_table(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(data, *TINY)
    deadline = time.monotonic() + 100
    while len(lines(data)) < 45:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.wait()
    before = lines(data)
    assert 45 <= len(before) < 80
    latency(configuration(data, "measure", *TINY))
    after = lines(data)
    assert set(before) <= set(after)
    assert len(after) == len(set(keys(after))) == 80
    assert "tau between halves of 2 passes" in capsys.readouterr().out
    latency(configuration(data, "measure", *TINY))
    assert len(lines(data)) == 80, "a finished measurement measures nothing again"
    check_table(data, after)


def check_table(data: Path, measured: list[str]) -> None:
    table = parquet.read_table(data / "local" / NAME / "nasbench201.parquet")
    facts = json.loads(table.schema.metadata[b"hwnas"])
    of_latency = facts["latency"]["onnxruntime"]
    assert of_latency["n_measured"] == 40
    assert of_latency["settings"]["repeats"] == 3
    assert of_latency["machines"][0]["cpu"]
    assert facts["units"]["onnxruntime_latency_minimum"] == "ms"
    rows = {row["architecture"]: row for row in table.to_pylist()}
    assert len({row["measured_on"] for row in rows.values()}) == 40
    entries = [json.loads(line) for line in measured]
    for architecture in {entry["architecture"] for entry in entries}:
        values = [each["minimum"] for each in entries if each["architecture"] == architecture]
        row = rows[architecture]
        assert row["onnxruntime_latency_minimum"] == pytest.approx(np.median(values))
        assert row["onnxruntime_passes"] == 2
        sizes = {"channels": 4, "cells_per_stage": 1}
        image_set = ImageSet("cifar10", 32, 10)
        network = build(SPACE, SPACE.parse(architecture), image_set, dead_edges=False, **sizes)
        assert row["flops"] == network.macs
        assert row["parameters"] == network.params
        assert row["memory"] == network.peak_activation_bytes
        copies = [r for r in rows.values() if r["measured_on"] == row["measured_on"]]
        assert {r["onnxruntime_latency_minimum"] for r in copies} == {
            row["onnxruntime_latency_minimum"]
        }


@pytest.mark.thorough
def test_measure_two_processes_share_work(data: Path) -> None:
    both = [start(data, *TINY) for _ in range(2)]
    assert [process.wait(timeout=100) for process in both] == [0, 0]
    measured = keys(lines(data))
    assert len(measured) == len(set(measured)) == 80
    # The process that ended last has read the measurements of the other one.
    check_table(data, lines(data))


def test_measure_fewer_passes_prints_command_that_finishes(
    data: Path,
) -> None:
    def run(*arguments: str) -> str:
        done = in_process("measure", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    tiny = overrides(data, *TINY)
    first = run(*tiny, "n_architectures=12", "passes=1")
    assert "one pass of 12 architectures does not show the noise" in first
    assert "fewer than" not in first
    second = run(*tiny, "n_architectures=5")
    (told,) = [line for line in second.splitlines() if "fewer than" in line]
    said, _, finishing = told.partition("; to finish them: ")
    assert said == "7 of 12 architectures have fewer than 2 passes"
    arguments = finishing.removeprefix(command("measure ")).split()
    assert arguments[-1] == "n_architectures=12"
    assert len(lines(data)) == 12 + 5
    assert "tau between halves of 2 passes of 12 architectures" in run(*arguments)
    assert len(lines(data)) == 12 + 12


def test_accuracy_after_latency_dataset_is_usable(data: Path) -> None:
    latency(configuration(data, "measure", *TINY, "n_architectures=12", "passes=1"))
    training = ["training.n_train=60", "training.channels=4", "at_once=6"]
    accuracy(configuration(data, "accuracy", "n_architectures=12", *training))
    paths = Paths(data, data, data)
    table = Local(NAME, Metric("latency", "ms"), SPACE, paths).load()
    assert table.dataset == "local-onnxruntime"
    assert table.device == NAME
    assert table.accuracy is not None
    assert table.accuracy_provenance is not None
    assert table.accuracy_provenance.details["n_seeds"] == 2
    assert not np.isnan(table.accuracy).any()
    assert ((table.accuracy >= 0) & (table.accuracy <= 100)).all()
    assert len(np.unique(table.measured_on())) == 12
    assert not table.estimated
    assert not list(CONF.rglob(f"{NAME}.yaml")), "it is the user's, not the checkout's"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("run", [f"dataset=local/{NAME}"])
    assert composed.dataset.name == NAME
    assert composed.dataset._target_ == "hwnas.dataset.Local"


def test_measure_folder_of_earlier_version_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "conf"))
    monkeypatch.delenv("HWNAS_DATA", raising=False)
    before = user_cache_path("hwnas") / "data"
    few = ["n_architectures=3", "passes=1"]
    latency(configuration(before, "measure", *TINY, *few))
    assert len(lines(before)) == 3
    latency(configuration(default_folder("data"), "measure", *TINY, *few))
    assert len(lines(before)) == 3
    assert not (default_folder("data") / "local").exists()


def test_device_measure_uses_settings_of_table(data: Path) -> None:
    latency(configuration(data, "measure", *TINY, "n_architectures=5"))
    local = Local(NAME, Metric("latency", "ms"), SPACE, Paths(data, data, data))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        measure = device_measure(local)
        assert measure is not None
        values = measure(SPACE.enumerate()[[0, 11718, 15624]])
    assert values.shape == (3,)
    assert (values > 0).all()


def test_backend_of_has_settings_of_table() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for provider in onnxruntime.get_available_providers():
            assert backend_of("onnxruntime", {"provider": provider}).facts()["provider"] == provider
        elsewhere = {"unit": "NVIDIA H100", "device": "cuda:99"}
        with pytest.raises(UserError, match=r"cuda:99.*selection\.verify=table"):
            backend_of("torch", elsewhere)
        with pytest.raises(UserError, match=r"unit=another CPU.*selection\.verify=table"):
            backend_of("torch", {"unit": "another CPU"})


@pytest.mark.parametrize("name", ["123", "null", "true", "1e3"])
def test_write_config_name_stays_string(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path))
    _commands._write_config(name)
    written = OmegaConf.load(tmp_path / "dataset" / "local" / f"{name}.yaml")
    assert written.name == name
    assert isinstance(written.name, str)


def test_measure_config_not_writable_prints_noise_first(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: str) -> None:
        raise UserError("cannot be written")

    monkeypatch.setattr(_commands, "_write_config", refuse)
    with pytest.raises(UserError, match="cannot be written"):
        latency(configuration(data, "measure", *TINY, "n_architectures=3"))
    assert "tau between halves of 2 passes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["name=../up"], "letters, digits"),
        (["n_architectures=0"], "n_architectures=0: at least 1"),
        (["passes=0"], "passes=0: at least 1"),
        (["repeats=0"], "repeats=0: at least 1"),
        (["warm_up=-1"], "warm_up=-1: at least 0"),
        (["threads=0"], "threads=0: at least 1"),
        (["batch_size=0"], "batch_size=0: at least 1"),
        (["seed=-1"], "seed=-1: at least 0"),
        (["+sizes.channel=4"], "sizes: no 'channel'; did you mean 'channels'"),
        (["sizes.channels=0"], "sizes.channels=0: at least 1"),
        (["space=fbnet", "n_architectures=null"], "too large to measure as a whole"),
        (["backend.provider=Toaster"], "Toaster"),
        (["backend=torch", "backend.device=cuda:99"], "backend.device=cuda:99"),
    ],
)
def test_latency_invalid_setting_raises_and_writes_nothing(
    data: Path, more: list[str], problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        latency(configuration(data, "measure", *TINY, *more))
    assert list(data.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("space=transnas_macro", "only spaces of cells"),
        ("n_architectures=0", "n_architectures=0: at least 1"),
        ("n_seeds=0", "n_seeds=0: at least 1"),
        ("at_once=0", "at_once=0: at least 1"),
        ("seed=-1", "seed=-1: at least 0"),
        ("training.channels=0", "training.channels=0: at least 1"),
        ("training.epochs=0", "training.epochs=0: at least 1"),
        ("training.batch_size=0", "training.batch_size=0: at least 1"),
        ("training.batch_size=1797", "training.batch_size=1797: at most 1796"),
        ("training.n_train=0", "training.n_train=0: at least 20"),
        ("training.n_train=1797", "training.n_train=1797: at most 1796"),
    ],
)
def test_accuracy_invalid_setting_raises_and_writes_nothing(
    data: Path, more: str, problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        accuracy(configuration(data, "accuracy", more))
    assert list(data.iterdir()) == []


def test_accuracy_training_not_a_number_raises(data: Path) -> None:
    with pytest.raises(HydraException):
        configuration(data, "accuracy", "training.epochs=many")
