"""Running the jobs of a study with Hydra's launcher, and showing the progress."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# The context that a launcher needs contains this class, which Hydra does not export.
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hydra.types import HydraContext, RunMode

from hwnas.composition import overrides
from hwnas.console import progress
from hwnas.study._cost import balanced
from hwnas.study._grid import GridPoint
from hwnas.study._ledger import Ledger
from hwnas.study._worker import run_task

REFRESH_SECONDS = 0.5


def tasks_of(
    jobs: Sequence[Sequence[str]], costs: Sequence[float], n_tasks: int, common: Sequence[str]
) -> list[list[str]]:
    """Divide jobs into tasks of nearly equal cost, since a cluster dislikes thousands of tasks.

    Parameters
    ----------
    jobs : sequence of sequences of str
        The overrides of each job.
    costs : sequence of float
        The expected CPU seconds of each job.
    n_tasks : int
    common : sequence of str
        Overrides that all jobs have, such as those of ``paths``.

    Returns
    -------
    list of list of str
        The overrides of each task. Its key ``jobs`` holds the overrides of its jobs as JSON.
    """
    return [
        [*common, f"jobs=[{','.join(_quoted(json.dumps(list(jobs[i]))) for i in group)}]"]
        for group in balanced(costs, n_tasks)
    ]


def _quoted(text: str) -> str:
    return QuotedString(text, Quote.single).with_quotes()


def launch(tasks: Sequence[Sequence[str]]) -> list[BaseException]:
    """Run tasks with the launcher of the command line, for example ``hydra/launcher=joblib``.

    Parameters
    ----------
    tasks : sequence of sequences of str
        The overrides of each task: those of a job, or what `tasks_of` returns.

    Returns
    -------
    list of BaseException
        The exception that stopped the launcher, or those of tasks that could not record an outcome.
    """
    hydra = HydraConfig.get()
    loader = GlobalHydra.instance().config_loader()
    config = loader.load_configuration(
        config_name=hydra.job.config_name,
        overrides=[*hydra.overrides.hydra, *overrides()],
        run_mode=RunMode.MULTIRUN,
    )
    context = HydraContext(config_loader=loader, callbacks=Callbacks())
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=context, task_function=run_task, config=config
    )
    try:
        returns = launcher.launch(list(tasks), initial_job_idx=0)
    except Exception as error:
        # For example because the system killed a worker. The ledger has all outcomes until then.
        return [error]
    return [r._return_value for r in returns if r.status == JobStatus.FAILED]


def n_workers() -> int:
    """Return how many tasks the launcher of the command line runs at the same time."""
    launcher = HydraConfig.get().launcher
    # joblib's key, then that of submitit. Hydra's own launcher has none and runs one at a time.
    n = launcher.get("n_jobs") or launcher.get("array_parallelism") or 1
    return int(n) if n > 0 else os.cpu_count() or 1


@contextmanager
def progress_shown(
    study: str, ledger: Ledger, points: Sequence[GridPoint], total: int
) -> Iterator[None]:
    """Show the number of finished grid points and the remaining time while the block runs.

    The number comes from the ledger's files, because the workers may be other processes.

    Parameters
    ----------
    study : str
        Name of the study.
    ledger : Ledger
    points : sequence of GridPoint
        The grid points that run in the block.
    total : int
        Number of grid points of the study.
    """
    stop = threading.Event()
    counts = {job: ledger.count(job) for job in {point.job for point in points}}
    with progress(study, total, "grid points", done=total - len(points)) as meter:

        def watch() -> None:
            last = False
            while not last:
                last = stop.wait(REFRESH_SECONDS)
                for job, before in counts.items():
                    counts[job] = ledger.count(job, before)
                    meter.advance(counts[job].lines - before.lines)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
