"""The cells of a study of predictors: each is one experiment of ``run.py``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import check, reference_config
from hwnas.dataset import Table
from hwnas.experiment import Split
from hwnas.experiment import _pipeline as pipeline
from hwnas.experiment._finished import finished
from hwnas.experiment._identity import result_folder, variant
from hwnas.experiment._run import record
from hwnas.experiment._selecting import check_selection
from hwnas.predictor import Predictor, build, fit_many
from hwnas.selection import Selector
from hwnas.study._data import load
from hwnas.study._ledger import DONE, Outcome
from hwnas.tuning import TuningResult


@dataclass(frozen=True)
class _Pending:
    """One experiment that is still to be run."""

    cfg: DictConfig
    predictor: Predictor
    parts: Split
    folder: Path


def run_predictors(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Run the experiments of one predictor, dataset and train size, one a seed.

    Seeds of a model that trains many at once are fitted in one training; the others one after the
    other, so that a kill loses one of them at most.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``; its own seed does not count.
    seeds : sequence of int

    Raises
    ------
    UserError
        If something does not fit together, or a result folder holds a result of other data.

    Yields
    ------
    Outcome
        One a seed, as soon as it is saved.
    """
    reference = reference_config(cfg)
    check(cfg, reference)
    table, selector = load(cfg), instantiate(cfg.selection)
    # Once: what is checked is the same for every seed.
    predictor = build(cfg.encoding, cfg.predictor.model, table.space, cfg.seed)
    check_selection(selector, instantiate(cfg.dataset), table, predictor)
    pending = []
    for seed in seeds:
        own = cfg.copy()
        own.seed = seed
        predictor, parts = pipeline.prepare(own, table, seed)
        folder = result_folder(own, table, len(parts.train), variant(own, reference))
        before = finished(own, folder, table)
        if before is not None:
            yield _outcome(own, folder, before, 0.0)
        else:
            pending.append(_Pending(own, predictor, parts, folder))
    together = pending and hasattr(type(pending[0].predictor.model), "fit_many")
    batches = [pending] if together else [[one] for one in pending]
    shared: TuningResult | None = None
    for batch in batches:
        start = time.process_time()
        tunings = []
        for one in batch:
            # A tuner each: a pruner may remember what it saw.
            tuning = shared or pipeline.tune(one.cfg, table, instantiate(cfg.tuning))
            # With a seed of its own, tuning is the same for every run.
            shared = tuning if one.cfg.tuning.get("seed") is not None else None
            tunings.append(tuning)
        yield from _fit(batch, tunings, table, selector, start)


def _fit(
    pending: Sequence[_Pending],
    tunings: Sequence[TuningResult],
    table: Table,
    selector: Selector | None,
    start: float,
) -> Iterator[Outcome]:
    """Fit tuned predictors in one call, then score and save each.

    `start` is the process's CPU time before they were tuned.
    """
    predictors = [t.apply(one.predictor) for t, one in zip(tunings, pending, strict=True)]
    wall = time.perf_counter()
    fit_many(
        predictors,
        [table.architectures[one.parts.train] for one in pending],
        [table.values[one.parts.train] for one in pending],
    )
    fit_seconds = (time.perf_counter() - wall) / len(pending)
    cpu_seconds = (time.process_time() - start) / len(pending)
    for one, predictor, tuning in zip(pending, predictors, tunings, strict=True):
        start = time.process_time()

        def compute(
            one: _Pending = one, predictor: Predictor = predictor, tuning: TuningResult = tuning
        ) -> pipeline.Outcome:
            return pipeline.evaluate(
                one.cfg, table, selector, predictor, one.parts, tuning, fit_seconds
            )

        done = record(one.cfg, table, one.folder, instantiate(one.cfg.tracking), compute)
        spent = cpu_seconds + time.process_time() - start
        yield _outcome(one.cfg, one.folder, done.result.to_dict(), spent)


def _outcome(
    cfg: DictConfig, folder: Path, result: Mapping[str, Any], cpu_seconds: float
) -> Outcome:
    row = {**row_of(result), "cpu_seconds": cpu_seconds}
    relative = folder.relative_to(Path(cfg.paths.outputs).expanduser())
    return Outcome(cfg.seed, DONE, (row,), str(relative))


def row_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as one flat row; nested settings as JSON text.

    Examples
    --------
    >>> row_of({"scores": {"kendall_tau": 0.8}, "predictor": {"best_params": {"alpha": 1.0}},
    ...         "selection": None})
    {'scores.kendall_tau': 0.8, 'predictor.best_params': '{"alpha": 1.0}'}
    """
    row: dict[str, Any] = {}
    for part, values in result.items():
        if not isinstance(values, Mapping):
            continue
        for key, value in values.items():
            if key == "environment":
                continue
            nested = isinstance(value, Mapping | list | tuple)
            row[f"{part}.{key}"] = json.dumps(value, default=str) if nested else value
    return row
