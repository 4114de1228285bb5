"""From the small table of an experiment to its grid points."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hwnas.composition import key_of
from hwnas.errors import UserError

#: The axis whose values one job runs together.
BATCH_AXIS = "seed"
#: Keys of an axis' value that describe it and are no overrides.
LABEL, STAND_IN = "label", "stand_in"
#: Overrides of the command line that say how a study is run, not what its grid points are.
RUNNING = (
    *("experiment", "action", "report", "study", "force", "paths", "hydra", "seeds"),
    *("tracking", "artifacts"),
)
#: ... but for these keys of the experiment, which its grid points read.
SETTINGS = "experiment.settings."
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


@dataclass(frozen=True)
class GridPoint:
    """One experiment of a study.

    Parameters
    ----------
    overrides : tuple of str
        What composes it, the seed left out.
    seed : int
    axes : mapping
        Where it stands in the grid: label by axis.
    """

    overrides: tuple[str, ...]
    seed: int
    axes: Mapping[str, Any] = field(compare=False)

    @property
    def job(self) -> str:
        """Identity of the job that runs this grid point and its other seeds."""
        return hashlib.sha256(json.dumps(sorted(self.overrides)).encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """The grid point in a line of text."""
        return " ".join(f"{axis}={label}" for axis, label in self.axes.items())


def expand(
    grids: Mapping[str, Mapping[str, Any]],
    fixed: Mapping[str, Any],
    given: Sequence[str],
    narrow: bool = True,
) -> list[GridPoint]:
    """Expand named grids into points.

    Parameters
    ----------
    grids : mapping
        Axes by name of grid. An axis is a list, or ``"0..9"``. Its values are what the override
        ``axis=value`` takes, or mappings that hold several overrides (and ``label``,
        ``stand_in``).
    fixed : mapping
        Overrides of every grid point.
    given : sequence of str
        Overrides of the command line. Those for keys of an axis choose among its values, and leave
        out the grids that have none of them; if no grid has any, they take the place of the axis.
        One for a group puts its choice in place of what `fixed` says about that group, unless it
        chooses among the values of an axis.
    narrow : bool
        False adds the grid points that `given` leaves out of its axes: the whole grid.

    Raises
    ------
    UserError
        If there are no grid points, or a grid has no seeds or impossible ones.

    Examples
    --------
    >>> grid = {"all": {"predictor": ["ridge", "xgb"], "seed": "0..1"}}
    >>> [(c.overrides, c.seed) for c in expand(grid, {"tuning": "none"}, ["predictor=xgb"])]
    [(('tuning=none', 'predictor=xgb'), 0), (('tuning=none', 'predictor=xgb'), 1)]
    """
    mine = [override for override in given if _decides(key_of(override))]
    chosen = [grid for grid in grids.values() if _has(grid, mine)] or list(grids.values())
    points = [point for grid in chosen for point in _points(grid, fixed, mine, narrow=True)]
    if not narrow:
        points += [c for grid in grids.values() for c in _points(grid, fixed, mine, narrow=False)]
    if not points:
        raise UserError("experiment.grids: no grid points")
    # Several grids may hold the same grid point, above all when an override narrows them.
    return list({(point.job, point.seed): point for point in points}.values())


def _points(
    grid: Mapping[str, Any], fixed: Mapping[str, Any], given: Sequence[str], narrow: bool
) -> Iterator[GridPoint]:
    axes = {axis: _values(values) for axis, values in grid.items()}
    if BATCH_AXIS not in axes:
        raise UserError(f"experiment.grids: a grid has no axis {BATCH_AXIS!r}")
    rest = list(given)
    foreign: set[str] = set()
    for axis, values in axes.items():
        keys = _keys(axis, values)
        chosen = dict(_split(override) for override in given if key_of(override) in keys)
        groups = tuple(f"{key}." for key in chosen)
        # A value inside a group that is chosen, such as dataset.source, is about that choice.
        within = [o for o in given if groups and o.startswith(groups) and key_of(o) not in keys]
        rest = [o for o in rest if key_of(o) not in keys and (narrow or o not in within)]
        if chosen and narrow:
            axes[axis] = _matching(axis, values, chosen) or [chosen]
            known = {k for k, value in chosen.items() if _matching(axis, values, {k: value})}
            foreign |= chosen.keys() - known - {axis}
    # What is fixed about an axis, such as a preset or a source, is fixed about each of its values;
    # a choice that is none of them may not even have the key.
    replaced = {key_of(override) for override in rest} | foreign
    kept = [f"{key}={_text(v)}" for key, v in fixed.items() if not _replaced(key, replaced)]
    for point in itertools.product(*axes.values()):
        overrides, labels = list(kept), {}
        for axis, value in zip(axes, point, strict=True):
            own, labels[axis.rpartition(".")[2]] = _point(axis, value)
            if isinstance(value, Mapping) and value.get(STAND_IN):
                labels[STAND_IN] = True
            if axis != BATCH_AXIS:
                overrides += own
        yield GridPoint((*overrides, *rest), _seed(labels[BATCH_AXIS]), labels)


def _seed(label: Any) -> int:
    if not isinstance(label, int) or label < 0:
        raise UserError(f"seed={label}: no whole number from 0", remedy="seed=0")
    return label


def _has(grid: Mapping[str, Any], given: Sequence[str]) -> bool:
    """Tell whether a grid has, on each axis, a value that the overrides choose."""
    chosen = dict(_split(override) for override in given)
    for axis, values in ((axis, _values(values)) for axis, values in grid.items()):
        mine = {key: value for key, value in chosen.items() if key in _keys(axis, values)}
        if axis != BATCH_AXIS and mine and not _matching(axis, values, mine):
            return False
    return True


def _keys(axis: str, values: Sequence[Any]) -> set[str]:
    """Return the keys of the overrides that an axis consists of."""
    return {axis} | {key for value in values if isinstance(value, Mapping) for key in value}


def _matching(axis: str, values: Sequence[Any], chosen: Mapping[str, Any]) -> list[Any]:
    """Return the values of an axis that say what was chosen."""
    return [
        value
        for value in values
        if chosen.items() <= (value if isinstance(value, Mapping) else {axis: value}).items()
    ]


def _values(values: Any) -> list[Any]:
    if isinstance(values, str):
        span = _RANGE.fullmatch(values)
        if span is None:
            raise UserError(f"experiment.grids: {values!r} is no list and no range as in 0..9")
        return list(range(int(span[1]), int(span[2]) + 1))
    return list(values) if isinstance(values, Sequence) else [values]


def _point(axis: str, value: Any) -> tuple[list[str], Any]:
    """Return the overrides of one value of an axis, and its label."""
    if not isinstance(value, Mapping):
        return [f"{axis}={_text(value)}"], value
    overrides = {k: v for k, v in value.items() if k not in (LABEL, STAND_IN)}
    words = list(overrides.values())
    label = value.get(LABEL, words[0] if len(words) == 1 else " ".join(map(str, words)))
    return [f"{key}={_text(v)}" for key, v in overrides.items()], label


def _text(value: Any) -> str:
    """Write a value as Hydra reads it."""
    return value if isinstance(value, str) else json.dumps(value)


def _split(override: str) -> tuple[str, Any]:
    key, _, value = override.partition("=")
    try:
        # A number, as the grid has it: it is the label too.
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _decides(key: str) -> bool:
    if key.startswith(SETTINGS):
        return True
    return key != "tuning.force" and key.partition(".")[0].partition("/")[0] not in RUNNING


def _replaced(key: str, given: set[str]) -> bool:
    return key in given or ("." in key and key.partition(".")[0] in given)
