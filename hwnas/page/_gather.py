"""What a report page is made of: finished experiments by data set, and simulated selections."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from hwnas.errors import UserError, command
from hwnas.experiment import COMMAND, PREDICTIONS
from hwnas.results import Finished, find
from hwnas.study import COMMANDS, POINTS

RESULTS = "results.parquet"


@dataclass(frozen=True)
class Run:
    """One finished experiment on the page.

    Parameters
    ----------
    finished : Finished
    predictor : str
        Its name on the page: with its preset, and with what else tells it from other predictors.
    """

    finished: Finished
    predictor: str

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
        names = ("mra_all_percent", "mra_pareto_percent", "retained_hypervolume", "n_measured")
        return {
            "predictor": self.predictor,
            "n_train": self.n_train,
            "seed": self.seed,
            "tau": result.scores["kendall_tau"],
            "mae": result.scores["mae"],
            "tune_seconds": result.timings.tune_seconds,
            "fit_seconds": result.timings.fit_seconds,
            "tuning_reused": result.predictor.tuning_reused,
        } | {name: selection.get(name) for name in names}


@dataclass(frozen=True)
class DataSet:
    """The experiments on one table.

    Parameters
    ----------
    key : str
        Its id in the page.
    space, dataset, device, metric, unit : str
    runs : tuple of Run
    """

    key: str
    space: str
    dataset: str
    device: str
    metric: str
    unit: str
    runs: tuple[Run, ...]

    @property
    def title(self) -> str:
        """Device, metric and dataset in words."""
        return f"{self.device} {self.metric} ({self.space}, {self.dataset})"

    @property
    def short(self) -> str:
        """Device and metric in words."""
        return f"{self.device} {self.metric}"

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
    unrecorded : bool
        Whether the commands of some results were not recorded and are only known in part.
    """

    title: str
    sets: tuple[DataSet, ...]
    simulations: pd.DataFrame
    commands: tuple[str, ...]
    paths: tuple[Path, ...]
    unrecorded: bool = field(default=False)


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
    commands, unrecorded = _commands(paths, finished)
    simulations = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    sets = _sets(finished)
    return Material(_title(finished, paths), sets, simulations, commands, tuple(paths), unrecorded)


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
    sets = []
    for place, (key, group) in enumerate(sorted(grouped.items())):
        space, dataset, device, metric, unit = key
        runs = tuple(Run(one, labels[one.folder]) for one in group)
        sets.append(DataSet(f"d{place}", space, dataset, device, metric, unit, runs))
    return tuple(sets)


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


def _commands(paths: Sequence[Path], finished: Sequence[Finished]) -> tuple[tuple[str, ...], bool]:
    """Return the commands that made the results, and whether some of them were not recorded."""
    lines: dict[str, None] = {}
    unrecorded = False
    of_studies = [path for path in paths if (path / POINTS).is_dir()]
    for path in of_studies:
        file = path / COMMANDS
        if file.is_file():
            lines |= dict.fromkeys(file.read_text(encoding="utf-8").splitlines())
        else:
            unrecorded = True
            lines[command(f"sweep experiment={path.name}")] = None
    if len(of_studies) < len(paths):
        for one in finished:
            file = one.folder / COMMAND
            if file.is_file():
                lines[file.read_text(encoding="utf-8").strip()] = None
            elif one.result.identity.get("study", "single") == "single":
                unrecorded = True
    quoted = shlex.join(map(str, paths))
    return (*lines, command(f"report {quoted}")), unrecorded
