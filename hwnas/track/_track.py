"""Recording finished experiments and studies with a tracker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hwnas.experiment import loaded_record, outputs_of
from hwnas.results import find
from hwnas.study import POINTS, has_experiments, study_record
from hwnas.tracking import Record, RunInfo, Tracker


@dataclass(frozen=True)
class Tracked:
    """What a tracker recorded.

    Parameters
    ----------
    places : list of str
        The addresses or the folders of the tracker's runs.
    n_incomplete : int
        Number of runs of which not everything was recorded. A warning has told the reason of each.
    """

    places: list[str]
    n_incomplete: int


def track(paths: Iterable[Path], tracker: Tracker) -> Tracked:
    """Record finished experiments with a tracker, and the report of each study.

    The tracker's own files lie beside the results, so that the run of an experiment that was
    tracked when it ran is replaced or continued. The experiments of a study are grouped by it.

    Parameters
    ----------
    paths : iterable of Path
        Result folders, folders of studies, or folders above result folders.
    tracker : Tracker

    Raises
    ------
    UserError
        If a path has no finished result, or the tracker rejects a setting.
    """
    records: dict[str, tuple[RunInfo, Record, Path]] = {}
    for path in paths:
        for info, record, outputs in _records(path.absolute()):
            records[f"{outputs}/{info.identity}"] = (info, record, outputs)
    places, n_incomplete = [], 0
    for info, record, outputs in records.values():
        with tracker.start(info, outputs) as run:
            run.log(record)
            place = run.place
        n_incomplete += not run.complete
        places += [] if place is None else [place]
    return Tracked(places, n_incomplete)


def _records(path: Path) -> Iterator[tuple[RunInfo, Record, Path]]:
    """Yield what to record of a path, with the folder of all results that it belongs to."""
    study = study_record(path) if (path / POINTS).is_dir() else None
    # A study of simulations has no result folders.
    if study is None or has_experiments(path):
        for finished in find([path]):
            info, record = loaded_record(finished.folder, finished.result, finished.config())
            group = info.group if study is None else path.name
            yield replace(info, group=group), record, outputs_of(finished.folder)
    if study is not None:
        yield *study, path.parent.parent
