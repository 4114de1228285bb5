"""The points of a simulation study: candidate sets of one size, drawn from one table."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import check, reference_config
from hwnas.dataset import Table
from hwnas.selection import CandidateSet, simulate, simulation_rows
from hwnas.study._data import columns_of, load
from hwnas.study._ledger import DONE, Outcome


def run_simulations(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Simulate predictors of every noise level on one table; one outcome a seed.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``; reads ``experiment.settings`` and ``deviations``.
    seeds : sequence of int

    Raises
    ------
    UserError
        If no accuracies are here.
    """
    check(cfg, reference_config(cfg))
    settings = cfg.experiment.settings
    table = load(cfg)
    candidates = CandidateSet.of(table).measured().by_rank()
    on, wanted = image_sets(cfg, table)
    values = cfg.image_set.name if cfg.image_set is not None else table.dataset
    data = f"{table.device} {table.metric.name} ({values}) + {on} accuracy"
    about = {
        **columns_of(table, ["data", "selection"]),
        "provenance.accuracy_on": on,
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
        more = {**about, "seed": seed, "cpu_seconds": time.process_time() - start}
        rows = tuple(_known(row) | more for row in simulation_rows(simulation, data))
        yield Outcome(seed, DONE, rows)


def image_sets(cfg: DictConfig, table: Table) -> tuple[str, str]:
    """Return the image set that a table's accuracies are of, and the one that is wanted.

    They differ where only the bundled accuracies are here, which are of a small image set.
    """
    wanted = cfg.experiment.settings.accuracy
    if wanted is None and cfg.image_set is not None:
        wanted = cfg.image_set.name
    assert table.accuracy_provenance is not None
    details = table.accuracy_provenance.details
    on = str(details.get("image_set", wanted or table.accuracy_provenance.source))
    return on, str(wanted or on)


def _known(row: dict[str, str | float]) -> dict[str, str | float | None]:
    """Return a row with None for NaN, such as the standard error of a single trial."""
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
