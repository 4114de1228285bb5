"""Every YAML of ``conf/dataset`` composes and builds its dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import register
from hwnas.dataset import HELP, HWNAS360, HWNASBench, HWNASFBNet, TransNAS
from hwnas.paths import Paths

CONF = Path(__file__).parents[2] / "conf"
FAMILIES: dict[str, Any] = {
    "hwnas": HWNASBench,
    "transnas": TransNAS,
    "hwnas360": HWNAS360,
    "help": HELP,
    "hwnas_fbnet": HWNASFBNet,
}
NAMES = sorted(
    f"{path.parent.name}/{path.stem}"
    for family in FAMILIES
    for path in (CONF / "dataset" / family).glob("[!_]*.yaml")
)


def composed(*overrides: str) -> DictConfig:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("run", [*overrides, "paths.data=/d", "paths.cache=/c"])


def test_there_are_datasets() -> None:
    assert len(NAMES) == 6 + 7 + 2 + 2 + 5


@pytest.mark.parametrize("name", NAMES)
def test_every_dataset_is_built(name: str) -> None:
    built: Any = instantiate(composed(f"dataset={name}").dataset)
    family, _, member = name.partition("/")
    assert type(built) is FAMILIES[family]
    assert built.paths == Paths(Path("/d"), Path("/c"), Path("outputs"))
    assert built.metric.name == "latency"
    if isinstance(built, HWNASBench):
        assert (built.device.name, built.image_set.name) == (member, "cifar10")
    elif isinstance(built, TransNAS):
        assert (built.task, built.space.name) == (member, "transnas_macro")
    elif isinstance(built, HELP):
        assert built.space.name == member
    else:
        assert built.device == member


def test_the_command_line_goes_before_the_dataset() -> None:
    hwnas = composed("dataset=hwnas/edgegpu", "image_set=ImageNet16-120", "metric=energy")
    assert instantiate(hwnas.dataset).image_set.name == "ImageNet16-120"
    assert instantiate(hwnas.dataset).metric.name == "energy"
    transnas = composed("dataset=transnas/jigsaw", "space=micro")
    assert instantiate(transnas.dataset).space.name == "transnas_micro"
    of_help = composed("dataset=help/nasbench201", "dataset.device=titan_rtx_1")
    assert instantiate(of_help.dataset).device == "titan_rtx_1"
