"""Tests of search spaces, as a predictor's YAML defines them."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from hwnas.errors import UserError
from hwnas.tuning._search_space import read, suggest

CONDITIONAL: dict[str, Any] = {
    "kernel": {"type": "categorical", "choices": ["linear", "rbf"]},
    "gamma": {"type": "float", "low": 0.01, "high": 1.0, "log": True, "when": {"kernel": ["rbf"]}},
    "layers": {"type": "categorical", "choices": [[8], [8, 8]]},
    "depth": {"type": "int", "low": 2, "high": 8, "step": 2},
}


def test_suggest_condition_not_fulfilled_leaves_the_parameter_out() -> None:
    parameters = read(CONDITIONAL)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = [suggest(study.ask(), parameters) for _ in range(30)]

    assert {d["kernel"] for d in drawn} == {"linear", "rbf"}
    assert all(("gamma" in d) == (d["kernel"] == "rbf") for d in drawn)
    assert {d["depth"] for d in drawn} == {2, 4, 6, 8}
    assert {d["layers"] for d in drawn} == {(8,), (8, 8)}


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("kernel", "rbf", "rbf"),
        ("kernel", "poly", None),
        ("gamma", 0.01, 0.01),
        ("gamma", 2.0, None),
        ("gamma", "scale", None),
        ("gamma", None, None),
        ("layers", (8, 8), "[8, 8]"),
        ("depth", 4, 4),
        ("depth", 5, None),
        ("depth", True, None),
    ],
)
def test_parameter_stored_value_outside_the_space_is_none(
    name: str, value: Any, stored: Any
) -> None:
    parameter = next(p for p in read(CONDITIONAL) if p.name == name)
    assert parameter.stored(value) == stored


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "flaot", "low": 0, "high": 1}, "did you mean 'float'"),
        ({"type": "float", "low": 0}, "the key 'high' is missing"),
        ({"type": "float", "low": 0, "hihg": 1}, "did you mean 'high'"),
        ({"type": "float", "low": 2, "high": 1}, "search_space.alpha"),
        ({"type": "categorical"}, "the key 'choices' is missing"),
        (
            {"type": "int", "low": 1, "high": 2, "when": {"kernel": ["rbf"]}},
            "no parameter 'kernel' above 'alpha'",
        ),
    ],
)
def test_read_malformed_entry_raises(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read({"alpha": entry})
