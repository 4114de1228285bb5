"""`tests.composing` gives what Hydra gives."""

from __future__ import annotations

from inspect import unwrap

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal import config_loader_impl, defaults_list
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf

from hwnas.composition import CONF, register
from tests.composing import SOURCES, compose_fast

pytestmark = pytest.mark.thorough

#: Names and overrides, several with the same groups one after another.
CONFIGURATIONS = [
    ("run", ["predictor=mlp", "seed=0"]),
    ("run", ["seed=7", "predictor=mlp", "+predictor.model.extra=1", "tuning.folds=2"]),
    ("run", ["predictor=mlp", "seed=0"]),
    ("run", ["dataset=hwnas/fpga", "metric=energy", "predictor=paper/ridge"]),
    ("run", ["~selection", "seed=3"]),
    ("sweep", ["experiment=quick", "report=true"]),
    ("sweep", ["experiment=paper_hwnas", "seed=1"]),
]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Hydra as it is installed."""
    patched = ConfigLoaderImpl._compose_config_from_defaults_list
    for source in SOURCES:
        monkeypatch.setattr(source, "load_config", unwrap(source.load_config))
    monkeypatch.setattr(
        config_loader_impl, "create_defaults_list", defaults_list.create_defaults_list
    )
    monkeypatch.setattr(ConfigLoaderImpl, "_compose_config_from_defaults_list", unwrap(patched))
    return monkeypatch


def composed(name: str, overrides: list[str]) -> str:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_yaml(compose(name, overrides, return_hydra_config=True))


@pytest.mark.parametrize(("name", "overrides"), CONFIGURATIONS)
def test_compose_fast_any_overrides_equals_hydra(
    name: str, overrides: list[str], plain: pytest.MonkeyPatch
) -> None:
    expected = composed(name, overrides)
    compose_fast(plain)
    assert [composed(name, overrides), composed(name, overrides)] == [expected, expected]


def test_compose_fast_unknown_option_raises_every_time() -> None:
    for _ in range(2):
        with pytest.raises(ConfigCompositionException, match=r".+"):
            composed("run", ["predictor=nothing"])
