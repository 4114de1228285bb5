"""``train=design``: chosen training measurements, and that every result says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from omegaconf import OmegaConf

from hwnas.composition import check_same_configuration, decisive, variant
from hwnas.errors import UserError
from hwnas.experiment import split
from hwnas.predictor.best import choose_design
from hwnas.space import NASBench201
from tests.commands import Hwnas
from tests.composed import composed
from tests.tables import made_table, whole_table

DESIGN = ("train=design", "n_train=12", "n_test=40", "predictor=ridge", "tuning=none")


def test_split_design_smaller_is_a_prefix_with_the_test_set_of_random_measurements() -> None:
    table = whole_table()
    small, large = (split(table, n, 50, seed=3, train="design") for n in (6, 12))
    drawn = split(table, 12, 50, seed=3)
    np.testing.assert_array_equal(small.train, large.train[:6])
    np.testing.assert_array_equal(large.test, drawn.test)
    assert not set(large.train) & set(large.test)
    assert set(large.train) != set(drawn.train)


def test_split_design_is_the_choice_of_next() -> None:
    table = whole_table(100)
    parts = split(table, 5, 20, seed=0, train="design")
    pool = np.setdiff1d(split(table, 80, 20, seed=0).train, [])
    chosen = choose_design(table.space, table.architectures[pool], 5)
    assert set(parts.train) == set(pool[chosen])


def test_split_design_never_reads_values() -> None:
    table = whole_table(100)
    other = made_table(table.architectures, np.flip(table.values))
    one, two = (split(each, 5, 20, seed=0, train="design") for each in (table, other))
    np.testing.assert_array_equal(one.train, two.train)


def test_split_unknown_way_to_choose_is_refused() -> None:
    with pytest.raises(UserError, match=r"train: no 'desing'.*did you mean 'design'"):
        split(whole_table(100), 5, 20, train="desing")


def test_split_design_of_a_predictor_with_its_own_is_refused() -> None:
    design = NASBench201().enumerate()[:3]
    with pytest.raises(UserError, match=r"itself\. Try: train=random"):
        split(whole_table(100), 5, 20, design=design, train="design")


def test_variant_design_is_part_of_the_identity() -> None:
    with composed("run", "predictor=best", "train=design") as (cfg, reference):
        assert variant(cfg, reference) == "train=design"
        assert decisive(cfg)["train"] == "design"


def test_check_same_configuration_result_of_an_older_version_is_random(tmp_path: Path) -> None:
    saved = tmp_path / "config.yaml"
    with composed("run", "predictor=best") as (cfg, _):
        assert "train" not in decisive(cfg)
        content = OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)
        assert isinstance(content, dict)
        saved.write_text(yaml.safe_dump({k: v for k, v in content.items() if k != "train"}))
        check_same_configuration(cfg, saved)


def test_run_design_folder_result_and_report_say_it(hwnas: Hwnas, tmp_path: Path) -> None:
    run = hwnas("run", *DESIGN, f"paths.outputs={tmp_path}", "tracking=off", "selection=none")
    assert run.returncode == 0, run.stderr
    assert "12 training measurements, chosen (train=design), seed 0" in run.stdout
    (found,) = tmp_path.glob("**/result.json")
    assert "train=design" in found.parents[2].name
    assert json.loads(found.read_text())["identity"]["train"] == "design"
