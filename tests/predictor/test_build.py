"""`build`: a predictor from a configuration."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from hwnas.composition import composed
from hwnas.errors import UserError
from hwnas.predictor import build
from hwnas.space import NASBench201, TransNASMacro
from tests.predictor.members import Member, members

ONE_HOT = {"_target_": "hwnas.encoding.OneHot"}
FOREST: dict[str, Any] = {
    "_target_": "sklearn.ensemble.RandomForestRegressor",
    "n_estimators": 10,
    "max_depth": 3,
}


def test_build_interpolation_is_resolved_in_the_run() -> None:
    run = OmegaConf.create({"trees": 17, "model": FOREST})
    run.model.n_estimators = "${trees}"
    assert build(ONE_HOT, run.model, NASBench201(), seed=0).model.n_estimators == 17


def test_build_encoding_of_another_space_raises() -> None:
    path = {"_target_": "hwnas.encoding.PathEncoding"}
    with pytest.raises(UserError, match="PathEncoding does not work on space transnas_macro"):
        build(path, FOREST, TransNASMacro(), seed=0)


def test_build_seed_sets_random_state_of_the_model() -> None:
    built = [build(ONE_HOT, FOREST, NASBench201(), seed).model for seed in (0, 0, 1)]
    states = [model.random_state for model in built]
    assert states[0] == states[1] != states[2]
    assert all(isinstance(state, int) for state in states)


@pytest.mark.parametrize("member", members(), ids=str)
def test_predictor_yaml_name_and_preset_equal_its_path(member: Member) -> None:
    """Result folders and tracking use name and preset to keep settings apart."""
    assert (member.config.predictor.name, member.config.predictor.preset) == (
        member.name,
        member.preset,
    )


def test_predictor_yaml_paper_settings_exist_for_all_but_best() -> None:
    names = {
        preset: {m.name for m in members() if m.preset == preset} for preset in ("default", "paper")
    }
    assert names["default"] > names["paper"]
    assert "best" in names["default"] - names["paper"]
    assert len(names["paper"]) == 18


def test_composed_encoding_on_the_command_line_replaces_that_of_the_predictor() -> None:
    assert composed("run", ["predictor=mlp"]).encoding._target_ == "hwnas.encoding.Structure"
    chosen = composed("run", ["predictor=mlp", "encoding=path"])
    assert chosen.encoding._target_ == "hwnas.encoding.PathEncoding"
