"""Split, tune, fit, score, predict the whole table, select: the part that computes."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from hwnas import __version__
from hwnas.dataset import Table
from hwnas.experiment._plots import save_plots
from hwnas.experiment._result import (
    RESULT,
    PredictorRecord,
    ProvenanceRecord,
    Result,
    Timings,
    write_json,
)
from hwnas.experiment._split import Split, split, split_by_design
from hwnas.experiment._tables import save_predictions, save_selected
from hwnas.predictor import Predictor, build, with_preset
from hwnas.scores import score
from hwnas.seeding import generator, integer_seed
from hwnas.selection import Selection
from hwnas.tuning import TuningResult


@dataclass(frozen=True)
class Outcome:
    """Everything an experiment computed, before it is written down."""

    table: Table
    split: Split
    predictor: Predictor
    predicted: NDArray[np.float64]
    selection: Selection | None
    result: Result


def prepare(cfg: DictConfig, table: Table) -> tuple[Predictor, Split]:
    """Build the predictor, and choose the training measurements and the test set."""
    predictor = build(cfg.predictor, table.space, cfg.seed)
    design = predictor.training_design()
    if design is None:
        return predictor, split(table, cfg.n_train, cfg.n_test, cfg.seed)
    return predictor, split_by_design(table, design, cfg.n_test, cfg.seed)


def experiment(cfg: DictConfig, table: Table, predictor: Predictor, parts: Split) -> Outcome:
    """Tune and fit a predictor, score it, and select with its predictions."""
    X, y = table.architectures, table.values
    tuning = instantiate(cfg.tuning).tune(
        predictor,
        with_preset(cfg.predictor).search_space,
        X[parts.train],
        y[parts.train],
        groups=table.representative[parts.train],
        seed=integer_seed(cfg.seed, "tuning"),
    )
    predictor = tuning.apply(predictor)
    start = time.perf_counter()
    predictor.fit(X[parts.train], y[parts.train])
    fitted = time.perf_counter()
    predicted = predictor.predict(X)
    queried = time.perf_counter()
    selection, skipped = _select(cfg, table, predicted)
    result = Result(
        identity=_identity(cfg, table, parts),
        scores=score(y[parts.test], predicted[parts.test], table.metric),
        scores_all=score(y, predicted, table.metric),
        selection=None if selection is None else selection.scores(),
        selection_skipped=skipped,
        timings=Timings(
            tune_seconds=tuning.seconds,
            fit_seconds=fitted - start,
            query_seconds_per_architecture=(queried - fitted) / len(X),
        ),
        predictor=_predictor_record(cfg, tuning),
        provenance=ProvenanceRecord(
            kind=table.provenance.kind,
            values=table.provenance,
            accuracy=table.accuracy_provenance,
            environment=_environment(),
        ),
    )
    return Outcome(table, parts, predictor, predicted, selection, result)


def _select(
    cfg: DictConfig, table: Table, predicted: NDArray[np.float64]
) -> tuple[Selection | None, str | None]:
    if cfg.selection is None:
        return None, "selection=none"
    if table.accuracy is None:
        return None, f"{table.dataset} has no accuracy"
    rows = candidate_rows(table)
    selection: Selection = instantiate(cfg.selection).run(
        table.accuracy[rows],
        table.metric.cost(table.values[rows]),
        table.metric.cost(predicted[rows]),
        generator(cfg.seed, "selection"),
    )
    return selection, None


def candidate_rows(table: Table) -> NDArray[np.int64]:
    """Return the rows that can be selected: those whose accuracy is known."""
    assert table.accuracy is not None
    return np.flatnonzero(~np.isnan(table.accuracy))


def save(outcome: Outcome, cfg: DictConfig, folder: Path) -> None:
    """Write everything into the result folder."""
    table, selection = outcome.table, outcome.selection
    write_json(folder / RESULT, outcome.result.to_dict())
    OmegaConf.save(cfg, folder / "config.yaml", resolve=True)
    save_predictions(folder / "predictions.parquet", table, outcome.split, outcome.predicted)
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
    )


def _environment() -> dict[str, str]:
    packages = ("numpy", "scikit-learn", "optuna", "torch", "moocore")
    return {
        "hwnas": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: version(name) for name in packages},
    }
