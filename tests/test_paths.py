"""The default folders, and files that earlier versions put elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from platformdirs import user_cache_path, user_data_path

from hwnas.dataset import Local, doctor, families
from hwnas.metric import Metric
from hwnas.paths import Paths, default_folder
from hwnas.space import NASBench201
from tests.commands import ROOT, Hwnas


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the default data folder and the one of earlier versions, both of a new user."""
    for variable in ("HWNAS_DATA", "HWNAS_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    now, before = user_data_path("hwnas"), user_cache_path("hwnas") / "data"
    assert now != before
    for folder in (now, before):
        folder.mkdir(parents=True)
    return now, before


def test_data_folder_default_is_the_users_and_no_cache(
    hwnas: Hwnas, places: tuple[Path, Path]
) -> None:
    now, _ = places
    paths = Paths.default()
    assert paths.data == now == default_folder("data")
    for command in ("run", "sweep", "measure", "accuracy", "advise"):
        arguments = ["experiment=quick"] if command == "sweep" else []
        shown = hwnas(command, *arguments, "--cfg", "job", "--resolve", "--package", "paths")
        found = OmegaConf.create(shown.stdout)
        assert (found.data, found.cache) == (str(paths.data), str(paths.cache))


def test_data_folder_of_the_environment_is_the_only_one(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = places
    (before / "a.csv").touch()
    monkeypatch.setenv("HWNAS_DATA", "elsewhere")
    paths = Paths.default()
    assert paths.data_folders == (Path("elsewhere"),)
    assert paths.in_data("a.csv") == Path("elsewhere/a.csv")


def test_official_file_of_an_earlier_version_is_found(places: tuple[Path, Path]) -> None:
    _, before = places
    paths = Paths.default()
    file = next(file for file in families()["help"] if "nasbench201" in file.name)
    assert doctor(paths)[1] == []
    (before / file.name).parent.mkdir(parents=True)
    (before / file.name).touch()
    assert file.find(paths) == before / file.name
    # The file is empty, so the doctor finds a fault: it has seen the device.
    assert len(doctor(paths)[1]) == 1


def test_measured_device_of_an_earlier_version_is_found(places: tuple[Path, Path]) -> None:
    _, before = places
    paths = Paths.default()
    name = "local/mine/nasbench201.parquet"
    (before / name).parent.mkdir(parents=True)
    shutil.copy(ROOT / "hwnas/dataset/tables/nasbench201_cpu.parquet", before / name)
    device = Local("mine", Metric("latency", "ms"), NASBench201(), paths)
    assert len(device.load().values) == NASBench201().size
    text, _ = doctor(paths)
    assert text.count("onnxruntime_latency_median") == 2


def test_data_in_both_places_are_those_of_the_new_one(places: tuple[Path, Path]) -> None:
    for folder in places:
        (folder / "a.csv").touch()
    now, before = places
    (before / "b.csv").touch()
    paths = Paths.default()
    assert paths.match_data("*.csv") == [now / "a.csv", before / "b.csv"]
