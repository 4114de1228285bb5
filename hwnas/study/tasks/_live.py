"""The task of live measuring: selections from random architectures that are all measured."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from omegaconf import DictConfig

from hwnas.composition import check, reference_config
from hwnas.seeding import generator
from hwnas.selection import CandidateSet, Scale, objectives, score_selected
from hwnas.study._data import load, provenance_columns
from hwnas.study._ledger import DONE, Outcome

#: Scores of a live selection, and their columns in the results.
SCORES = {
    "retained_hypervolume": "live.retained_hypervolume",
    "mra_pareto_percent": "live.mra_percent",
}


def run_live(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Measure random architectures and select from their measured values alone.

    The scores compare the selection with the true front of all candidates, as those of a
    predictor's selection do.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``. Of ``experiment.settings``, ``live_sizes`` holds numbers
        of architectures to measure, and ``trials`` the number of random draws of each size. Sizes
        above the number of candidates are left out.
    seeds : sequence of int

    Yields
    ------
    Outcome
        One for each seed, with one row for each size: means over the trials, and the standard
        errors of the means in columns that end in ``_sem``.

    Raises
    ------
    UserError
        If the table cannot be loaded or has no accuracies.
    """
    check(cfg, reference_config(cfg))
    settings = cfg.experiment.settings
    table = load(cfg)
    candidates = CandidateSet.of(table).measured()
    truth = objectives(candidates.accuracy, candidates.cost)
    scale = Scale.of(truth[:, 1:])
    every = np.arange(len(truth))
    common = provenance_columns(table, ["data", "selection"])
    for seed in seeds:
        start = time.process_time()
        rows = []
        for size in (n for n in settings.live_sizes if n <= len(truth)):
            draws = [
                generator(seed, "live", size, trial).choice(len(truth), size, replace=False)
                for trial in range(settings.trials)
            ]
            scores = [score_selected(truth, every, drawn, scale).scores for drawn in draws]
            row: dict[str, float | int] = {"live.n_measured": size, "live.trials": settings.trials}
            for name, column in SCORES.items():
                values = np.array([one[name] for one in scores])
                row[column] = float(values.mean())
                row[f"{column}_sem"] = float(values.std() / np.sqrt(max(len(values) - 1, 1)))
            rows.append(row)
        columns = {**common, "seed": seed, "cpu_seconds": time.process_time() - start}
        yield Outcome(seed, DONE, tuple(row | columns for row in rows))
