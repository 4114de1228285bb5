"""A study: its grid points, what is there of them, and running the rest."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hwnas.composition import explain, is_group, key_of, option_file, options, overrides
from hwnas.errors import UserError, nearest
from hwnas.experiment import Data
from hwnas.study._data import ACCURACY, load, older_code, other_data
from hwnas.study._grid import GridPoint, expand
from hwnas.study._ledger import OLDER, STALE, Ledger, Outcome, Progress
from hwnas.study._worker import ledger_of, study_folder

#: Overrides that choose the table of a grid point.
_DATA = ("dataset", "device", "metric", "space", "image_set")
#: Overrides of the command line that are passed on to every job besides its grid points'.
_PASSED = ("experiment", "paths", "force", "tuning.force", "tracking", "artifacts")


@dataclass(frozen=True)
class Study:
    """One study, as the command line composed it.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/sweep.yaml``.
    choice : str
        Which of ``conf/experiment/``.
    given : tuple of str
        The overrides of the command line, those of Hydra's own nodes left out.
    narrow : bool
        Whether overrides of an axis narrow the grid.
    """

    cfg: DictConfig
    choice: str
    given: tuple[str, ...]
    narrow: bool = True
    _tables: dict[tuple[str, ...], Data | UserError] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, cfg: DictConfig) -> Study:
        """Return the study of a running command.

        Raises
        ------
        UserError
            If no experiment is chosen, or it is no study.
        """
        hydra = HydraConfig.get()
        choice = hydra.runtime.choices.get("experiment")
        if choice is None or "grids" not in cfg.experiment:
            raise UserError(
                "experiment: no study is chosen", remedy="python sweep.py experiment=quick"
            )
        return cls(cfg, choice, tuple(overrides()))

    @cached_property
    def points(self) -> list[GridPoint]:
        """The expanded grid."""
        node = OmegaConf.to_container(self.cfg.experiment, resolve=False)
        assert isinstance(node, dict)
        return expand(node["grids"], node.get("fixed") or {}, self.given, self.narrow)

    @property
    def whole(self) -> Study:
        """The study with what was left out of its axes: what tables and reports are about."""
        return replace(self, narrow=False)

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self.cfg.experiment.name)

    @property
    def folder(self) -> Path:
        """Where the study keeps what is its own."""
        return study_folder(self.cfg)

    @property
    def ledger(self) -> Ledger:
        """What became of each grid point."""
        return ledger_of(self.cfg)

    @property
    def command(self) -> str:
        """The command that runs what is missing, and nothing that is finished."""
        hydra = [o for o in HydraConfig.get().overrides.hydra if not o.startswith("hydra.mode")]
        other = ("action", "report", "force", "tuning.force")
        rest = [o for o in self.given if key_of(o) not in other]
        return shlex.join(["python", "sweep.py", *rest, *hydra])

    def overrides(self, point: GridPoint) -> list[str]:
        """Return what composes a grid point."""
        keys = {override: (_first(override), key_of(override)) for override in self.given}
        passed = [o for o in self.given if {*keys[o]} & {*_PASSED} and o not in point.overrides]
        chosen = f"experiment={self.choice}"
        # The choice comes first: the overrides of its values need it.
        rest = [o for o in passed if o != chosen]
        return [chosen, f"study={self.name}", *rest, *point.overrides]

    def jobs(self, points: Sequence[GridPoint]) -> list[list[str]]:
        """Return the overrides of each job: points that differ in the seed alone share one."""
        by_job: dict[str, list[GridPoint]] = {}
        for point in points:
            by_job.setdefault(point.job, []).append(point)
        return [
            [*self.overrides(group[0]), f"seeds={[p.seed for p in group]}", f"job='{job}'"]
            for job, group in by_job.items()
        ]

    @cached_property
    def tables(self) -> Mapping[tuple[str, ...], Data | UserError]:
        """By choice of table: where its values come from, or why it is not here."""
        # Shared with the whole study: loading tables takes longer than anything else here.
        found = self._tables
        composed: set[str] = set()
        # Composing is slow, and merging a value into what is composed tells nearly as much.
        values: set[str] = set()
        cfg = self.cfg
        for point in self.points:
            for override in point.overrides:
                _check_choice(override)
            key, keys = table_of(point), {key_of(override) for override in point.overrides}
            new = set(point.overrides) - values
            values |= new
            if key in found and keys <= composed and all(_takes(cfg, value) for value in new):
                continue
            # Composing it refuses a misspelt key or an impossible value before anything runs.
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
            return compose("sweep", given)
        except HydraException as reason:
            raise UserError(explain(reason, given)) from reason

    def progress(self) -> tuple[Progress, list[GridPoint]]:
        """Return what became of the grid points, and those among the rest whose data are not here.

        What is finished, but by older code or on other data than those that are here, counts as
        failed: a study never mixes them.
        """
        progress = self.ledger.sort(self.points)
        for point, outcome in list(progress.done.items()):
            older = older_code(outcome.rows[0])
            other = older or self._other_data(point, outcome)
            if other is not None:
                del progress.done[point]
                state = STALE if older is None else OLDER
                progress.failed[point] = replace(outcome, state=state, error=other)
        absent = [
            point
            for point in [*progress.missing, *progress.failed]
            if isinstance(self.tables[table_of(point)], UserError)
        ]
        gone = set(absent)
        for point in absent:
            progress.failed.pop(point, None)
        missing = [point for point in progress.missing if point not in gone]
        return Progress(progress.done, progress.failed, missing), absent

    def _other_data(self, point: GridPoint, outcome: Outcome) -> str | None:
        """Say on which other data a grid point was finished; None if they are the same or gone."""
        here = self.tables[table_of(point)]
        if isinstance(here, UserError):
            return None
        selects = "selection=none" not in point.overrides
        return other_data(outcome.rows[0], here, accuracies=selects)


def table_of(point: GridPoint) -> tuple[str, ...]:
    """Return the overrides that choose the table of a grid point."""
    return tuple(o for o in point.overrides if _first(o) in _DATA or key_of(o) == ACCURACY)


@cache
def _check_choice(override: str) -> None:
    """Refuse the choice of a group that is not there, without the cost of composing it.

    Raises
    ------
    UserError
        Naming the nearest choice.
    """
    group, _, choice = override.partition("=")
    if is_group(group) and option_file(group, choice) is None:
        raise UserError(f"{override}: no such choice; {nearest(choice, options(group))}")


def _takes(cfg: DictConfig, override: str) -> bool:
    """Tell whether a composed grid point surely takes a value, without the cost of composing it."""
    if is_group(key_of(override)):
        return True
    try:
        cfg.merge_with_dotlist([override])
    except OmegaConfBaseException:
        return False
    return True


def _first(override: str) -> str:
    return key_of(override).partition(".")[0]
