"""Mistakes in a study's YAML, found before anything runs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hwnas.composition import CONF, read_yaml
from hwnas.errors import UserError
from hwnas.study._check import check_experiment
from tests.commands import ROOT

EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
STUDY: dict[str, Any] = {
    "name": "mine",
    "grids": {"all": {"predictor": ["ridge", "xgb"], "data": ["local/cpu"], "seed": "0..2"}},
    "published": {
        "source": "a paper",
        "tolerance": 0.02,
        "figures": [{"where": {"predictor": "ridge"}, "value": 0.8}],
    },
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_check_experiment_of_the_project_passes(name: str) -> None:
    check_experiment(read_yaml(CONF / "experiment" / f"{name}.yaml"), name)


def test_check_experiment_key_that_is_interpolated_passes() -> None:
    reports = [{"_target_": "hwnas.study.report.SelectionCost", "reference": "${experiment.other}"}]
    check_experiment({**STUDY, "other": None, "reports": reports}, "mine")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"grid": {}}, "experiment.grid: a study has no such key; did you mean 'grids'?"),
        ({"report": []}, "did you mean 'reports'?"),
        ({"name": None}, "experiment=mine: its YAML has no name. Try: name: mine"),
        ({"grids": {}}, "its YAML has no grids"),
        ({"grids": {"predictor": ["ridge"]}}, "experiment.grids.predictor: it is no grid"),
        ({"grids": {"all": {"seed": "zero"}}}, "seed: 'zero' is neither a list nor a range"),
        ({"grids": {"all": {"n_train": [], "seed": [0]}}}, "all.n_train: an axis needs at least"),
        ({"fixed": ["tuning"]}, "experiment.fixed: not a mapping"),
        ({"task": "hwnas.study.tasks.run_predictor"}, "experiment.task=hwnas.study.tasks.run_pre"),
    ],
)
def test_check_experiment_mistake_names_the_key(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(UserError) as error:
        check_experiment(STUDY | change, "mine")
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("tolerance", None, "published: it has no tolerance"),
        ("figure", [], "published.figure: no such key; did you mean 'figures'?"),
        ("figures", [{"value": 0.8}], "has no where"),
        ("figures", [{"where": {"predictor": "xbg"}}], "predictor=xbg: no grid has it; did you me"),
    ],
)
def test_check_experiment_mistake_in_published_values(key: str, value: Any, problem: str) -> None:
    study = copy.deepcopy(STUDY)
    study["published"][key] = value
    if value is None:
        del study["published"][key]
    with pytest.raises(UserError) as error:
        check_experiment(study, "mine")
    assert problem in str(error.value)
    # The command line may have replaced the values of a grid.
    check_experiment(study, "mine", as_written=False)
