"""Expansion of grids into grid points."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from hwnas.errors import UserError
from hwnas.study import expand
from tests.commands import ROOT

GRID: dict[str, Any] = {
    "curves": {
        "predictor": ["ridge", "xgb"],
        "data": [
            {"dataset": "hwnas/raspi4", "metric": "latency"},
            {"dataset": "hwnas/pixel3", "metric": "energy", "label": "phone", "stand_in": True},
        ],
        "n_train": [11, 55],
        "seed": "0..2",
    },
    "lookup": {"predictor": ["lut"], "data": [{"dataset": "hwnas/raspi4"}], "seed": [0]},
}


def test_expand_grids_every_combination_is_one_grid_point() -> None:
    points = expand(GRID, {}, [])
    assert len(points) == len(set(points)) == 2 * 2 * 2 * 3 + 1
    assert {point.axes["predictor"] for point in points} == {"ridge", "xgb", "lut"}


def test_expand_grid_point_has_overrides_seed_and_labels() -> None:
    point = next(p for p in expand(GRID, {"tuning": "none"}, []) if p.axes["data"] == "phone")
    assert point.overrides == (
        "tuning=none",
        "predictor=ridge",
        "dataset=hwnas/pixel3",
        "metric=energy",
        "n_train=11",
    )
    assert point.seed == 0
    assert point.axes["stand_in"] is True


@pytest.mark.parametrize(
    ("axes", "labels"),
    [
        ({"data": ["hwnas/raspi4", "hwnas/pixel3"]}, ["hwnas/raspi4", "hwnas/pixel3"]),
        ({"dataset": ["hwnas/raspi4", "hwnas/pixel3"]}, ["hwnas/raspi4", "hwnas/pixel3"]),
        (
            {"data": ["local/cpu"], "metric": ["latency", "memory"]},
            ["local/cpu latency", "local/cpu memory"],
        ),
        ({}, ["the table"]),
    ],
)
def test_expand_axes_that_choose_the_table_give_its_label(
    axes: dict[str, list[str]], labels: list[str]
) -> None:
    points = expand({"all": {**axes, "seed": [0]}}, {}, [], table="the table")
    assert [point.axes["data"] for point in points] == labels
    chosen = [o.partition("=")[2] for point in points for o in point.overrides if "dataset" in o]
    assert chosen == [label.partition(" ")[0] for label in labels if axes]


def test_expand_word_on_the_axis_data_matches_an_override_of_the_dataset() -> None:
    grid = {"all": {"data": ["hwnas/raspi4", "hwnas/pixel3"], "seed": [0]}}
    (point,) = expand(grid, {}, ["dataset=hwnas/pixel3"])
    assert point.overrides == ("dataset=hwnas/pixel3",)


def test_expand_grid_points_that_differ_in_seed_share_a_job() -> None:
    points = expand(GRID, {}, ["predictor=ridge", "n_train=11"])
    jobs = {point.job for point in points}
    assert len(jobs) == 2
    assert all({p.seed for p in points if p.job == job} == {0, 1, 2} for job in jobs)


def test_expand_override_of_axis_keeps_its_value_only() -> None:
    points = expand(GRID, {}, ["predictor=lgb", "seed=7"])
    assert {(p.axes["predictor"], p.seed) for p in points} == {("lgb", 7)}


def test_expand_grid_without_the_chosen_value_is_left_out() -> None:
    points = expand(GRID, {}, ["predictor=lut"])
    assert [p.overrides for p in points] == [("predictor=lut", "dataset=hwnas/raspi4")]
    assert {p.axes["predictor"] for p in expand(GRID, {}, ["predictor=xgb"])} == {"xgb"}
    assert len(expand(GRID, {}, ["predictor=xgb"])) == 12


def test_expand_overrides_match_mappings_of_an_axis() -> None:
    phone = expand(GRID, {}, ["metric=energy", "n_train=11", "seed=0", "predictor=ridge"])
    assert [(p.axes["data"], p.axes["stand_in"]) for p in phone] == [("phone", True)]
    both = expand(GRID, {}, ["dataset=hwnas/raspi4", "seed=0"])
    assert [p.axes["predictor"] for p in both] == ["ridge", "ridge", "xgb", "xgb", "lut"]


def test_expand_override_without_match_replaces_the_axis() -> None:
    points = expand(GRID, {}, ["dataset=local/cpu", "n_train=11", "seed=0", "predictor=ridge"])
    assert [p.overrides for p in points] == [("predictor=ridge", "dataset=local/cpu", "n_train=11")]


def test_expand_order_of_overrides_does_not_matter() -> None:
    axes = ["dataset=x", "metric=y"]
    one, other = (expand(GRID, {}, given) for given in (axes, axes[::-1]))
    assert [(p.job, p.seed) for p in one] == [(p.job, p.seed) for p in other]


def test_expand_value_in_chosen_group_applies_to_the_choice_only() -> None:
    chosen = ["dataset=local/cpu", "dataset.backend=torch"]
    narrowed = expand({"all": GRID["curves"]}, {}, chosen)
    assert {p.axes["data"] for p in narrowed} == {"local/cpu"}
    assert all("dataset.backend=torch" in point.overrides for point in narrowed)
    whole = expand({"all": GRID["curves"]}, {}, chosen, narrow=False)
    assert set(narrowed) < set(whole)
    others = set(whole) - set(narrowed)
    assert len(others) == 24
    assert not any("dataset.backend=torch" in point.overrides for point in others)
    # Without a chosen dataset, the override applies to every dataset.
    alone = expand({"all": GRID["curves"]}, {}, ["dataset.source=auto"])
    assert len(alone) == 24
    assert all("dataset.source=auto" in point.overrides for point in alone)


def test_expand_narrow_false_returns_whole_grid_with_other_overrides() -> None:
    given = ["predictor=xgb", "seed=2", "n_test=9"]
    grid = {"all": GRID["curves"]}
    narrowed, whole = expand(grid, {}, given), expand(grid, {}, given, narrow=False)
    assert (len(narrowed), len(whole)) == (4, 24)
    assert set(narrowed) < set(whole)
    assert all("n_test=9" in point.overrides for point in whole)


def test_expand_override_of_group_replaces_fixed_overrides_of_it() -> None:
    fixed = {"tuning": "paper", "tuning.seed": 0, "n_test": 625}
    point = expand(GRID, fixed, ["tuning=none"])[0]
    assert "tuning=none" in point.overrides
    assert "n_test=625" in point.overrides
    assert not any(o.startswith("tuning.") for o in point.overrides)
    assert "tuning=paper" not in point.overrides


def test_expand_axis_narrowed_keeps_fixed_overrides() -> None:
    fixed = {"predictor.model.alpha": 2, "dataset.source": "measured"}
    assert "predictor.model.alpha=2" in expand(GRID, fixed, ["predictor=xgb"])[0].overrides
    # Another dataset may not have the key.
    other = expand(GRID, fixed, ["dataset=local/cpu"])[0].overrides
    assert not any(override.startswith("dataset.source") for override in other)


def paper_hwnas() -> tuple[dict[str, Any], dict[str, Any]]:
    node = OmegaConf.to_container(OmegaConf.load(ROOT / "conf/experiment/paper_hwnas.yaml"))
    assert isinstance(node, dict)
    return node["grids"], node["fixed"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("chosen", "n"),
    [
        (["dataset=hwnas/raspi4"], 2),
        (["image_set=cifar10"], 3),
        (["dataset=hwnas/edgegpu", "metric=energy"], 1),
        (["predictor=paper/lut"], 7),
    ],
)
def test_expand_paper_hwnas_narrowed_is_part_of_the_whole(chosen: list[str], n: int) -> None:
    grids, fixed = paper_hwnas()
    whole, part = expand(grids, fixed, []), expand(grids, fixed, chosen)
    assert len({point.axes["data"] for point in part}) == n
    assert all("dataset.source=measured" in point.overrides for point in part)
    assert {point.job for point in part} < {point.job for point in whole}
    assert set(part) < set(whole)
    assert set(expand(grids, fixed, chosen, narrow=False)) == set(whole)


def test_expand_value_of_chosen_dataset_leaves_other_datasets_unchanged() -> None:
    grids, fixed = paper_hwnas()
    chosen = ["dataset=hwnas/raspi4", "dataset.source=estimated"]
    part = expand(grids, fixed, chosen)
    assert all("dataset.source=estimated" in point.overrides for point in part)
    assert not any("dataset.source=measured" in point.overrides for point in part)
    whole = set(expand(grids, fixed, []))
    assert set(expand(grids, fixed, chosen, narrow=False)) == whole | set(part)


def test_expand_run_keys_are_not_in_grid_points() -> None:
    running = ["experiment=quick", "report=true", "force=true", "paths.outputs=/tmp/x"]
    running += ["tuning.force=true", "action=status", "hydra/launcher=joblib"]
    running += ["tracking=wandb", "tracking.mode=offline", "artifacts=all"]
    running += ["intervals=true"]
    assert expand(GRID, {}, running) == expand(GRID, {}, [])
    given = ["experiment.settings.trials=3"]
    assert "experiment.settings.trials=3" in expand(GRID, {}, given)[0].overrides


def test_expand_seed_zero_is_kept() -> None:
    assert {p.seed for p in expand(GRID, {}, ["seed=0"])} == {0}


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        ({}, "no grid points"),
        ({"all": {"predictor": ["ridge"]}}, "no axis 'seed'"),
        ({"all": {"seed": "0-9"}}, "neither a list nor a range"),
        ({"all": {"seed": []}}, "no grid points"),
        ({"all": {"seed": [-1]}}, "seed=-1: a seed is a whole number"),
        ({"all": {"seed": ["first"]}}, "seed=first"),
    ],
)
def test_expand_invalid_grids_raise(grids: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        expand(grids, {}, [])
