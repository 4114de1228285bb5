"""The task of predictor studies: each grid point is one experiment, as ``hwnas run`` runs it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from omegaconf import DictConfig

from hwnas.composition import check, reference_config
from hwnas.experiment import Prepared, Result, prepare
from hwnas.predictor import fit_many
from hwnas.study._data import load, sources_column
from hwnas.study._ledger import DONE, Outcome
from hwnas.tuning import TuningResult


def run_predictors(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Run the experiments of one predictor, table and number of training measurements.

    If the predictor's model has a method ``fit_many``, all seeds are fitted in one call. Otherwise
    each experiment is fitted and saved before the next one, so that a kill loses at most one.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``. Its key ``seed`` is ignored.
    seeds : sequence of int

    Yields
    ------
    Outcome
        One for each seed, after its result is saved.

    Raises
    ------
    UserError
        If the configuration is invalid, the table cannot be loaded, or a result folder holds a
        result of other data.
    """
    reference = reference_config(cfg)
    check(cfg, reference)
    table = load(cfg)
    pending = []
    for seed in seeds:
        seeded = cfg.copy()
        seeded.seed = seed
        prepared = prepare(seeded, reference, table)
        earlier = prepared.finished()
        if earlier is not None:
            yield _outcome(prepared, earlier, 0.0)
        else:
            pending.append(prepared)
    together = pending and hasattr(type(pending[0].experiment.predictor.model), "fit_many")
    batches = [pending] if together else [[one] for one in pending]
    shared: TuningResult | None = None
    for batch in batches:
        start = time.process_time()
        tunings = []
        for one in batch:
            tuning = shared or one.experiment.tune()
            # With tuning.seed, the experiments of all seeds have the same tuning.
            shared = tuning if one.experiment.tuner.seed is not None else None
            tunings.append(tuning)
        yield from _fit(batch, tunings, start)


def _fit(
    pending: Sequence[Prepared], tunings: Sequence[TuningResult], start: float
) -> Iterator[Outcome]:
    """Fit predictors with their tuned hyperparameters in one call, then score and save each.

    Parameters
    ----------
    pending : sequence of Prepared
    tunings : sequence of TuningResult
        The tuning of each experiment.
    start : float
        CPU time of the process before the tuning, in seconds.
    """
    experiments = [one.experiment for one in pending]
    predictors = [t.apply(e.predictor) for t, e in zip(tunings, experiments, strict=True)]
    wall = time.perf_counter()
    fit_many(
        predictors,
        [e.split.train_architectures for e in experiments],
        [e.split.train_values for e in experiments],
    )
    fit_seconds = (time.perf_counter() - wall) / len(pending)
    cpu_seconds = (time.process_time() - start) / len(pending)
    for one, predictor, tuning in zip(pending, predictors, tunings, strict=True):
        start = time.process_time()
        evaluate = partial(one.experiment.evaluate, predictor, tuning, fit_seconds)
        result = one.record(evaluate)
        yield _outcome(one, result, cpu_seconds + time.process_time() - start)


def _outcome(prepared: Prepared, result: Result, cpu_seconds: float) -> Outcome:
    row = row_of(result.to_dict()) | sources_column(prepared.cfg) | {"cpu_seconds": cpu_seconds}
    relative = prepared.folder.relative_to(prepared.outputs)
    return Outcome(prepared.cfg.seed, DONE, (row,), str(relative))


def row_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as one flat row, with nested values as JSON text.

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
