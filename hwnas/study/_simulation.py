"""The cells of a simulation study: candidate sets of one size, drawn from one table."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas._composition import check, reference_config
from hwnas.dataset import Table
from hwnas.dataset._accuracy import accuracy_of
from hwnas.errors import UserError
from hwnas.selection import simulate, simulation_rows
from hwnas.study._ledger import DONE, Outcome
from hwnas.study._predictors import load


def run_simulations(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Simulate predictors of every noise level on one table; one outcome a seed.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``; reads ``experiment.settings``.
    seeds : sequence of int

    Raises
    ------
    UserError
        If no accuracies are here.
    """
    check(cfg, reference_config(cfg))
    settings = cfg.experiment.settings
    table = in_space_order(load(cfg))
    accuracy, image_set = table.accuracy, None if cfg.image_set is None else cfg.image_set.name
    if settings.accuracy is not None:
        image_set = settings.accuracy
        paths = instantiate(cfg.dataset).paths
        accuracy, _ = accuracy_of(table.space, table.architectures, image_set, paths)
    if accuracy is None:
        raise UserError(f"no {image_set} accuracies are here", mend="python -m hwnas.data fetch")
    known = ~np.isnan(accuracy)
    values = cfg.image_set.name if cfg.image_set is not None else table.dataset
    data = f"{table.device} {table.metric.name} ({values}) + {image_set} accuracy"
    for seed in seeds:
        start = time.process_time()
        simulation = simulate(
            accuracy[known],
            table.metric.cost(table.values)[known],
            n_candidates=[settings.n_candidates],
            sigmas=list(settings.sigmas),
            trials=settings.trials,
            pairing=settings.pairing,
            deviations=instantiate(settings.deviations, _convert_="all"),
            seed=seed,
            rounds=settings.rounds,
        )
        spent = time.process_time() - start
        more = {"seed": seed, "provenance.kind": table.provenance.kind, "cpu_seconds": spent}
        rows = tuple({**row, **more} for row in simulation_rows(simulation, data))
        yield Outcome(seed, DONE, rows)


def in_space_order(table: Table) -> Table:
    """Sort the rows by rank: the study's pairing depends on their order."""
    from dataclasses import replace

    order = np.argsort(table.space.rank(table.architectures))
    return replace(
        table,
        architectures=table.architectures[order],
        values=table.values[order],
        representative=table.representative[order],
        accuracy=None if table.accuracy is None else table.accuracy[order],
    )
