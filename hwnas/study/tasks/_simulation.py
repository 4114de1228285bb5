"""The task of simulation studies: each grid point simulates candidate sets of one size."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import check, reference_config
from hwnas.dataset import Table
from hwnas.selection import CandidateSet, simulate, simulation_rows
from hwnas.study._data import load, provenance_columns
from hwnas.study._ledger import DONE, Outcome


def run_simulations(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Simulate selections with predictors of every noise level, on one table.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``. ``experiment.settings`` holds the arguments of
        `hwnas.selection.simulate`, and ``deviations`` the kind of deviations.
    seeds : sequence of int

    Yields
    ------
    Outcome
        One for each seed, with one row for each noise level.

    Raises
    ------
    UserError
        If the table cannot be loaded or has no accuracies, or a setting is invalid.
    """
    check(cfg, reference_config(cfg))
    settings = cfg.experiment.settings
    table = load(cfg)
    candidates = CandidateSet.of(table).measured().by_rank()
    used, wanted = image_sets(cfg, table)
    values = cfg.image_set.name if cfg.image_set is not None else table.dataset
    data = f"{table.device} {table.metric.name} ({values}) + {used} accuracy"
    common_columns = {
        **provenance_columns(table, ["data", "selection"]),
        "provenance.accuracy_on": used,
        "provenance.accuracy_wanted": wanted,
    }
    for seed in seeds:
        start = time.process_time()
        simulation = simulate(
            candidates.accuracy,
            candidates.cost,
            n_candidates=[settings.n_candidates],
            sigmas=list(settings.sigmas),
            trials=settings.trials,
            pairing=settings.pairing,
            deviations=instantiate(cfg.deviations, _convert_="all"),
            seed=seed,
            rounds=settings.rounds,
        )
        columns = {**common_columns, "seed": seed, "cpu_seconds": time.process_time() - start}
        rows = tuple(_without_nan(row) | columns for row in simulation_rows(simulation, data))
        yield Outcome(seed, DONE, rows)


def image_sets(cfg: DictConfig, table: Table) -> tuple[str, str]:
    """Return the image set of a table's accuracies, and the image set that the study asks for.

    They differ if ``nats_bench.csv`` is missing. Then the accuracies are those of the table that
    ships with hwnas, whose networks were trained on scikit-learn's digits.
    """
    wanted = cfg.experiment.settings.accuracy
    if wanted is None and cfg.image_set is not None:
        wanted = cfg.image_set.name
    assert table.accuracy_provenance is not None
    details = table.accuracy_provenance.details
    used = str(details.get("image_set", wanted or table.accuracy_provenance.source))
    return used, str(wanted or used)


def _without_nan(row: dict[str, str | float]) -> dict[str, str | float | None]:
    """Return a row with None for NaN, which the standard error of a single trial is."""
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
