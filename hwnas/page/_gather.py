"""What a report page is made of: finished experiments by data set, and simulated selections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from hwnas.errors import UserError, command
from hwnas.experiment import PREDICTIONS
from hwnas.page._commands import commands_of, progress_of
from hwnas.results import Finished, find
from hwnas.study import POINTS

RESULTS = "results.parquet"
_OF_SELECTION = (
    *("mra_all_percent", "mra_pareto_percent", "retained_hypervolume"),
    *("n_measured", "n_after_verification"),
)
#: The scores of `Run.row`.
SCORES = ("tau", "mae", *_OF_SELECTION)


@dataclass(frozen=True)
class Run:
    """One finished experiment on the page.

    Parameters
    ----------
    finished : Finished
    predictor : str
        Its name on the page: with its preset, and with what else tells it from other predictors.
    title : str
        What it is in words, from its configuration. Empty if that says no more than its name.
    """

    finished: Finished
    predictor: str
    title: str = ""

    @property
    def n_train(self) -> int:
        """The number of training measurements."""
        return int(self.finished.result.identity["n_train"])

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.finished.result.identity["seed"])

    @property
    def has_predictions(self) -> bool:
        """Whether the predicted values of every architecture are on disk."""
        return (self.finished.folder / PREDICTIONS).is_file()

    def row(self) -> dict[str, Any]:
        """Return the scores that tables and curves show."""
        result = self.finished.result
        selection = result.selection or {}
        return {
            "predictor": self.predictor,
            "n_train": self.n_train,
            "seed": self.seed,
            "tau": result.scores["kendall_tau"],
            "mae": result.scores["mae"],
            "tune_seconds": result.timings.tune_seconds,
            "fit_seconds": result.timings.fit_seconds,
            "tuning_reused": result.predictor.tuning_reused,
        } | {name: selection.get(name) for name in _OF_SELECTION}


@dataclass(frozen=True)
class DataSet:
    """The experiments on one table.

    Parameters
    ----------
    key : str
        Its id in the page.
    space, dataset, device, metric, unit : str
    runs : tuple of Run
    unique : bool
        Whether no other data set of the page has the same device and metric.
    """

    key: str
    space: str
    dataset: str
    device: str
    metric: str
    unit: str
    runs: tuple[Run, ...]
    unique: bool = True

    @property
    def title(self) -> str:
        """Device, metric and dataset in words."""
        return f"{self.device} {self.metric} ({self.space}, {self.dataset})"

    @property
    def short(self) -> str:
        """Device and metric in words; the whole title if another data set has the same ones."""
        return f"{self.device} {self.metric}" if self.unique else self.title

    @property
    def costs(self) -> str:
        """The metrics of the selection in words."""
        selections = [run.finished.result.selection or {} for run in self.runs]
        further = {
            str(each["metric"]): None
            for one in selections
            for each in one.get("further_metrics", ())
        }
        return " and ".join([self.metric, *further])

    @property
    def measured_in(self) -> list[str]:
        """The files of the values and accuracies; empty if some are estimated."""
        records = [run.finished.result.provenance for run in self.runs]
        both = [each for one in records for each in (one.values, one.accuracy) if each is not None]
        if any(each.kind != "measured" for each in both):
            return []
        return list(dict.fromkeys(str(each.source) for each in both))

    @property
    def estimated(self) -> bool:
        """Whether a model computed the values."""
        return any(run.finished.result.provenance.kind == "estimated" for run in self.runs)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row for each experiment, see `Run.row`."""
        return pd.DataFrame([run.row() for run in self.runs])

    @property
    def sizes(self) -> list[int]:
        """The numbers of training measurements, ascending."""
        return sorted({run.n_train for run in self.runs})


@dataclass(frozen=True)
class Material:
    """What a page is made of.

    Parameters
    ----------
    title : str
    sets : tuple of DataSet
    simulations : pandas.DataFrame
        Rows of simulation studies; empty without any.
    commands : tuple of str
        The commands that made the results.
    paths : tuple of Path
        What the page reports on.
    predictors : mapping of str to str
        The title of each predictor, by its name on the page.
    n_unrecorded : int
        Number of experiments whose commands were not recorded and are only known in part.
    progress : tuple of str
        A sentence on each study with grid points that are missing or failed.
    """

    title: str
    sets: tuple[DataSet, ...]
    simulations: pd.DataFrame
    commands: tuple[str, ...]
    paths: tuple[Path, ...]
    predictors: Mapping[str, str]
    n_unrecorded: int = 0
    progress: tuple[str, ...] = ()


def gather(paths: Sequence[Path]) -> Material:
    """Read what a page is made of.

    Parameters
    ----------
    paths : sequence of Path
        Result folders, folders of studies, or folders above result folders.

    Raises
    ------
    UserError
        If a path does not exist or holds no finished result, or a file is damaged.
    """
    frames = [_simulations(path) for path in paths]
    others = [path for path, frame in zip(paths, frames, strict=True) if frame.empty]
    finished = find(others) if others else []
    commands, n_unrecorded = commands_of(paths, finished)
    simulations = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    sets = _sets(finished)
    return Material(
        title=_title(finished, paths),
        sets=sets,
        simulations=simulations,
        commands=commands,
        paths=tuple(paths),
        predictors=dict(sorted((run.predictor, run.title) for one in sets for run in one.runs)),
        n_unrecorded=n_unrecorded,
        progress=tuple(text for path in others if (text := progress_of(path))),
    )


def _simulations(path: Path) -> pd.DataFrame:
    """Return the rows of a simulation study; without rows for any other folder."""
    file = path / RESULTS
    if not file.is_file():
        return pd.DataFrame()
    try:
        rows = pd.read_parquet(file)
    except (OSError, ValueError) as error:
        name = path.name
        remedy = command(f"sweep report experiment={name}")
        raise UserError(f"{file} is damaged and cannot be read", remedy=remedy) from error
    return rows if "sigma" in rows else pd.DataFrame()


def _sets(finished: Iterable[Finished]) -> tuple[DataSet, ...]:
    grouped: dict[tuple[str, ...], list[Finished]] = {}
    for one in finished:
        identity = one.result.identity
        names = ("space", "dataset", "device", "metric", "unit")
        grouped.setdefault(tuple(str(identity[name]) for name in names), []).append(one)
    labels = _labels([one for group in grouped.values() for one in group])
    titles = _titles([one for group in grouped.values() for one in group])
    named = Counter((device, metric) for _, _, device, metric, _ in grouped)
    sets = []
    for place, (key, group) in enumerate(sorted(grouped.items())):
        space, dataset, device, metric, unit = key
        runs = tuple(Run(one, labels[one.folder], titles[_label(one)]) for one in group)
        unique = named[device, metric] == 1
        sets.append(DataSet(f"d{place}", space, dataset, device, metric, unit, runs, unique))
    return tuple(sets)


def _titles(finished: Iterable[Finished]) -> dict[str, str]:
    """Return the title of each predictor from one of its configurations."""
    first: dict[str, Finished] = {}
    for one in finished:
        first.setdefault(_label(one), one)
    titles = {}
    for label, one in first.items():
        title = str((one.config().get("predictor") or {}).get("title") or "")
        name = str(one.result.identity["predictor"])
        titles[label] = "" if title.lower() == name.lower() else title
    return titles


def _labels(finished: Sequence[Finished]) -> dict[Path, str]:
    """Return the name of each experiment's predictor on the page.

    Where one predictor was run in several settings, each name has its setting.
    """
    plain = {one.folder: _label(one) for one in finished}
    settings: dict[str, set[str]] = {}
    for one in finished:
        settings.setdefault(plain[one.folder], set()).add(_setting(one))
    return {
        one.folder: label
        if len(settings[label := plain[one.folder]]) == 1 or not _setting(one)
        else f"{label} ({_setting(one)})"
        for one in finished
    }


def _label(one: Finished) -> str:
    identity, preset = one.result.identity, one.result.predictor.preset
    name = str(identity["predictor"])
    label = name if preset == "default" else f"{preset}/{name}"
    return f"{label} (train=design)" if identity.get("train") == "design" else label


def _setting(one: Finished) -> str:
    """Return how a configuration differs from the defaults, as the result folder's name says it."""
    return one.folder.parent.parent.name.partition(",")[2]


def _title(finished: Sequence[Finished], paths: Sequence[Path]) -> str:
    if len(finished) == 1:
        identity = finished[0].result.identity
        return (
            f"{_label(finished[0])} on {identity['device']} {identity['metric']}, "
            f"{identity['n_train']:,} measurements"
        )
    if len(paths) == 1 and (paths[0] / POINTS).is_dir():
        node: Mapping[str, Any] = finished[0].config().get("experiment") or {} if finished else {}
        return str(node.get("title") or f"Study {paths[0].name}")
    if finished:
        return f"{len(finished):,} experiments"
    return f"Simulated selections: {', '.join(path.name for path in paths)}"
