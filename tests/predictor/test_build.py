"""From a YAML to a predictor."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from hwnas.errors import UserError
from hwnas.predictor import build, with_preset
from hwnas.space import NASBench201, TransNASMacro

CONFIG: dict[str, Any] = {
    "name": "forest",
    "preset": "default",
    "encoding": {"_target_": "hwnas.predictor.OneHot"},
    "model": {
        "_target_": "sklearn.ensemble.RandomForestRegressor",
        "n_estimators": 10,
        "max_depth": 3,
    },
    "search_space": {"n_estimators": {"type": "int", "low": 5, "high": 20}},
    "presets": {
        "deep": {"model": {"max_depth": 9}},
        "linear": {
            "encoding": {"_target_": "hwnas.predictor.PathEncoding"},
            "model": {"_target_": "sklearn.linear_model.Ridge"},
            "search_space": {},
        },
    },
}


def preset(name: str) -> dict[str, Any]:
    return {**CONFIG, "preset": name}


def test_a_preset_changes_single_parameters() -> None:
    model = build(preset("deep"), NASBench201(), seed=0).model
    assert (model.n_estimators, model.max_depth) == (10, 9)


def test_a_preset_with_a_target_replaces_the_model() -> None:
    built = build(preset("linear"), NASBench201(), seed=0)
    assert type(built.model).__name__ == "Ridge"
    assert type(built.encoding).__name__ == "PathEncoding"
    assert with_preset(preset("linear")).search_space == {}


def test_applying_a_preset_twice_changes_nothing() -> None:
    once = with_preset(preset("deep"))
    assert with_preset(once) == once
    assert CONFIG["model"]["max_depth"] == 3


def test_interpolations_reach_the_run_s_config() -> None:
    run = OmegaConf.create({"trees": 17, "predictor": preset("deep")})
    run.predictor.model.n_estimators = "${trees}"
    assert build(run.predictor, NASBench201(), seed=0).model.n_estimators == 17


def test_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'linear'"):
        build(preset("linaer"), NASBench201(), seed=0)


def test_an_encoding_that_does_not_fit_is_refused_at_once() -> None:
    with pytest.raises(UserError, match="PathEncoding makes no sense on space transnas_macro"):
        build(preset("linear"), TransNASMacro(), seed=0)


def test_the_seed_reaches_the_model() -> None:
    states = [build(CONFIG, NASBench201(), seed).model.random_state for seed in (0, 0, 1)]
    assert states[0] == states[1] != states[2]
    assert all(isinstance(state, int) for state in states)
