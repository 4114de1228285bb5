"""The dataclass schemas of ``conf/*.yaml``.

Hydra raises an error for an override whose type or key does not match them.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from hwnas.composition._search_path import add_user_conf
from hwnas.paths import default_folder


@dataclass
class PathsConfig:
    """Folders of official files, of converted tables and of results."""

    data: str = MISSING
    cache: str = MISSING
    outputs: str = MISSING


@dataclass
class MetricConfig:
    """See `hwnas.metric.Metric`."""

    _target_: str = MISSING
    name: str = MISSING
    unit: str = MISSING
    direction: str = MISSING
    lower: float = 0.0
    upper: float = float("inf")
    title: str = ""


@dataclass
class PredictorConfig:
    """One predictor: its model, and the search space of its hyperparameters.

    ``preset`` is a label that tells apart several settings of one model, such as those of ``mlp``
    and ``paper/mlp``. ``sources`` is set by the command: digests of the measurements of other
    devices that the predictor learns from, by the names of the devices.
    """

    name: str = MISSING
    title: str = MISSING
    preset: str = "default"
    model: Any = MISSING
    search_space: dict[str, Any] = field(default_factory=dict)
    # No dict: Hydra cannot put a dict in place of None.
    sources: Any = None


@dataclass
class TunerConfig:
    """See `hwnas.tuning.Tuner`."""

    _target_: str = "hwnas.tuning.Tuner"
    sampler: Any = MISSING
    pruner: Any = None
    n_trials: int = MISSING
    folds: int = MISSING
    training_share: float = MISSING
    n_finalists: int = MISSING
    objectives: list[str] = MISSING
    tau_tolerance: float = MISSING
    seed: int | None = None
    max_measurements: int | None = None
    storage: str | None = None
    time_limit_seconds: float | None = None
    trial_seconds: float | None = None
    force: bool = False


@dataclass
class SelectorConfig:
    """See `hwnas.selection.Selector`."""

    _target_: str = "hwnas.selection.Selector"
    candidates: str | None = None
    metrics: list[str] | None = None
    n_candidates: int | None = None
    rounds: int = MISSING
    verify: str = MISSING
    limit: float | None = None
    confidence: float = MISSING
    min_accuracy: Any = MISSING
    one_per_network: bool = MISSING


@dataclass
class WandbConfig:
    """See `hwnas.tracking.WandbTracker`."""

    _target_: str = "hwnas.tracking.WandbTracker"
    project: str = MISSING
    entity: str | None = None
    mode: str = MISSING
    tags: list[str] = field(default_factory=list)
    init_timeout: float = MISSING


class Artifacts(Enum):
    """Files of a result folder: all, or the result and its configuration only."""

    all = "all"
    result = "result"


@dataclass
class RunConfig:
    """One experiment.

    A node of type ``Any`` has a ``_target_``. The arguments of that class are the node's schema.
    """

    metric: MetricConfig = MISSING
    device: Any = None
    space: Any = MISSING
    image_set: Any = None
    dataset: Any = MISSING
    encoding: Any = MISSING
    predictor: PredictorConfig = MISSING
    tuning: Any = MISSING
    selection: Any = MISSING
    tracking: Any = MISSING
    experiment: Any = None
    n_train: int | None = None
    n_test: int | None = None
    train: str = "random"
    seed: int = 0
    study: str = "single"
    force: bool = False
    intervals: bool = True
    artifacts: Artifacts = Artifacts.all
    paths: PathsConfig = MISSING


class Action(Enum):
    """What the command ``sweep`` does: run a study, print its status, or write its report."""

    run = "run"
    status = "status"
    report = "report"


@dataclass
class LaunchConfig:
    """How the jobs of a study are given to the launcher; see `hwnas.study._launch`.

    ``tasks`` is the number of the launcher's tasks. None makes every job a task.
    """

    tasks: int | None = None


@dataclass
class SweepConfig(RunConfig):
    """A study, one of its jobs, or a task of the launcher.

    Only a job has ``seeds`` and ``job``. Only a task of several jobs has ``jobs``: the overrides of
    each, as JSON.
    """

    deviations: Any = None
    action: Action = Action.run
    report: bool = False
    seeds: list[int] = field(default_factory=list)
    job: str = ""
    jobs: list[str] = field(default_factory=list)
    sweep: LaunchConfig = field(default_factory=LaunchConfig)


@dataclass
class MeasureConfig:
    """One measurement of latency; see `hwnas.measure._latency.measure_latency`."""

    metric: MetricConfig = MISSING
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
    energy_seconds: float = MISSING
    warm_up_seconds: float | None = None
    precision: float | None = None
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


@dataclass
class TableConfig:
    """The keys that every command on a table has."""

    metric: MetricConfig = MISSING
    device: Any = None
    space: Any = MISSING
    image_set: Any = None
    dataset: Any = None
    seed: int = MISSING
    paths: PathsConfig = MISSING


@dataclass
class AdviseConfig(TableConfig):
    """One request for advice; see `hwnas.advise.Advisor`."""

    dataset: Any = MISSING
    budget: str = MISSING
    measurement: str = MISSING
    measured: int | None = None
    candidates: str | None = None
    predictors: list[str] = field(default_factory=list)
    objective: str = MISSING
    worth: float = MISSING
    scenarios: int = MISSING
    repeats: int = MISSING


@dataclass
class FitConfig(TableConfig):
    """One predictor to keep; see `hwnas.fitted.fit`."""

    dataset: Any = MISSING
    encoding: Any = MISSING
    predictor: PredictorConfig = MISSING
    tuning: Any = MISSING
    out: str | None = None
    folds: int = MISSING


@dataclass
class NextConfig(TableConfig):
    """One proposal of what to measure; see `hwnas.next.propose`."""

    encoding: Any = MISSING
    predictor: PredictorConfig = MISSING
    n: int = MISSING
    objective: str = MISSING
    limit: float | None = None
    candidates: str = MISSING
    accuracy: str | None = None
    out: str = MISSING
    onnx: str | None = None
    batch_size: int = MISSING


@dataclass
class SearchConfig(TableConfig):
    """One search; see `hwnas.search.run`."""

    predictors: list[str] = field(default_factory=list)
    accuracy: str | None = None
    limit: Any = None
    confidence: float = MISSING
    out: str = MISSING
    method: str = MISSING
    evaluations: int = MISSING


def _default_folder(kind: Literal["data", "cache"]) -> str:
    return str(default_folder(kind))


def file_digest(path: str | None) -> str | None:
    """Return the start of a file's SHA-256, or None where the class that reads it will complain."""
    # In a result folder, this is the file that `hwnas.predictor.load_predictor` reads.
    file = None if path is None else Path(path).expanduser()
    # os.path answers also for what can be no path, such as a name that is too long.
    if file is not None and os.path.isdir(file):  # noqa: PTH112
        file = file / "predictor.hwnas"
    if file is None or not os.path.isfile(file):  # noqa: PTH113
        return None
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def register() -> None:
    """Put the schemas into Hydra's config store and register the resolvers of ``conf/``."""
    _store_schemas()
    OmegaConf.register_new_resolver("default_folder", _default_folder, replace=True)
    OmegaConf.register_new_resolver("file_digest", file_digest, replace=True)
    add_user_conf()


@cache
def _store_schemas() -> None:
    store = ConfigStore.instance()
    store.store(name="run_schema", node=RunConfig, provider="hwnas")
    store.store(name="measure_schema", node=MeasureConfig, provider="hwnas")
    store.store(name="accuracy_schema", node=AccuracyConfig, provider="hwnas")
    store.store(name="advise_schema", node=AdviseConfig, provider="hwnas")
    store.store(name="fit_schema", node=FitConfig, provider="hwnas")
    store.store(name="next_schema", node=NextConfig, provider="hwnas")
    store.store(name="search_schema", node=SearchConfig, provider="hwnas")
    store.store(group="tuning", name="_schema", node=TunerConfig, provider="hwnas")
    store.store(group="selection", name="_schema", node=SelectorConfig, provider="hwnas")
    store.store(group="tracking", name="_schema", node=WandbConfig, provider="hwnas")
    # sweep.yaml merges this schema after run.yaml. MISSING keeps the values of run.yaml.
    untouched: dict[str, Any] = {f.name: MISSING for f in fields(RunConfig)}
    store.store("sweep_schema", SweepConfig(**untouched), provider="hwnas")
