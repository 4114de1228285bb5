"""A finished result is only returned for the data that it was computed on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import Artifacts, check_same_configuration
from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.experiment import REVISIONS, Experiment, Result, _finished, split
from hwnas.experiment._folder import save
from tests.experiment.test_split import table
from tests.tables import ridge, whole_table

DIGITS = Provenance("measured", "bundled.parquet", "d1", details={"image_set": "digits"})
CIFAR = Provenance("measured", "nats_bench.csv", "c1", details={"image_set": "cifar10"})


def cfg(**changes: Any) -> DictConfig:
    defaults: dict[str, Any] = {
        "force": False,
        "artifacts": Artifacts.all,
        "selection": {},
        "intervals": True,
    }
    return OmegaConf.create(defaults | changes)


def finished(configuration: DictConfig, folder: Path, table: Table) -> Result | None:
    """Return the finished result, as an experiment with this configuration asks for it."""
    if configuration.force:
        return None
    return _finished.finished(
        folder,
        table,
        partial(check_same_configuration, configuration),
        everything=configuration.artifacts == Artifacts.all,
        selects=configuration.selection is not None,
        intervals=configuration.intervals,
    )


@pytest.fixture
def here() -> Table:
    return replace(
        table(50),
        provenance=Provenance("measured", "latency.csv", "a1", details={"columns": ("x", 1)}),
        accuracy=np.linspace(10.0, 90.0, 50),
        accuracy_provenance=DIGITS,
    )


@pytest.fixture
def folder(tmp_path: Path, here: Table) -> Path:
    """Return a result folder with a finished result on the table `here`."""
    result = Experiment(whole_table(), ridge(), split(whole_table(), 30, 100, 0)).run()
    values, accuracy = here.provenance, here.accuracy_provenance
    on_table = replace(
        result,
        provenance=replace(result.provenance, values=values, accuracy=accuracy),
        details=None,
    )
    save(on_table, {"selection": {}}, tmp_path / "seed0", everything=False)
    (tmp_path / "seed0" / "predictions.parquet").touch()
    OmegaConf.save(cfg(), tmp_path / "seed0" / "config.yaml")
    return tmp_path / "seed0"


def test_finished_same_data_returns_the_result(folder: Path, here: Table) -> None:
    assert finished(cfg(), folder, here) is not None
    moved = replace(here, provenance=replace(here.provenance, url="https://elsewhere"))
    assert finished(cfg(), folder, moved) is not None


def test_finished_forced_or_missing_files_is_none(folder: Path, here: Table) -> None:
    assert finished(cfg(force=True), folder, here) is None
    assert finished(cfg(), folder / "elsewhere", here) is None
    (folder / "predictions.parquet").unlink()
    assert finished(cfg(), folder, here) is None
    assert finished(cfg(artifacts=Artifacts.result), folder, here) is not None


def test_finished_intervals_left_out_by_a_study_is_none(folder: Path, here: Table) -> None:
    result = Result.load(folder)
    assert result is not None
    for interval, enough in [({"skipped": "intervals=false"}, False), (None, True)]:
        save(replace(result, interval=interval), {"selection": {}}, folder, everything=False)
        OmegaConf.save(cfg(), folder / "config.yaml")
        asked = cfg(artifacts=Artifacts.result)
        assert (finished(asked, folder, here) is not None) == enough
        asked.intervals = False
        assert finished(asked, folder, here) is not None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "estimated"}, "estimated"),
        ({"source": "other.csv"}, "other.csv"),
        ({"sha256": "b2"}, "sha256 b2"),
        ({"details": {"columns": ("y", 1)}}, "columns ['y', 1]"),
    ],
)
def test_finished_other_values_raises(
    folder: Path, here: Table, change: dict[str, Any], named: str
) -> None:
    other = replace(here, provenance=replace(here.provenance, **change))
    with pytest.raises(UserError) as caught:
        finished(cfg(), folder, other)
    message = str(caught.value)
    assert message.startswith(f"{folder} holds a result of other values, latency.csv (measured")
    assert named in message.partition("; current values: ")[2]
    assert message.endswith("Try: force=true")
    assert finished(cfg(force=True), folder, other) is None


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-9], lambda _: "", lambda _: "{}", lambda _: "[]"]
)
def test_finished_damaged_result_raises_unless_forced(
    folder: Path, here: Table, damage: Callable[[str], str]
) -> None:
    path = folder / "result.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(UserError, match=rf"^{path} is damaged.* Try: force=true$"):
        finished(cfg(), folder, here)
    assert finished(cfg(force=True), folder, here) is None


def test_finished_other_values_without_predictions_raises(folder: Path, here: Table) -> None:
    (folder / "predictions.parquet").unlink()
    with pytest.raises(UserError, match="force=true"):
        finished(cfg(), folder, replace(here, provenance=CIFAR))


def test_finished_other_accuracies_raises_if_they_matter(folder: Path, here: Table) -> None:
    other = replace(here, accuracy_provenance=CIFAR)
    with pytest.raises(
        UserError, match=r"other accuracies, bundled.*current accuracies: nats_bench\.csv"
    ):
        finished(cfg(), folder, other)
    with pytest.raises(UserError, match="current accuracies: none"):
        finished(cfg(), folder, replace(here, accuracy=None, accuracy_provenance=None))
    # Without a selection, accuracies only affect the file of predictions.
    OmegaConf.save(cfg(selection=None), folder / "config.yaml")
    with pytest.raises(UserError, match="other accuracies"):
        finished(cfg(selection=None), folder, other)
    only_scores = cfg(selection=None, artifacts=Artifacts.result)
    OmegaConf.save(only_scores, folder / "config.yaml")
    assert finished(only_scores, folder, other) is not None


@pytest.mark.parametrize("revision", [None, dict(REVISIONS) | {"tuning": 0}])
def test_finished_result_of_older_code_is_none(
    folder: Path, here: Table, revision: dict[str, int] | None, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder / "result.json"
    content = json.loads(path.read_text()) | {"revision": revision}
    path.write_text(json.dumps(content))
    assert finished(cfg(), folder, here) is None
    assert f"{folder}: finished by another version" in caplog.text


def test_finished_stage_without_revision_returns_the_result(folder: Path, here: Table) -> None:
    path = folder / "result.json"
    content = json.loads(path.read_text()) | {"revision": dict(REVISIONS) | {"tuning": None}}
    path.write_text(json.dumps(content))
    assert finished(cfg(), folder, here) is not None


def test_finished_damaged_configuration_raises(folder: Path, here: Table) -> None:
    (folder / "config.yaml").write_text("a: [")
    with pytest.raises(UserError, match=r"config\.yaml is damaged.*force=true"):
        finished(cfg(), folder, here)
