"""Every YAML of ``conf/dataset`` composes and builds its dataset."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import CONF, options, register, targets
from hwnas.dataset import (
    HAT,
    HELP,
    HELPOFA,
    HWGPT,
    HWNAS360,
    Described,
    EstimatedWarning,
    HWNASBench,
    HWNASFBNet,
    Local,
    TransNAS,
    described_classes,
)
from hwnas.errors import UserError
from hwnas.paths import Paths

FAMILIES: dict[str, type] = {
    "hwnas": HWNASBench,
    "transnas": TransNAS,
    "hwnas360": HWNAS360,
    "help": HELP,
    "hwgpt": HWGPT,
    "hat": HAT,
    "hwnas_fbnet": HWNASFBNet,
    "local": Local,
}
#: All datasets that the command line offers, including those that a contributor adds.
NAMES = options("dataset")


def composed(*overrides: str, data: str = "/d") -> DictConfig:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("run", [*overrides, f"paths.data={data}", "paths.cache=/c"])


@cache
def _targets() -> dict[str, type]:
    return targets("dataset")


def test_dataset_options_include_published_ones() -> None:
    published = [name for name in NAMES if name.partition("/")[0] in FAMILIES]
    assert (
        len([name for name in published if not name.startswith("local/")])
        == 6 + 7 + 2 + 3 + 5 + 14 + 8
    )
    assert "local/cpu" in published


@pytest.mark.parametrize("name", NAMES)
def test_dataset_of_every_yaml_is_built(name: str) -> None:
    built: Any = instantiate(composed(f"dataset={name}").dataset)
    family, _, member = name.partition("/")
    kind = type(built)
    assert kind is _targets()[name]
    assert built.paths == Paths(Path("/d"), Path("/c"), Path("outputs"))
    assert built.metric.name == ("_column" if name == "csv" else "latency")
    if family not in FAMILIES:
        return
    assert kind is (HELPOFA if name == "help/ofa" else FAMILIES[family])
    if isinstance(built, HWNASBench):
        assert (built.device.name, built.image_set.name) == (member, "cifar10")
    elif isinstance(built, TransNAS):
        assert (built.task, built.space.name) == (member, "transnas_macro")
    elif isinstance(built, HELP):
        assert built.space.name == member
    elif isinstance(built, Local | HAT):
        assert built.name == member
    elif isinstance(built, HELPOFA):
        assert built.space.name == "ofa"
    else:
        assert built.device == member


@pytest.mark.parametrize("name", NAMES)
def test_load_without_files_is_refused_or_estimated(name: str, tmp_path: Path) -> None:
    built: Any = instantiate(composed(f"dataset={name}", data=str(tmp_path)).dataset)
    if name.startswith("hwnas/"):
        with pytest.warns(EstimatedWarning):
            assert built.load().estimated
    elif name == "local/cpu":
        assert len(built.load()) == built.space.size
    else:
        with pytest.raises(UserError) as refused:
            built.load()
        assert "\n" not in str(refused.value)
        assert refused.value.remedy


@pytest.mark.parametrize("described", described_classes(), ids=lambda each: each.__name__)
def test_described_class_without_files_has_no_columns(
    described: type[Described], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.dataset._local_table.BUNDLED", tmp_path)
    assert list(described.columns(Paths(tmp_path, tmp_path, tmp_path))) == []


def test_command_line_goes_before_the_dataset() -> None:
    hwnas = composed("dataset=hwnas/edgegpu", "image_set=ImageNet16-120", "metric=energy")
    assert instantiate(hwnas.dataset).image_set.name == "ImageNet16-120"
    assert instantiate(hwnas.dataset).metric.name == "energy"
    transnas = composed("dataset=transnas/jigsaw", "space=micro")
    assert instantiate(transnas.dataset).space.name == "transnas_micro"
    of_help = composed("dataset=help/nasbench201", "dataset.device=titan_rtx_1")
    assert instantiate(of_help.dataset).device == "titan_rtx_1"
