"""Expansion of the grids of a study into grid points."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hwnas.composition import key_of
from hwnas.errors import UserError

#: The axis of random seeds. One job runs all grid points that differ in this axis alone.
SEED_AXIS = "seed"
#: The axis of tables. A value that is a word, such as ``hwnas/raspi4``, is a dataset.
DATA_AXIS = "data"
#: Axes that choose the table. Together their labels are the label on the axis ``data``.
_TABLE_AXES = (DATA_AXIS, "dataset", "image_set", "metric", "device", "space")
#: Keys in a value of an axis that are not overrides. ``label`` is the value's name in tables and
#: figures. ``stand_in: true`` marks a dataset that the paper did not use.
LABEL, STAND_IN = "label", "stand_in"
#: Keys of the command line that control how a study is run. Grid points do not contain them.
RUN_KEYS = (
    *("experiment", "action", "report", "study", "force", "paths", "hydra", "seeds", "sweep"),
    *("tracking", "artifacts", "intervals"),
)
#: Grid points do contain the keys below this one, because tasks read their settings from it.
SETTINGS = "experiment.settings."
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


@dataclass(frozen=True)
class GridPoint:
    """One experiment or simulation of a study.

    Parameters
    ----------
    overrides : tuple of str
        The Hydra overrides that compose its configuration, without the seed.
    seed : int
    axes : mapping
        The label of its value on each axis of the grid, by name of the axis.
    """

    overrides: tuple[str, ...]
    seed: int
    axes: Mapping[str, Any] = field(compare=False)

    @property
    def job(self) -> str:
        """Identity of its job: a hash of the overrides, which the job's seeds share."""
        return _hash(self.overrides)

    @property
    def title(self) -> str:
        """The labels of the grid point in one line of text."""
        return " ".join(f"{axis}={label}" for axis, label in self.axes.items())


@lru_cache(maxsize=4096)
def _hash(overrides: tuple[str, ...]) -> str:
    """Hash overrides; the result is cached because all seeds of a job ask for the same hash."""
    return hashlib.sha256(json.dumps(sorted(overrides)).encode()).hexdigest()[:16]


def expand(
    grids: Mapping[str, Mapping[str, Any]],
    fixed: Mapping[str, Any],
    given: Sequence[str],
    narrow: bool = True,
    table: str = "",
) -> list[GridPoint]:
    """Expand the grids of an experiment into grid points.

    Parameters
    ----------
    grids : mapping
        The axes of each grid, by name of the grid. An axis is a list of values or a range of
        numbers such as ``"0..9"``. A value is what the override ``axis=value`` takes, or a mapping
        of several overrides, which may also hold ``label`` and ``stand_in``.
    fixed : mapping
        Overrides that apply to every grid point.
    given : sequence of str
        Overrides of the command line. An override of an axis keeps only the values of the axis that
        match it, and only the grids that have such a value. If no grid has one, all grids are kept
        and the override replaces the values of the axis. An override of a group, such as
        ``tuning=none``, replaces the overrides of that group in `fixed`, unless the group belongs
        to an axis and the override matches a value of it.
    narrow : bool
        If False, the grid points that overrides of axes excluded are returned too.
    table : str
        The label on the axis ``data`` of grids whose axes do not choose the table.

    Raises
    ------
    UserError
        If there are no grid points, an axis cannot be read, or a grid has no seeds or a negative
        one.

    Examples
    --------
    >>> grid = {"all": {"predictor": ["ridge", "xgb"], "seed": "0..1"}}
    >>> points = expand(grid, {"tuning": "none"}, ["predictor=xgb"])
    >>> [(point.overrides, point.seed) for point in points]
    [(('tuning=none', 'predictor=xgb'), 0), (('tuning=none', 'predictor=xgb'), 1)]
    """
    of_points = [override for override in given if _belongs_to_points(key_of(override))]
    matching = [grid for grid in grids.values() if _has_matching_values(grid, of_points)]
    points = [
        point
        for grid in matching or list(grids.values())
        for point in _expand_grid(grid, fixed, of_points, table, narrow=True)
    ]
    if not narrow:
        for grid in grids.values():
            points += _expand_grid(grid, fixed, of_points, table, narrow=False)
    if not points:
        raise UserError(
            "experiment.grids: no grid points, because there is no grid or an axis is empty",
            remedy="give each axis at least one value",
        )
    # Several grids may hold the same grid point, above all when an override narrows them.
    return list({(point.job, point.seed): point for point in points}.values())


def _expand_grid(
    grid: Mapping[str, Any],
    fixed: Mapping[str, Any],
    given: Sequence[str],
    table: str,
    narrow: bool,
) -> Iterator[GridPoint]:
    axes = {axis: axis_values(axis, values) for axis, values in grid.items()}
    if SEED_AXIS not in axes:
        raise UserError(
            f"experiment.grids: a grid has no axis {SEED_AXIS!r}",
            remedy=f"add '{SEED_AXIS}: [0]' to the grid",
        )
    other_overrides = list(given)
    new_choices: set[str] = set()
    for axis, values in axes.items():
        keys = _override_keys(axis, values)
        chosen = dict(_key_and_value(override) for override in given if key_of(override) in keys)
        groups = tuple(f"{key}." for key in chosen)
        # Beside dataset=hwnas/raspi4, the override dataset.source=auto is about that dataset only:
        # it must not reach the grid points with other datasets that narrow=False adds.
        of_choice = [o for o in given if groups and o.startswith(groups) and key_of(o) not in keys]
        other_overrides = [
            override
            for override in other_overrides
            if key_of(override) not in keys and (narrow or override not in of_choice)
        ]
        if chosen and narrow:
            axes[axis] = _matching_values(axis, values, chosen) or [chosen]
            known = {k for k, value in chosen.items() if _matching_values(axis, values, {k: value})}
            new_choices |= chosen.keys() - known - {axis}
    # A fixed override such as dataset.source=measured applies to every value of the axis. A new
    # choice from the command line may not have the key, so the fixed override is dropped for it.
    replaced = {key_of(override) for override in other_overrides} | new_choices
    kept = [
        f"{key}={_hydra_text(v)}" for key, v in fixed.items() if not _is_replaced(key, replaced)
    ]
    # A grid may have tens of thousands of points, so the text of each value is made once.
    worded = [[_Worded.of(axis, value) for value in values] for axis, values in axes.items()]
    names = [axis.rpartition(".")[2] for axis in axes]
    for combination in itertools.product(*worded):
        overrides, labels = list(kept), {}
        for name, value in zip(names, combination, strict=True):
            labels[name] = value.label
            if value.stand_in:
                labels[STAND_IN] = True
            overrides += value.overrides
        chosen_by = [str(labels[axis]) for axis in _TABLE_AXES if axis in axes]
        labels[DATA_AXIS] = " ".join(chosen_by) or table
        yield GridPoint((*overrides, *other_overrides), _checked_seed(labels[SEED_AXIS]), labels)


def _checked_seed(label: Any) -> int:
    if not isinstance(label, int) or label < 0:
        raise UserError(f"seed={label}: a seed is a whole number of at least 0", remedy="seed=0")
    return label


def _has_matching_values(grid: Mapping[str, Any], given: Sequence[str]) -> bool:
    """Tell whether each axis of a grid, seeds apart, has a value that matches the overrides."""
    chosen = dict(_key_and_value(override) for override in given)
    for axis, values in ((axis, axis_values(axis, values)) for axis, values in grid.items()):
        keys = _override_keys(axis, values)
        of_axis = {key: value for key, value in chosen.items() if key in keys}
        if axis != SEED_AXIS and of_axis and not _matching_values(axis, values, of_axis):
            return False
    return True


def _override_keys(axis: str, values: Sequence[Any]) -> set[str]:
    """Return the keys that the values of an axis override."""
    return {axis} | {key for value in values if isinstance(value, Mapping) for key in value}


def _matching_values(axis: str, values: Sequence[Any], chosen: Mapping[str, Any]) -> list[Any]:
    """Return the values of an axis that contain all chosen overrides."""
    return [
        value
        for value in values
        if chosen.items() <= (value if isinstance(value, Mapping) else {axis: value}).items()
    ]


def axis_values(axis: str, values: Any) -> list[Any]:
    """Return the values of an axis as a list, with a range written out.

    Parameters
    ----------
    axis : str
        Its name.
    values : object
        Its values in the YAML.

    Raises
    ------
    UserError
        If the values are neither a list nor a range.

    Examples
    --------
    >>> axis_values("seed", "0..2"), axis_values("data", ["local/cpu"])
    ([0, 1, 2], [{'dataset': 'local/cpu'}])
    """
    found = _written_out(axis, values)
    if axis != DATA_AXIS:
        return found
    return [{"dataset": value} if isinstance(value, str) else value for value in found]


def _written_out(axis: str, values: Any) -> list[Any]:
    if isinstance(values, str):
        span = _RANGE.fullmatch(values)
        if span is None:
            raise UserError(
                f"experiment.grids: {axis}: {values!r} is neither a list nor a range",
                remedy=f"{axis}: [{values}], or 0..9 for the whole numbers from 0 to 9",
            )
        return list(range(int(span[1]), int(span[2]) + 1))
    return list(values) if isinstance(values, Sequence) else [values]


@dataclass(frozen=True)
class _Worded:
    """One value of an axis: its overrides, its label, and whether it is a stand-in.

    The overrides of a seed are left out, because all seeds of a job share their overrides.
    """

    overrides: tuple[str, ...]
    label: Any
    stand_in: bool = False

    @classmethod
    def of(cls, axis: str, value: Any) -> _Worded:
        if isinstance(value, Mapping):
            overrides = {k: v for k, v in value.items() if k not in (LABEL, STAND_IN)}
            words = list(overrides.values())
            label = value.get(LABEL, words[0] if len(words) == 1 else " ".join(map(str, words)))
        else:
            overrides, label = {axis: value}, value
        if axis == SEED_AXIS:
            return cls((), label)
        own = tuple(f"{key}={_hydra_text(each)}" for key, each in overrides.items())
        return cls(own, label, isinstance(value, Mapping) and bool(value.get(STAND_IN)))


def _hydra_text(value: Any) -> str:
    """Return a value in the syntax of Hydra's overrides."""
    return value if isinstance(value, str) else json.dumps(value)


def _key_and_value(override: str) -> tuple[str, Any]:
    key, _, value = override.partition("=")
    try:
        # The grid holds numbers, so a number given as text must be converted to match them.
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _belongs_to_points(key: str) -> bool:
    """Tell whether grid points contain an override of this key."""
    if key.startswith(SETTINGS):
        return True
    return key != "tuning.force" and key.partition(".")[0].partition("/")[0] not in RUN_KEYS


def _is_replaced(key: str, given: set[str]) -> bool:
    """Tell whether a key of `fixed`, or the group above it, is among the given keys."""
    return key in given or ("." in key and key.partition(".")[0] in given)
