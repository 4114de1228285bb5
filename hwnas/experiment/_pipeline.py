"""Split, tune, fit, score, predict the whole table, select: the part that computes."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from hwnas import __version__
from hwnas.composition import Artifacts, decisive
from hwnas.dataset import Table
from hwnas.experiment._plots import save_plots
from hwnas.experiment._result import (
    CONFIG,
    PREDICTIONS,
    RESULT,
    PredictorRecord,
    ProvenanceRecord,
    Result,
    Timings,
    write_json,
)
from hwnas.experiment._revision import REVISIONS, revisions
from hwnas.experiment._selecting import candidate_rows, select, selection_scores
from hwnas.experiment._split import Split, split, split_by_design
from hwnas.experiment._tables import save_predictions, save_selected, save_trials
from hwnas.predictor import Predictor, build
from hwnas.scores import score
from hwnas.seeding import integer_seed
from hwnas.selection import Selection, Selector
from hwnas.tuning import NoTuning, Tuner, TuningResult

#: Decisive keys that do not decide a tuning, or stand in its name themselves.
_NOT_TUNING = (
    *("selection", "experiment", "seed", "n_train"),
    *("tuning.n_trials", "tuning.time_limit_seconds", "tuning.max_measurements"),
)


@dataclass(frozen=True)
class Outcome:
    """Everything an experiment computed, before it is written down."""

    table: Table
    split: Split
    predictor: Predictor
    predicted: NDArray[np.float64]
    selection: Selection | None
    tuning: TuningResult
    result: Result


def prepare(cfg: DictConfig, table: Table, seed: int) -> tuple[Predictor, Split]:
    """Build the predictor, and choose the training measurements and the test set."""
    predictor = build(cfg.encoding, cfg.predictor.model, table.space, seed)
    design = predictor.training_design()
    if design is None:
        return predictor, split(table, cfg.n_train, cfg.n_test, seed)
    return predictor, split_by_design(table, design, cfg.n_test, seed)


def experiment(
    cfg: DictConfig,
    table: Table,
    tuner: Tuner | NoTuning,
    selector: Selector | None,
    predictor: Predictor,
    parts: Split,
) -> Outcome:
    """Tune and fit a predictor, score it, and select with its predictions."""
    tuning = tune(cfg, table, tuner)
    predictor = tuning.apply(predictor)
    start = time.perf_counter()
    predictor.fit(table.architectures[parts.train], table.values[parts.train])
    return evaluate(cfg, table, selector, predictor, parts, tuning, time.perf_counter() - start)


def tune(cfg: DictConfig, table: Table, tuner: Tuner | NoTuning) -> TuningResult:
    """Tune on the training measurements of ``tuning.seed``, the run's own seed if that is null.

    The study's name holds everything that decides it but the number of trials, so that runs that
    share ``tuning.storage`` and ``tuning.seed`` tune once, and more trials go on where fewer ended.
    """
    seed = cfg.seed if tuner.seed is None else tuner.seed
    predictor, parts = prepare(cfg, table, seed)
    # A smaller training set is a prefix of a larger one.
    train = parts.train[: tuner.max_measurements]
    return tuner.tune(
        predictor,
        search_space(cfg),
        table.architectures[train],
        table.values[train],
        groups=table.representative[train],
        seed=integer_seed(seed, "tuning"),
        name=_tuning_name(cfg, table, len(train), seed),
    )


def search_space(cfg: DictConfig) -> dict[str, Any]:
    """Return what tuning searches, as plain values."""
    plain = OmegaConf.to_container(cfg.predictor.search_space, resolve=True)
    assert isinstance(plain, dict)
    return {str(name): entry for name, entry in plain.items()}


def _tuning_name(cfg: DictConfig, table: Table, n_train: int, seed: int) -> str:
    # The test set is drawn first: how large it is decides which measurements are left.
    values = {k: v for k, v in decisive(cfg).items() if not k.startswith(_NOT_TUNING)}
    data = [table.provenance.sha256, table.provenance.details]
    stages = {stage: n for stage, n in REVISIONS.items() if stage != "selection"}
    text = json.dumps([values, data, stages], sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    column = f"{table.dataset}-{table.device}-{table.metric.name}"
    return f"{cfg.predictor.name}-{table.space.name}-{column}-n{n_train}-seed{seed}-{digest}"


def evaluate(
    cfg: DictConfig,
    table: Table,
    selector: Selector | None,
    predictor: Predictor,
    parts: Split,
    tuning: TuningResult,
    fit_seconds: float,
) -> Outcome:
    """Score a fitted predictor, and select with its predictions."""
    X, y = table.architectures, table.values
    # A copy's value is that of the architecture that was measured, and so is its prediction.
    measured, copy_of = np.unique(table.measured_on(), return_inverse=True)
    fitted = time.perf_counter()
    predicted = predictor.predict(X[measured])[copy_of]
    queried = time.perf_counter()
    selection, skipped = None, _why_not(selector, table)
    if selector is not None and skipped is None:
        selection = select(cfg, selector, table, predicted, predictor, parts.train)
    result = Result(
        identity=_identity(cfg, table, parts),
        scores=score(y[parts.test], predicted[parts.test], table.metric),
        # Each measurement counts once, as in the test set: copies would all tie.
        scores_all=score(y[measured], predicted[measured], table.metric),
        selection=None if selection is None else selection_scores(selection, table, predicted),
        selection_skipped=skipped,
        timings=Timings(
            tune_seconds=tuning.seconds,
            fit_seconds=fit_seconds,
            query_seconds_per_architecture=(queried - fitted) / len(measured),
        ),
        predictor=_predictor_record(cfg, tuning),
        provenance=ProvenanceRecord(
            kind=table.provenance.kind,
            values=table.provenance,
            accuracy=table.accuracy_provenance,
            environment=_environment(),
        ),
        revision=revisions(_stages(tuning, selection)),
    )
    return Outcome(table, parts, predictor, predicted, selection, tuning, result)


def _stages(tuning: TuningResult, selection: Selection | None) -> list[str]:
    """Return the stages that decided a result."""
    tuned = ["tuning"] if tuning.n_trials else []
    return ["data", "split", *tuned, "fitting", *([] if selection is None else ["selection"])]


def _why_not(selector: Selector | None, table: Table) -> str | None:
    """Say why there is no selection; None if there is one."""
    if selector is None:
        return "selection=none"
    return None if table.accuracy is not None else f"{table.dataset} has no accuracy"


def save(outcome: Outcome, cfg: DictConfig, folder: Path) -> None:
    """Write the result folder, with ``artifacts=result`` only the result and its config."""
    table, selection = outcome.table, outcome.selection
    write_json(folder / RESULT, outcome.result.to_dict())
    OmegaConf.save(cfg, folder / CONFIG, resolve=True)
    if cfg.artifacts == Artifacts.result:
        return
    if outcome.tuning.trials:
        save_trials(folder / "tuning.csv", outcome.tuning.trials)
    save_predictions(folder / PREDICTIONS, table, outcome.split, outcome.predicted)
    rows = None
    if selection is not None:
        rows = candidate_rows(table)
        save_selected(folder / "selected.csv", table, rows, selection, outcome.predicted)
    save_plots(folder, table, outcome.split, outcome.predicted, selection, rows)


def _identity(cfg: DictConfig, table: Table, parts: Split) -> dict[str, Any]:
    return {
        "space": table.space.name,
        "dataset": table.dataset,
        "device": table.device,
        "metric": table.metric.name,
        "unit": table.metric.unit,
        "predictor": cfg.predictor.name,
        "n_train": len(parts.train),
        "n_test": len(parts.test),
        "seed": cfg.seed,
        "study": cfg.study,
    }


def _predictor_record(cfg: DictConfig, tuning: TuningResult) -> PredictorRecord:
    return PredictorRecord(
        name=cfg.predictor.name,
        preset=cfg.predictor.preset,
        best_params=dict(tuning.best_params),
        n_trials=tuning.n_trials,
        cross_validated_kendall_tau=tuning.best_value,
        tuning_reused=tuning.reused,
    )


def _environment() -> dict[str, str]:
    """Return the versions of what computes a result, as far as it is installed."""
    versions = {
        "hwnas": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for package in ("numpy", "scikit-learn", "optuna", "torch", "moocore"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            # Of an extra: the core runs without it.
            continue
    return versions
