"""From a configuration to a predictor."""

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


def test_build_interpolation_reaches_the_run() -> None:
    run = OmegaConf.create({"trees": 17, "model": FOREST})
    run.model.n_estimators = "${trees}"
    assert build(ONE_HOT, run.model, NASBench201(), seed=0).model.n_estimators == 17


def test_build_encoding_of_other_spaces_raises() -> None:
    path = {"_target_": "hwnas.encoding.PathEncoding"}
    with pytest.raises(UserError, match="PathEncoding makes no sense on space transnas_macro"):
        build(path, FOREST, TransNASMacro(), seed=0)


def test_build_seed_reaches_the_model() -> None:
    built = [build(ONE_HOT, FOREST, NASBench201(), seed).model for seed in (0, 0, 1)]
    states = [model.random_state for model in built]
    assert states[0] == states[1] != states[2]
    assert all(isinstance(state, int) for state in states)


@pytest.mark.parametrize("member", members(), ids=str)
def test_members_labels_are_their_option(member: Member) -> None:
    """Folders of results and tracking tell the study's settings from ours by them."""
    assert (member.config.predictor.name, member.config.predictor.preset) == (
        member.name,
        member.preset,
    )


def test_members_the_study_has_its_own_settings_of_all_but_best() -> None:
    names = {
        preset: {m.name for m in members() if m.preset == preset} for preset in ("default", "paper")
    }
    assert names["default"] > names["paper"]
    assert "best" in names["default"] - names["paper"]
    assert len(names["paper"]) == 18


def test_encoding_of_the_command_line_wins() -> None:
    assert composed("run", ["predictor=mlp"]).encoding._target_ == "hwnas.encoding.Structure"
    chosen = composed("run", ["predictor=mlp", "encoding=path"])
    assert chosen.encoding._target_ == "hwnas.encoding.PathEncoding"
