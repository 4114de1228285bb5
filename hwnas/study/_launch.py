"""Jobs through Hydra's launcher, with a progress bar over their points."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# Hydra has no public way to make the context that its launchers ask for.
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hydra.types import HydraContext, RunMode

from hwnas.composition import overrides
from hwnas.study._grid import GridPoint
from hwnas.study._ledger import Ledger
from hwnas.study._worker import run_job

REFRESH_SECONDS = 0.5


def launch(jobs: Sequence[Sequence[str]]) -> list[BaseException]:
    """Run jobs with the launcher that the command line chose (``hydra/launcher=joblib``).

    Parameters
    ----------
    jobs : sequence of sequences of str
        The overrides of each job.

    Returns
    -------
    list of BaseException
        What ended the launcher, or jobs that could not even write down their failure.
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
        hydra_context=context, task_function=run_job, config=config
    )
    try:
        returns = launcher.launch(list(jobs), initial_job_idx=0)
    except Exception as error:
        # Such as a worker that the system killed: whatever is finished is written down.
        return [error]
    return [r._return_value for r in returns if r.status == JobStatus.FAILED]


@contextmanager
def progress_bar(ledger: Ledger, points: Sequence[GridPoint], total: int) -> Iterator[None]:
    """Show how many grid points are finished, and the time left, while the block runs.

    Parameters
    ----------
    ledger : Ledger
        Where workers, in whatever process, write down what they finish.
    points : sequence of GridPoint
        Those that are being run.
    total : int
        All points of the study.
    """
    from tqdm import tqdm

    stop = threading.Event()
    counts = {job: ledger.count(job) for job in {point.job for point in points}}
    with tqdm(total=total, initial=total - len(points), unit="point", smoothing=0.05) as bar:

        def watch() -> None:
            last = False
            while not last:
                last = stop.wait(REFRESH_SECONDS)
                for job, before in counts.items():
                    counts[job] = ledger.count(job, before)
                    bar.update(counts[job].lines - before.lines)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
