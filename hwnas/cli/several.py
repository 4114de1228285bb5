"""Several experiments in one command, ``hwnas run -m``: a line for each, and one table at the end.

The jobs may run in other processes or on other machines. They write what they have finished to a
file, whose path they inherit in an environment variable.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from hwnas.files import remove_remains, temporary_beside

if TYPE_CHECKING:
    from hwnas.experiment import Result
    from hwnas.results import Jobs

#: Environment variable with the path of the record of the jobs, and the overrides of the command.
RECORD = "HWNAS_JOBS"


class Comparison(Callback):
    """A callback of Hydra that starts the record of the jobs, and records those that fail.

    Hydra calls these methods of every class in ``hydra.callbacks``.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Choose the file of the record, before any job runs."""
        record = (Path(config.hydra.sweep.dir) / "jobs").absolute()
        remove_remains(record)
        file = temporary_beside(record)
        os.environ[RECORD] = json.dumps([str(file), list(config.hydra.overrides.task)])

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Record a job that has failed. A job that has finished has recorded itself."""
        error, jobs = job_return._return_value, running_jobs()
        if jobs is not None and isinstance(error, Exception):
            jobs.failed(list(config.hydra.overrides.task), error)


def running_jobs() -> Jobs | None:
    """Return the record of the jobs; None if this command runs a single experiment.

    A job may start such a command, which inherits the environment variable.
    """
    record = os.environ.get(RECORD)
    if record is None or (HydraConfig.initialized() and HydraConfig.get().mode == RunMode.RUN):
        return None
    from hwnas.results import Jobs

    file, asked = json.loads(record)
    return Jobs(Path(file), tuple(asked))


def one_of_several(jobs: Jobs) -> Callable[[Result, Path, str], None]:
    """Return a function that records the result of the present job and prints it in one line."""
    overrides = list(HydraConfig.get().overrides.task)

    def report(result: Result, folder: Path, note: str) -> None:
        jobs.finished(overrides, folder)
        print(jobs.summary(overrides, result, note), flush=True)  # noqa: T201 - the output

    return report


@contextmanager
def compared() -> Iterator[None]:
    """Print the table of all jobs that ran in the block, also if some of them failed."""
    try:
        yield
    except Exception:
        _print()
        raise
    else:
        _print()
    finally:
        jobs = running_jobs()
        if jobs is not None and jobs.file.is_file():
            jobs.file.unlink()
        os.environ.pop(RECORD, None)


def _print() -> None:
    jobs = running_jobs()
    if jobs is not None and jobs.file.is_file():
        jobs.print()
