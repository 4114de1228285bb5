"""What all YAMLs of ``conf/`` keep to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from omegaconf import OmegaConf

from hwnas.backend import Backend
from hwnas.composition import CONF, options, targets
from hwnas.metric import Metric

FILES = sorted(CONF.rglob("*.yaml"))


def targets_of(node: Any) -> Iterator[str]:
    """Yield every ``_target_`` below a node."""
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    for value in values:
        yield from targets_of(value)
    if isinstance(node, dict) and "_target_" in node:
        yield node["_target_"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(CONF).as_posix())
def test_every_target_is_a_public_name(file: Path) -> None:
    for target in targets_of(OmegaConf.to_container(OmegaConf.load(file), resolve=False)):
        assert not any(part.startswith("_") for part in target.split(".")), target


@pytest.mark.parametrize("name", options("backend"))
def test_backend_is_named_after_its_yaml_and_names_its_unit(name: str) -> None:
    file = OmegaConf.to_container(OmegaConf.load(CONF / "backend" / f"{name}.yaml"))
    assert isinstance(file, dict)
    arguments = {str(key): value for key, value in file.items() if key != "_target_"}
    backend: Backend = targets("backend")[name](**arguments)
    assert backend.name == name
    # Not every fact is there on every unit, but one of them is.
    assert set(backend.unit_facts) & set(backend.facts())


@pytest.mark.parametrize("name", options("metric"))
def test_metric_is_named_after_its_yaml(name: str) -> None:
    file: Any = OmegaConf.to_container(OmegaConf.load(CONF / "metric" / f"{name}.yaml"))
    metric = resolve_name(file.pop("_target_"))(**file)
    assert isinstance(metric, Metric)
    assert metric.name == name
    assert metric.unit
