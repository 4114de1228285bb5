"""The actions of ``sweep.py``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import Action
from hwnas.experiment import Data, check_writable
from hwnas.study._grid import GridPoint
from hwnas.study._launch import launch, progress_bar
from hwnas.study._ledger import FAILED, OLDER, Progress
from hwnas.study._results import gather, rows_of
from hwnas.study._study import Study, table_of

SHOWN = 10


def act(cfg: DictConfig) -> int:
    """Run, count or report on a study; return how many grid points failed to run, 0 if none was to.

    Raises
    ------
    UserError
        If no study is chosen, a grid point cannot be composed, the deviations cannot be made, or
        nothing can be written to the outputs.
    """
    study = Study.of(cfg)
    crashed: list[BaseException] = []
    if cfg.action == Action.run:
        check_writable(Path(cfg.paths.outputs).expanduser())
        # Every grid point makes them: what is wrong with them is said once.
        instantiate(cfg.deviations, _convert_="all")
        crashed = run(study)
    progress, absent = study.progress()
    _say(status(study, progress, absent))
    for error in crashed:
        _say(f"crashed    {type(error).__name__}: {error}")
    if cfg.action != Action.status:
        _conclude(study.whole, wanted=cfg.report or cfg.action == Action.report)
    return len(progress.failed) + len(crashed) if cfg.action == Action.run else 0


def _conclude(study: Study, wanted: bool) -> None:
    """Gather everything that is done, narrowed or not, and report on it where that is wanted."""
    progress, _ = study.progress()
    if not progress.done:
        return
    rows = rows_of(progress)
    _say(f"results    {gather(rows, study.folder)}")
    if wanted:
        from hwnas.study.report._report import report

        _say(report(study, rows))


def run(study: Study) -> list[BaseException]:
    """Run what is missing, failed or of older code; with ``force=true`` everything."""
    progress, absent = study.progress()
    failed = [point for point, o in progress.failed.items() if o.state in (FAILED, OLDER)]
    todo = [*progress.missing, *failed]
    if study.cfg.force:
        todo = [*progress.missing, *progress.failed, *progress.done]
    if not todo:
        return []
    order = {point: place for place, point in enumerate(study.points)}
    todo.sort(key=order.__getitem__)
    with progress_bar(study.ledger, todo, len(study.points) - len(absent)):
        return launch(study.jobs(todo))


def status(study: Study, progress: Progress, absent: Sequence[GridPoint]) -> str:
    """Say what is done, failed and missing, and which command fills the gap."""
    lines = [
        "",
        f"{study.name}: {len(study.points):,} points",
        f"done       {len(progress.done):,}",
        f"failed     {len(progress.failed):,}",
        *_indented(f"{point.title}: {o.error}" for point, o in progress.failed.items()),
        f"missing    {len(progress.missing):,}",
    ]
    if absent:
        reasons = dict.fromkeys(str(study.tables[table_of(point)]) for point in absent)
        lines += [f"no data    {len(absent):,}", *_indented(reasons)]
    tables = study.tables.items()
    estimated = {key for key, data in tables if isinstance(data, Data) and data.estimated}
    if estimated:
        n = sum(table_of(point) in estimated for point in study.points)
        lines.append(f"ESTIMATED  {n:,} points are on values of a model, not measured ones")
    if progress.failed or progress.missing:
        lines.append(f"to fill the gap: {study.command}")
    return "\n".join(lines)


def _indented(texts: Iterable[str]) -> list[str]:
    rows = list(texts)
    more = [f"  ... and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    return [f"  {row}" for row in rows[:SHOWN]] + more


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's output
