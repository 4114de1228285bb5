"""Configurations with different results must not share a folder. Each key is changed once."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import hwnas
from hwnas.composition import (
    CONF,
    INERT,
    check,
    check_choices,
    check_same_configuration,
    copied_nodes,
    is_inert,
    leaves,
    variant,
)
from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.experiment import run
from hwnas.experiment._identity import result_folder
from hwnas.study.tasks import run_predictors
from tests.composed import composed
from tests.tables import whole_table
from tests.tables_of_users import write_csv

SMALL = ("n_train=20", "n_test=40", "tracking=off", "artifacts=result")
TUNED = (*SMALL, "tuning.n_trials=2", "selection=none")
CONFIGURATIONS = {
    "default": ("tuning.n_trials=4",),
    "estimated": ("dataset=hwnas/raspi4", "predictor=svr", "selection.limit=8.0"),
    "neural": ("predictor=paper/mlp", "tuning=none", "selection=none"),
    "forest": ("metric=memory", "predictor=rf", "tuning=random"),
}
GROUPS = {path.name for path in CONF.iterdir() if path.is_dir()}
#: Other values for keys for which `another` would return a value that is not allowed.
OTHER: dict[str, Any] = {
    "dataset.source": "estimated",
    "dataset.backend": "torch",
    "dataset.statistic": "minimum",
    "selection.verify": "device",
    "metric.direction": "maximize",
    "predictor.model.kernel": "linear",
    "selection.confidence": 0.8,
    "metric.upper": 1e9,
}


@cache
def _table(dataset: str) -> Table:
    made = instantiate(OmegaConf.create(yaml.safe_load(dataset)))
    table: Table = made.load().measured_rows()
    return table


def folder_of(cfg: DictConfig, reference: DictConfig) -> Path:
    """Return the result folder of a configuration, or raise if the configuration is not valid."""
    check(cfg, reference)
    for node in ("tuning", "selection", "predictor.model"):
        instantiate(OmegaConf.select(cfg, node))
    table = _table(OmegaConf.to_yaml(cfg.dataset, resolve=True))
    name = f"{cfg.predictor.name},{variant(cfg, reference)}"
    return result_folder(Path("out"), table, name, cfg.n_train, cfg.seed)


def another(key: str, value: Any) -> Any:
    """Return another value of the same type."""
    if key in OTHER:
        return OTHER[key]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, "x"]
    return f"{value}x" if isinstance(value, str) else 1


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "default" else [pytest.mark.thorough])
        for name in CONFIGURATIONS
    ],
)
@pytest.mark.filterwarnings("ignore::hwnas.dataset.EstimatedWarning")
def test_result_folder_any_key_changed_differs_unless_refused_or_inert(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HWNAS_DATA", raising=False)
    same, refused = [], 0
    with composed("run", *CONFIGURATIONS[name]) as (cfg, reference):
        own = folder_of(cfg, reference)
        OmegaConf.save(cfg, tmp_path / "config.yaml", resolve=True)
        copies = copied_nodes(cfg)
        keys = [k for k in leaves(cfg) if not any(f"{k}.".startswith(f"{c}.") for c in copies)]
        for key in keys:
            if key in GROUPS:
                with pytest.raises(UserError):
                    check_choices([f"{key}=1"])
                continue
            changed = cfg.copy()
            try:
                OmegaConf.update(changed, key, another(key, OmegaConf.select(cfg, key)))
                if folder_of(changed, reference) == own:
                    # The key may still be found by the check of the saved configuration, which
                    # raises. Otherwise the key must be inert.
                    check_same_configuration(changed, tmp_path / "config.yaml")
                    same.append(key)
            except (UserError, HydraException, OmegaConfBaseException, ValueError, TypeError):
                refused += 1
    assert len(keys) > 40
    assert refused < len(keys) / 2, "most keys should be tested with a valid value"
    assert [key for key in same if not is_inert(key)] == []


def _result(outputs: Path) -> dict[str, Any]:
    (path,) = outputs.rglob("result.json")
    content: dict[str, Any] = json.loads(path.read_text())
    # Timings differ between runs. The study's name is one of the labels that the tests change.
    del content["timings"], content["identity"]["study"], content["provenance"]["environment"]
    return content


def _experiment(outputs: Path, *overrides: str) -> dict[str, Any]:
    with composed("run", *overrides, f"paths.outputs={outputs}") as (cfg, reference):
        check(cfg, reference)
        run(cfg, reference)
    return _result(outputs)


def _grid_point(outputs: Path, *overrides: str) -> dict[str, Any]:
    with composed("sweep", "experiment=quick", *overrides, f"paths.outputs={outputs}") as (cfg, _):
        assert [outcome.state for outcome in run_predictors(cfg, [0])] == ["done"]
    return _result(outputs)


INERT_RUNS = {
    "paths": ["paths.data=nowhere", "paths.cache=nowhere"],
    "dataset.paths": ["dataset.paths.data=nowhere"],
    "tracking": ["tracking.project=another", "tracking.tags=[one]"],
    "study": ["study=another"],
    "force": ["force=true"],
    "artifacts": ["artifacts=all"],
    "intervals": ["intervals=false"],
    "tuning.storage": ["tuning.storage=trials/"],
    "tuning.force": ["tuning.force=true"],
    "dataset.path": ["dataset.path=other/board.csv"],
    "dataset.target": ["dataset.target=latency_ms"],
    "predictor.model.path": ["predictor.model.path=other/ridge.hwnas"],
    "tuning.path": ["tuning.path=other/ridge.hwnas"],
    "dataset.source": ["dataset.source=estimated"],
    "metric.title": ["metric.title=speed"],
    "predictor.title": ["predictor.title=Another"],
    "device.title": ["device.title=Another"],
    "experiment": ["experiment.title=Another"],
    "deviations": ["deviations=normal"],
    "action": ["action=status"],
    "report": ["report=true"],
    "seeds": ["seeds=[0,1]"],
    "job": ["job=another"],
    "sweep": ["sweep.tasks=3"],
    "jobs": ["jobs=[another]"],
}
#: Overrides that the configuration needs in order to have the inert key.
NEEDS = {
    "tracking": ["tracking=wandb"],
    "dataset.path": ["dataset=csv", "dataset.path=board.csv"],
    "dataset.target": ["dataset=csv", "dataset.path=board.csv"],
    "predictor.model.path": ["predictor=_saved", "predictor.model.path=ridge.hwnas"],
    "tuning.path": ["tuning=_saved", "tuning.path=ridge.hwnas"],
    "dataset.source": ["dataset=hwnas/fpga"],
    "device.title": ["dataset=hwnas/fpga"],
}
#: Keys that only ``sweep.py`` has.
_OF_STUDIES = ("experiment", "deviations", "action", "report", "seeds", "job", "sweep", "jobs")


@pytest.fixture(scope="module")
def plain() -> dict[Any, dict[str, Any]]:
    """Results without a changed key. Several tests share one, so that it is computed once."""
    return {}


@pytest.fixture(scope="module")
def saved_ridge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ridge regression that is fitted to measurements of another table."""
    table = whole_table()
    predictor = hwnas.make_predictor("ridge", table.space)
    path = tmp_path_factory.mktemp("saved") / "ridge.hwnas"
    predictor.fit(table.architectures, table.values).save(path)
    return path


def test_inert_every_key_has_a_run() -> None:
    assert INERT_RUNS.keys() == INERT.keys()


@pytest.mark.thorough
@pytest.mark.parametrize("key", INERT_RUNS)
@pytest.mark.filterwarnings("ignore::hwnas.dataset.EstimatedWarning")
def test_run_inert_key_changed_has_the_same_result(
    key: str,
    tmp_path: Path,
    saved_ridge: Path,
    plain: dict[Any, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HWNAS_DATA", raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.chdir(tmp_path)
    experiment = _grid_point if key in _OF_STUDIES else _experiment
    for folder in (tmp_path, tmp_path / "other"):
        write_csv(folder / "board.csv")
        shutil.copy(saved_ridge, folder / "ridge.hwnas")
    # Not every choice of tuning has trials.
    common = (*(SMALL if key == "tuning.path" else TUNED), *NEEDS.get(key, []))
    if (experiment, common) not in plain:
        plain[experiment, common] = experiment(tmp_path / "plain", *common)
    changed = experiment(tmp_path / "changed", *common, *INERT_RUNS[key])
    expected = plain[experiment, common]
    if key == "intervals":
        assert expected["interval"]["coverage"] is not None
        assert changed["interval"]["skipped"] == "intervals=false"
        expected = {**expected, "interval": changed["interval"]}
    assert changed == expected


class TestResolvedValues:
    def test_variant_environment_variable_has_its_value(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = {}
        for kernel in ("linear", "rbf"):
            monkeypatch.setenv("KERNEL", kernel)
            with composed("run", "predictor=svr", "predictor.model.kernel=${oc.env:KERNEL}") as (
                cfg,
                reference,
            ):
                check(cfg, reference)
                names[kernel] = variant(cfg, reference)
        # The YAML has rbf, so this value is not part of the variant.
        assert names == {"linear": "model.kernel=linear", "rbf": ""}

    def test_variant_interpolated_number_has_its_value(self) -> None:
        with composed("run", "n_train=124", "n_test=${n_train}", "tuning.seed=${seed}") as (
            cfg,
            reference,
        ):
            check(cfg, reference)
            assert variant(cfg, reference) == "tuning.seed=0,n_test=124"

    def test_variant_seed_and_n_train_changed_is_empty(self) -> None:
        with composed("run", "seed=3", "n_train=25", "study=other") as (cfg, reference):
            assert variant(cfg, reference) == ""

    def test_run_yaml_edited_since_raises(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The path is the same, because each value is the default of its version of the YAML."""
        _experiment(tmp_path, *TUNED, "predictor=svr")
        monkeypatch.setenv("KERNEL", "linear")
        with composed("run", *TUNED, "predictor=svr", f"paths.outputs={tmp_path}") as (cfg, ref):
            for each in (cfg, ref):
                each.predictor.model.kernel = "${oc.env:KERNEL}"
            with pytest.raises(
                UserError, match=r"model\.kernel=rbf; the current value is linear.*force=true$"
            ):
                run(cfg, ref)


class TestChoices:
    def test_variant_option_with_another_name_has_the_option(self) -> None:
        """A user's YAML can have the same ``name`` as a YAML of hwnas."""
        with composed("run") as (cfg, reference):
            cfg.predictor.name = reference.predictor.name = "mine"
            assert variant(cfg, reference) == "predictor=ridge"

    @pytest.mark.parametrize(
        ("argument", "remedy"),
        [
            ("predictor=[ridge,xgb]", "-m predictor=ridge,xgb"),
            ("image_set=[cifar10,cifar100]", "-m image_set=cifar10,cifar100"),
            ("tuning=[none,default]", "-m tuning=none,default"),
            ("selection=[none,default]", "-m selection=none,default"),
            ("selection=null", "selection=none"),
            ("tracking=null", "tracking=off"),
            ("device=null", "leave device out"),
            ("predictor=3", "leave predictor out"),
        ],
    )
    def test_check_choices_several_or_no_options_raises(self, argument: str, remedy: str) -> None:
        with pytest.raises(UserError) as caught:
            check_choices(["n_train=25", argument])
        assert str(caught.value).startswith(argument)
        assert caught.value.remedy == remedy
        with pytest.raises(UserError):
            check_choices(["-m", "seed=0,1", argument])

    def test_check_choices_sweep_of_single_options_is_accepted(self) -> None:
        check_choices(
            ["-m", "predictor=ridge,xgb", "seed=0,1", "tuning.objectives=[a,b]", "--help"]
        )
