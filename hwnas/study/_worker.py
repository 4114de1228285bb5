"""The function that Hydra's launcher runs for each of its tasks: one job of a study, or several."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import Artifacts, mistake_in, register
from hwnas.console import shown
from hwnas.experiment import PREDICTIONS, RESULT
from hwnas.study._check import TASK
from hwnas.study._job_config import job_config
from hwnas.study._ledger import FAILED, POINTS, Ledger, Outcome

#: Name of the folder of all studies, in the folder of all results.
STUDIES = "studies"


# A task of Slurm has a log of its own, where its progress is shown.
@shown()
def run_task(cfg: DictConfig) -> int:
    """Run the jobs of one task of Hydra's launcher, and return how many grid points failed.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``. If ``jobs`` is empty, the task is a single job.
    """
    # Hydra passes its own state to the process of a launcher, but not OmegaConf's resolvers.
    register()
    node = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(node, dict)
    jobs = node.get("jobs")
    if not jobs:
        return run_job(cfg)
    name = HydraConfig.get().job.config_name
    failed = 0
    for overrides in jobs:
        with job_config(name, json.loads(overrides)) as own:
            failed += run_job(own)
    return failed


def run_job(cfg: DictConfig) -> int:
    """Run the grid points of one job, record their outcomes, and return how many failed.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``. ``seeds`` holds the seeds to run, ``job`` the identity of
        the job.
    """
    from hydra.utils import get_method

    ledger = ledger_of(cfg)
    run = get_method(cfg.experiment.get("task", TASK))
    left = list(cfg.seeds)

    def attempt(seeds: Sequence[int]) -> None:
        for outcome in run(cfg, seeds):
            ledger.write(cfg.job, outcome)
            left.remove(outcome.seed)

    try:
        attempt(list(left))
        return 0
    except Exception as reason:
        if len(left) == 1:
            ledger.write(cfg.job, failure(left[0], reason))
            return 1
        # One seed can make a training that several seeds share fail, so each remaining seed runs
        # alone.
        failed = 0
        for seed in list(left):
            try:
                attempt([seed])
            except Exception as error:
                ledger.write(cfg.job, failure(seed, error))
                failed += 1
        return failed


def failure(seed: int, error: Exception) -> Outcome:
    """Return the outcome of a grid point whose task raised an exception."""
    mistake = mistake_in(error, [])
    if mistake is not None:
        return Outcome(seed, FAILED, error=str(mistake))
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    return Outcome(seed, FAILED, error=line, trace="".join(traceback.format_exception(error)))


def study_folder(cfg: DictConfig) -> Path:
    """Return the folder of a study's ledger, stored trials, table of results and report."""
    return Path(cfg.paths.outputs).expanduser() / STUDIES / str(cfg.experiment.name)


def ledger_of(cfg: DictConfig) -> Ledger:
    """Return the ledger of a study."""
    files = (RESULT, PREDICTIONS) if cfg.artifacts == Artifacts.all else (RESULT,)
    outputs = Path(cfg.paths.outputs).expanduser()
    return Ledger(study_folder(cfg) / POINTS, outputs, files)
