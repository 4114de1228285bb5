"""Every backend and metric of ``conf/`` keeps to what others rely on."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pytest
from omegaconf import OmegaConf

from hwnas.backend import Backend
from hwnas.composition import CONF, options, targets
from hwnas.metric import Metric


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
