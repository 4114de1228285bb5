"""The dataclass schema under ``conf/advise.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from hwnas._schema import MetricConfig, PathsConfig


@dataclass
class AdviseConfig:
    """One request for advice; see `hwnas.advise.Advisor`."""

    metric: MetricConfig = MISSING
    device: Any = None
    space: Any = MISSING
    image_set: Any = None
    dataset: Any = MISSING
    budget: str = MISSING
    measurement: str = MISSING
    measured: int | None = None
    predictors: list[str] = field(default_factory=list)
    objective: str = MISSING
    worth: float = MISSING
    worlds: int = MISSING
    repeats: int = MISSING
    seed: int = MISSING
    paths: PathsConfig = MISSING


def register() -> None:
    """Put the schema into Hydra's config store."""
    ConfigStore.instance().store(name="advise_schema", node=AdviseConfig, provider="hwnas")
