"""The command ``hwnas fit``: fit a predictor to a whole table, score it, and keep it in a file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from sklearn.base import clone

import hwnas
from hwnas.dataset import Table
from hwnas.errors import UserError, check_number, command
from hwnas.experiment import build_for, load_table
from hwnas.fitted._cross_validated import CrossValidated, cross_validate
from hwnas.predictor import Predictor, option_in
from hwnas.predictor.saved import Saved
from hwnas.seeding import integer_seed
from hwnas.space import ColumnSpace
from hwnas.tuning import TuningResult


def fit(cfg: DictConfig) -> None:
    """Fit a predictor to all measurements of a table, and write it to a file.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/fit.yaml`` and checked.

    Raises
    ------
    UserError
        If the table cannot be loaded, the predictor chooses its own training measurements, or the
        file cannot be written.
    """
    check_number("folds", cfg.folds, 2)
    table = load_table(instantiate(cfg.dataset))
    # A copy has the value of the architecture that was measured for it, which is fitted once.
    table = table.rows(table.networks())
    out = Path(cfg.out or f"{table.device}.hwnas").expanduser()
    if out.is_dir():
        raise UserError(f"out={out}: is a folder", remedy=f"out={out / 'board.hwnas'}")
    predictor = _built(cfg, table)
    tuning = _tune(cfg, predictor, table)
    predictor = tuning.apply(predictor)
    scores = cross_validate(predictor, table, cfg.folds, cfg.seed)
    predictor.fit(table.architectures, table.values)
    if scores is not None:
        # Without a distribution of its own, the predictor keeps held-out residuals for intervals.
        predictor.calibrate(cfg.folds, cfg.seed)
    predictor.save(out, metadata=_metadata(cfg, table, tuning, scores))
    print("\n".join(_report(cfg, table, tuning, scores, out, predictor.remarks)))  # noqa: T201 - the command's output


def _built(cfg: DictConfig, table: Table) -> Predictor:
    """Return the unfitted predictor; raise `UserError` if it cannot be fitted to a whole table."""
    search_space = OmegaConf.to_container(cfg.predictor.search_space, resolve=True)
    assert isinstance(search_space, dict)
    searched = {str(name): entry for name, entry in search_space.items()}
    predictor = build_for(table, cfg, cfg.seed, search_space=searched)
    predictor.set_params(bounds=(table.metric.lower, table.metric.upper))
    if isinstance(predictor.model, Saved):
        path = predictor.model.path
        raise UserError(
            f"predictor={path}: it is fitted already",
            remedy=f"predictor={option_in(predictor.model.load())} tuned={path}",
        )
    if predictor.training_design() is not None:
        raise UserError(
            f"predictor={cfg.predictor.name}: it chooses its own training measurements and cannot "
            "be fitted to all of a table",
            remedy="predictor=best",
        )
    return predictor


def _tune(cfg: DictConfig, predictor: Predictor, table: Table) -> TuningResult:
    tuner = instantiate(cfg.tuning)
    rows = slice(tuner.max_measurements)
    result: TuningResult = tuner.tune(
        clone(predictor),
        predictor.search_space or {},
        table.architectures[rows],
        table.values[rows],
        groups=table.representative[rows],
        seed=integer_seed(cfg.seed, "tuning"),
        name=f"fit-{cfg.predictor.name}-{table.space.name}-{table.provenance.sha256[:16]}",
    )
    return result


def _metadata(
    cfg: DictConfig, table: Table, tuning: TuningResult, scores: CrossValidated | None
) -> dict[str, Any]:
    """Return what the file says of the predictor, in the words of the files of experiments."""
    provenance = table.provenance
    return {
        "space": table.space.name,
        "dataset": table.dataset,
        "device": table.device,
        "metric": table.metric.name,
        "unit": table.metric.unit,
        "direction": table.metric.direction,
        "predictor": cfg.predictor.name,
        "n_train": len(table),
        "seed": cfg.seed,
        "source": provenance.source,
        "sha256": provenance.sha256,
        "kind": provenance.kind,
        "details": dict(provenance.details),
        "best_params": dict(tuning.best_params),
        "cross_validated": None if scores is None else scores.to_dict(),
        "hwnas": hwnas.__version__,
    }


def _report(
    cfg: DictConfig,
    table: Table,
    tuning: TuningResult,
    scores: CrossValidated | None,
    out: Path,
    remarks: Sequence[str],
) -> list[str]:
    provenance, repeated = table.provenance, table.provenance.details.get("repeated")
    kind = "ESTIMATED" if table.estimated else provenance.kind
    again = ""
    if isinstance(repeated, dict):
        n = repeated["architectures"]
        several, verb = (
            ("1 architecture was", "counts") if n == 1 else (f"{n} architectures were", "count")
        )
        again = f"; {several} measured several times and {verb} with the median"
    tuned = f", tuned in {tuning.n_trials} trials" if tuning.n_trials else ""
    space, first = table.space, table.space.format(table.architectures[0].tolist())
    dimensions = space.described if isinstance(space, ColumnSpace) else []
    ask = shlex.join(["predict", str(out), "--architecture", first])
    return [
        f"{cfg.predictor.name} on {space.name}, fitted to all {len(table):,} measurements of "
        f"{table.device} {table.metric.name} [{table.metric.unit}]{tuned}",
        f"{kind} values: {provenance.source} (sha256 {provenance.sha256[:12]}){again}",
        *(f"dimension {each}" for each in dimensions),
        "too few measurements for cross-validation" if scores is None else str(scores),
        *(f"note: {remark}" for remark in remarks),
        f"saved in {out}; to ask it about an architecture:",
        f"  {command(ask)}",
    ]
