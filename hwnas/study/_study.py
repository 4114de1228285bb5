"""A study: its grid points, their tables, their progress and their jobs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from hwnas.composition import explain, is_group, key_of, option_file, options, overrides
from hwnas.errors import UserError, command, nearest
from hwnas.experiment import Data
from hwnas.study._check import check_experiment, plain
from hwnas.study._data import (
    ACCURACY,
    load,
    older_code,
    other_data,
    other_sources,
    sources_here,
)
from hwnas.study._grid import GridPoint, expand
from hwnas.study._job_config import job_config
from hwnas.study._ledger import OLDER, STALE, Ledger, Outcome, Progress
from hwnas.study._worker import ledger_of, study_folder

#: Keys of the overrides that choose the table of a grid point.
_DATA = ("dataset", "device", "metric", "space", "image_set")
#: Nodes whose objects check their values when they are made.
_MADE = ("tuning", "selection")
#: Keys whose overrides on the command line every job gets, besides those of its grid points.
_PASSED = (
    *("experiment", "paths", "force", "tuning.force", "tracking"),
    *("artifacts", "intervals"),
)


@dataclass(frozen=True)
class Job:
    """Grid points that run one after the other, or in one training.

    Parameters
    ----------
    overrides : tuple of str
        They compose the configuration of the job.
    points : tuple of GridPoint
    """

    overrides: tuple[str, ...]
    points: tuple[GridPoint, ...]


@dataclass(frozen=True)
class Study:
    """One study, as chosen on the command line.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``.
    choice : str
        Name of its file in ``conf/experiment/``.
    given : tuple of str
        The overrides of the command line, without those of Hydra's own settings.
    narrow : bool
        Whether the overrides of an axis exclude its other values; see `expand`.
    """

    cfg: DictConfig
    choice: str
    given: tuple[str, ...]
    narrow: bool = True
    _tables: dict[tuple[str, ...], Data | UserError] = field(default_factory=dict, repr=False)
    _sources: dict[tuple[str, ...], Mapping[str, str]] = field(default_factory=dict, repr=False)
    _checked: set[tuple[str, ...]] = field(default_factory=set, repr=False)
    _composed: dict[tuple[str, ...], DictConfig] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, cfg: DictConfig) -> Study:
        """Return the study that the running command chose.

        Raises
        ------
        UserError
            If the command chose no experiment, or there is a mistake in its YAML.
        """
        hydra = HydraConfig.get()
        choice = hydra.runtime.choices.get("experiment")
        if choice is None:
            raise UserError(
                "experiment: no study is chosen", remedy=command("sweep experiment=quick")
            )
        given = tuple(overrides())
        as_written = not any(each.startswith("experiment.grids") for each in given)
        check_experiment(plain(cfg.experiment), choice, as_written)
        return cls(cfg, choice, given)

    @cached_property
    def points(self) -> list[GridPoint]:
        """The grid points of the study."""
        node = plain(self.cfg.experiment)
        table = str(HydraConfig.get().runtime.choices["dataset"])
        return expand(node["grids"], node.get("fixed") or {}, self.given, self.narrow, table)

    @property
    def whole(self) -> Study:
        """The same study, including the grid points that the overrides of its axes exclude.

        The table of results and the report cover these too.
        """
        return replace(self, narrow=False)

    @property
    def name(self) -> str:
        """The name of the study, which is also that of its folder."""
        return str(self.cfg.experiment.name)

    @property
    def title(self) -> str:
        """The title of the study in its report; without one, the name."""
        return str(self.cfg.experiment.get("title") or self.name)

    @property
    def folder(self) -> Path:
        """The folder of the study's own files."""
        return study_folder(self.cfg)

    @property
    def ledger(self) -> Ledger:
        """The ledger of the study's outcomes."""
        return ledger_of(self.cfg)

    @property
    def command(self) -> str:
        """The command that runs what is missing or failed, and nothing that is done."""
        hydra = [o for o in HydraConfig.get().overrides.hydra if not o.startswith("hydra.mode")]
        dropped = ("action", "report", "force", "tuning.force")
        kept = [o for o in self.given if key_of(o) not in dropped]
        # Hydra does not count the flag --config-dir among the overrides.
        sources = HydraConfig.get().runtime.config_sources
        added = [source.path for source in sources if source.provider == "command-line"]
        flags = ["--config-dir", *added] if added else []
        return command(shlex.join(["sweep", *flags, *kept, *hydra]))

    def overrides(self, point: GridPoint) -> list[str]:
        """Return the overrides that compose the configuration of a grid point."""
        common = [o for o in self.common if o not in point.overrides]
        return [*common, *point.overrides]

    @cached_property
    def common(self) -> tuple[str, ...]:
        """The overrides that every job gets, besides those of its grid points."""
        keys = {override: (_first_key(override), key_of(override)) for override in self.given}
        chosen = f"experiment={self.choice}"
        passed = [o for o in self.given if {*keys[o]} & {*_PASSED} and o != chosen]
        return (chosen, f"study={self.name}", *passed)

    def jobs(self, points: Sequence[GridPoint]) -> list[Job]:
        """Return the jobs of grid points. A job runs the points that differ in the seed alone."""
        by_job: dict[str, list[GridPoint]] = {}
        for point in points:
            by_job.setdefault(point.job, []).append(point)
        return [
            Job(
                (*self.overrides(group[0]), f"seeds={[p.seed for p in group]}", f"job='{job}'"),
                tuple(group),
            )
            for job, group in by_job.items()
        ]

    @cached_property
    def tables(self) -> Mapping[tuple[str, ...], Data | UserError]:
        """The provenance of each table, or the error that tells why it cannot be loaded.

        The keys are those of `table_key`.

        Raises
        ------
        UserError
            If a grid point cannot be composed.
        """
        # `whole` shares these two, so that no table is loaded twice and no point checked twice.
        found, checked = self._tables, self._checked
        composed: set[str] = set()
        # Composing is slow, so it is done for a new table and for an override with a new key. A new
        # value of a known key is merged into the configuration composed last, which finds nearly
        # the same mistakes.
        values: set[str] = set()
        cfg = self.cfg
        for point in self.points:
            if point.overrides in checked:
                continue
            checked.add(point.overrides)
            for override in point.overrides:
                _check_choice(override)
            key, keys = table_key(point), {key_of(override) for override in point.overrides}
            new = set(point.overrides) - values
            values |= new
            if key in found and keys <= composed and all(_takes(cfg, value) for value in new):
                continue
            # Composing raises an error for a misspelt key or a wrong value before any job runs.
            composed |= keys
            cfg = self._compose(point)
            if key not in found:
                try:
                    found[key] = Data.of_table(load(cfg))
                except UserError as reason:
                    found[key] = reason
        return found

    def _compose(self, point: GridPoint) -> DictConfig:
        given = self.overrides(point)
        try:
            cfg = compose("sweep", given)
        except HydraException as reason:
            raise UserError(explain(reason, given)) from reason
        self._composed[_kind(point)] = cfg
        return cfg

    def check_settings(self) -> None:
        """Make the tuner and the selector of every kind of grid point, which check their values.

        Raises
        ------
        UserError
            If a value cannot be used.
        """
        for point in {_kind(point): point for point in self.points}.values():
            # `tables` has composed a configuration of most kinds.
            cfg = self._composed.get(_kind(point)) or self._compose(point)
            for name in _MADE:
                instantiate(cfg[name])

    def progress(self) -> tuple[Progress, list[GridPoint]]:
        """Return the progress of the study, and its unfinished grid points without data.

        A study never mixes results of different data or code. A grid point that was finished on
        other data than the present ones, or by older code, counts as failed.

        Returns
        -------
        progress : Progress
            The grid points without those in `no_data`.
        no_data : list of GridPoint
            The grid points that are not done and whose table cannot be loaded.
        """
        progress = self.ledger.sort(self.points)
        for point, outcome in list(progress.done.items()):
            older = older_code(outcome.rows[0])
            reason = older or self._other_data(point, outcome)
            if reason is not None:
                del progress.done[point]
                state = STALE if older is None else OLDER
                progress.failed[point] = replace(outcome, state=state, error=reason)
        no_data = [
            point
            for point in [*progress.missing, *progress.failed]
            if isinstance(self.tables[table_key(point)], UserError)
        ]
        for point in no_data:
            progress.failed.pop(point, None)
        without_table = set(no_data)
        missing = [point for point in progress.missing if point not in without_table]
        return Progress(progress.done, progress.failed, missing), no_data

    def _other_data(self, point: GridPoint, outcome: Outcome) -> str | None:
        """Describe the other data on which a grid point was finished.

        Returns None if the data are the same, or the table is not here to compare with.
        """
        here = self.tables[table_key(point)]
        if isinstance(here, UserError):
            return None
        selects = "selection=none" not in point.overrides
        row = outcome.rows[0]
        other = other_data(row, here, accuracies=selects)
        return other or other_sources(row, lambda: self._sources_here(point))

    def _sources_here(self, point: GridPoint) -> Mapping[str, str]:
        """Return the tables that the predictor of a grid point would learn from now."""
        chosen = tuple(o for o in point.overrides if _first_key(o) in (*_DATA, "predictor"))
        if chosen not in self._sources:
            with job_config(HydraConfig.get().job.config_name, self.overrides(point)) as cfg:
                self._sources[chosen] = sources_here(cfg)
        return self._sources[chosen]


def table_key(point: GridPoint) -> tuple[str, ...]:
    """Return the overrides that choose the table of a grid point, as its key in `Study.tables`."""
    return tuple(o for o in point.overrides if _first_key(o) in _DATA or key_of(o) == ACCURACY)


def _kind(point: GridPoint) -> tuple[str, ...]:
    """Return the overrides of a grid point that decide its tuner and its selector."""
    return tuple(override for override in point.overrides if _first_key(override) in _MADE)


@cache
def _check_choice(override: str) -> None:
    """Raise an error if an override chooses an unknown option of a group.

    Composing the configuration would find it too, but takes longer.

    Raises
    ------
    UserError
        With the known options and the nearest one.
    """
    group, _, choice = override.partition("=")
    if is_group(group) and option_file(group, choice) is None:
        raise UserError(f"{override}: no such choice; {nearest(choice, options(group))}")


def _takes(cfg: DictConfig, override: str) -> bool:
    """Tell whether an override can be merged into a composed configuration.

    The choice of a group's option counts as one, because `_check_choice` has checked it.
    """
    if is_group(key_of(override)):
        return True
    try:
        cfg.merge_with_dotlist([override])
    except OmegaConfBaseException:
        return False
    return True


def _first_key(override: str) -> str:
    """Return the part of an override's key before the first dot."""
    return key_of(override).partition(".")[0]
