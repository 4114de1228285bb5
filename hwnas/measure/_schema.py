"""The dataclass schemas under ``conf/measure.yaml`` and ``conf/accuracy.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from hwnas._schema import PathsConfig


@dataclass
class MeasureConfig:
    """One measurement of latency; see `hwnas.measure._latency.measure_latency`."""

    space: Any = MISSING
    image_set: Any = None
    backend: Any = MISSING
    name: str = MISSING
    n_architectures: int | None = None
    passes: int = MISSING
    repeats: int = MISSING
    warm_up: int = MISSING
    batch_size: int = MISSING
    threads: int = MISSING
    seed: int = MISSING
    sizes: dict[str, int] = field(default_factory=dict)
    paths: PathsConfig = MISSING


@dataclass
class TrainingConfig:
    """See `hwnas.measure._digits.Training`."""

    channels: int = MISSING
    n_train: int = MISSING
    epochs: int = MISSING
    batch_size: int = MISSING
    learning_rate: float = MISSING
    momentum: float = MISSING
    weight_decay: float = MISSING


@dataclass
class AccuracyConfig:
    """One measurement of accuracy; see `hwnas.measure._accuracy.measure_accuracy`."""

    space: Any = MISSING
    name: str = MISSING
    n_architectures: int | None = None
    n_seeds: int = MISSING
    seed: int = MISSING
    at_once: int = MISSING
    training: TrainingConfig = MISSING
    paths: PathsConfig = MISSING


def register() -> None:
    """Put the schemas into Hydra's config store."""
    store = ConfigStore.instance()
    store.store(name="measure_schema", node=MeasureConfig, provider="hwnas")
    store.store(name="accuracy_schema", node=AccuracyConfig, provider="hwnas")
