"""The actions of ``hwnas sweep``: run a study, print its status, or write its report."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import Action
from hwnas.console import duration, print_markdown
from hwnas.errors import check_number
from hwnas.experiment import Data, check_writable
from hwnas.files import append_lines
from hwnas.study._cost import Costs
from hwnas.study._grid import GridPoint
from hwnas.study._launch import launch, n_workers, progress_shown, tasks_of
from hwnas.study._ledger import FAILED, OLDER, Progress
from hwnas.study._results import gather, rows_of
from hwnas.study._study import Study, table_key
from hwnas.study._tracked import study_record

_LOG = logging.getLogger(__name__)

#: The commands that ran parts of a study, one a line, in its folder.
COMMANDS = "commands.txt"
#: How often the launcher starts anew in one command, where the system kills its workers.
LAUNCHES = 3
#: The status lists at most this many failed grid points, and at most as many missing tables.
MAX_LISTED = 10


def act(cfg: DictConfig) -> int:
    """Run a study, print its status, or write its report, as ``cfg.action`` says.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``.

    Returns
    -------
    int
        With ``action=run``, the number of failed grid points plus that of the exceptions that ended
        jobs or the launcher; otherwise 0.

    Raises
    ------
    UserError
        If no study is chosen, a grid point cannot be composed, the deviations of the simulator
        cannot be made, or the folder of results cannot be written.
    """
    study = Study.of(cfg)
    crashed: list[BaseException] = []
    if cfg.action == Action.run:
        check_writable(Path(cfg.paths.outputs).expanduser())
        # Each grid point makes its own deviations, tuner and selector, and the report is written at
        # the end. Making them here raises a mistake in their settings once, before any job runs.
        instantiate(cfg.deviations, _convert_="all")
        # Imported here because the status does not need pandas.
        from hwnas.study.report import parts_of

        parts_of(study)
        study.check_settings()
        # The same with the settings of the tracker.
        instantiate(cfg.tracking)
        crashed = run(study)
    progress, no_data = study.progress()
    _print(status(study, progress, no_data))
    for error in crashed:
        _print(f"crashed    {type(error).__name__}: {error}")
    if cfg.action != Action.status:
        _gather_and_report(study.whole, report_wanted=cfg.report or cfg.action == Action.report)
    return len(progress.failed) + len(crashed) if cfg.action == Action.run else 0


def _gather_and_report(study: Study, report_wanted: bool) -> None:
    """Write the table of all finished grid points and, if wanted, the report."""
    progress, _ = study.progress()
    if not progress.done:
        return
    rows = rows_of(progress)
    _print(f"results    {gather(rows, study.folder)}")
    if report_wanted:
        # Imported here because the status does not need pandas.
        from hwnas.study.report import write_report

        text, path = write_report(study, rows, Costs.of(progress.done))
        _print("")
        print_markdown(text)
        _print(f"\nreport     {path}")
        recorded = study_record(study.folder)
        assert recorded is not None, "the table of results was written before"
        info, record = recorded
        with instantiate(study.cfg.tracking).start(info, study.ledger.outputs) as tracked:
            tracked.log(record)


def run(study: Study) -> list[BaseException]:
    """Run the grid points that are missing, failed or of older code.

    With ``force=true``, grid points that are done run again.

    If a worker of joblib is lost, for example because the system killed it for lack of memory, all
    its workers end. The grid points that are missing then run again, in new workers.

    Returns
    -------
    list of BaseException
        See `launch`.
    """
    progress, no_data = study.progress()
    failed = [point for point, o in progress.failed.items() if o.state in (FAILED, OLDER)]
    todo = [*progress.missing, *failed]
    if study.cfg.force:
        todo = [*progress.missing, *progress.failed, *progress.done]
    if not todo:
        return []
    order = {point: place for place, point in enumerate(study.points)}
    todo.sort(key=order.__getitem__)
    _record_command(study)
    with progress_shown(study.name, study.ledger, todo, len(study.points) - len(no_data)):
        for launches_left in reversed(range(LAUNCHES)):
            crashed = launch(_tasks(study, todo, Costs.of(progress.done)))
            todo = study.ledger.sort(todo).missing
            # Of other launchers, jobs may still be running.
            lost = any(isinstance(error, BrokenExecutor) for error in crashed)
            # With force, all points had an outcome before, so none of them counts as missing.
            if not lost or study.cfg.force:
                break
            if not todo:
                return []
            if not launches_left:
                break
            _LOG.warning(
                "a worker of the study was lost (%s); the %d missing grid points run again",
                *(type(crashed[0]).__name__, len(todo)),
            )
    return crashed


def _tasks(study: Study, todo: Sequence[GridPoint], costs: Costs) -> list[list[str]]:
    """Return the overrides of the launcher's tasks: one for each job, or ``sweep.tasks`` of them.

    A grid point of a kind that never ran is expected to cost the mean of the kinds that have run.
    """
    jobs = study.jobs(todo)
    n_tasks = study.cfg.sweep.tasks
    if n_tasks is None:
        return [list(job.overrides) for job in jobs]
    check_number("sweep.tasks", n_tasks, 1)
    usual = sum(costs.means.values()) / len(costs.means) if costs.means else 1.0
    expected = [sum(costs.of_point(point) or usual for point in job.points) for job in jobs]
    return tasks_of([job.overrides for job in jobs], expected, n_tasks, study.common)


def _record_command(study: Study) -> None:
    """Add the command to those that ran parts of the study, once."""
    file = study.folder / COMMANDS
    known = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    if study.command not in known:
        file.parent.mkdir(parents=True, exist_ok=True)
        append_lines(file, study.command)


def status(study: Study, progress: Progress, no_data: Sequence[GridPoint]) -> str:
    """Return the status as text: what is done, failed and missing, and the command for the rest."""
    lines = [
        "",
        f"{study.name}: {len(study.points):,} grid points",
        f"done       {len(progress.done):,}",
        f"failed     {len(progress.failed):,}",
        *_indented(f"{point.title}: {o.error}" for point, o in progress.failed.items()),
        f"missing    {len(progress.missing):,}",
    ]
    if no_data:
        reasons = dict.fromkeys(str(study.tables[table_key(point)]) for point in no_data)
        lines += [f"no data    {len(no_data):,}", *_indented(reasons)]
    tables = study.tables.items()
    estimated = {key for key, data in tables if isinstance(data, Data) and data.estimated}
    if estimated:
        n = sum(table_key(point) in estimated for point in study.points)
        lines.append(f"ESTIMATED  {n:,} grid points use values that a model computed")
    left = [*progress.missing, *progress.failed]
    if left:
        lines += _left(Costs.of(progress.done), left)
        lines.append(f"to run the rest: {study.command}")
    return "\n".join(lines)


def _left(costs: Costs, points: Sequence[GridPoint]) -> list[str]:
    """Return a line with the expected CPU time of grid points, if points of a kind have run."""
    seconds, n_unknown = costs.total(points)
    if n_unknown == len(points):
        return []
    line = f"left       {duration(seconds)} of CPU time"
    workers = n_workers()
    if workers > 1:
        line += f", {duration(seconds / workers)} with {workers} workers"
    if n_unknown:
        line += f", without {n_unknown:,} grid points of a kind that has not run yet"
    return [line]


def _indented(texts: Iterable[str]) -> list[str]:
    rows = list(texts)
    more = [f"  ... and {len(rows) - MAX_LISTED} more"] if len(rows) > MAX_LISTED else []
    return [f"  {row}" for row in rows[:MAX_LISTED]] + more


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's output
