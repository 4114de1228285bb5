"""Checks of overrides that give no option, or several values, where one is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override
from hydra.errors import HydraException
from omegaconf import OmegaConf

from hwnas.composition._folder import is_group, option_file, option_files, options, read_yaml
from hwnas.composition._keys import needed
from hwnas.errors import UserError, nearest

_LIST = re.compile(r"\[?(?P<values>[^\[\]{}()'\"]*)\]?")
#: The option of ``predictor=FILE.hwnas`` and ``tuned=FILE.hwnas``, which people do not choose.
BY_SHORT_FORM = "_saved"
_GRID_AXIS = re.compile(r"experiment\.grids\.(?P<grid>[\w-]+)\.(?P<axis>.+)")


def check_choices(arguments: Sequence[str]) -> None:
    """Raise an error if an override gives a group a list of options, null or a number.

    Hydra would merge the options of a list into one configuration, under the name of the last one.

    Parameters
    ----------
    arguments : sequence of str
        The command line, or the overrides of a launcher's job. Arguments that Hydra cannot parse
        are skipped, because Hydra reports them.

    Raises
    ------
    UserError
        With the override, and how to run each of several options.

    Examples
    --------
    >>> check_choices(["predictor=ridge", "n_train=25"])
    >>> check_choices(["predictor=[ridge,xgb]"])
    Traceback (most recent call last):
    hwnas.errors.UserError: predictor=[ridge,xgb]: one run takes one value. ...
    """
    overrides = list(_parsed(arguments))
    experiment = {o.key_or_group: o.value() for o in overrides}.get("experiment")
    for override in overrides:
        group = override.key_or_group
        if not group:
            raise UserError(
                f"cannot read the override {override.input_line!r}: write key=value",
                remedy=f"leave {override.input_line} out",
            )
        if not is_group(group):
            continue
        if override.is_delete():
            raise needed(group)
        if override.package is None and (override.is_add() or override.is_force_add()):
            plain = (override.input_line or "").lstrip("+")
            raise UserError(f"{override.input_line}: an option is chosen without +", remedy=plain)
        value = override.value()
        for each in value.list if isinstance(value, ChoiceSweep) else [value]:
            _check_choice(group, each, experiment if isinstance(experiment, str) else None)


def globs_expanded(arguments: Sequence[str]) -> list[str]:
    """Return a command line with each ``group=glob(...)`` replaced by the options that it means.

    Hydra's own globs also mean the bases of options, such as ``_base``, and no options in folders.
    A ``*`` stands for anything but ``/``.

    Raises
    ------
    UserError
        If no option matches.

    Examples
    --------
    >>> globs_expanded(["-m", "predictor=glob(l*)", "n_train=25"])
    ['-m', 'predictor=lgb,lin_reg,lut', 'n_train=25']
    """
    parsed = {override.input_line: override for override in _parsed(arguments)}
    return [_expanded(argument, parsed.get(argument)) for argument in arguments]


def _expanded(argument: str, override: Override | None) -> str:
    value = None if override is None or override.is_delete() else override.value()
    if override is None or not isinstance(value, Glob):
        return argument
    group = override.key_or_group
    if not is_group(group):
        # Hydra would run no job at all.
        raise UserError(
            f"{argument}: {group} is not a group, and a glob stands for options of a group",
            remedy=f"leave {group} out",
        )
    known = options(group)
    found = [
        option
        for option in known
        if any(_matches(option, pattern) for pattern in value.include)
        and not any(_matches(option, pattern) for pattern in value.exclude)
    ]
    if not found:
        raise UserError(f"{argument}: no option matches; {nearest(group, known)}")
    return f"{group}={','.join(found)}"


def _matches(option: str, pattern: str) -> bool:
    parts, patterns = option.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _check_choice(group: str, value: Any, experiment: str | None) -> None:
    if not isinstance(value, str | list):
        known = options(group)
        text = "null" if value is None else str(value)
        none = next((option for option in ("none", "off") if option in known), None)
        raise UserError(
            f"{group}={text}: no option of that name; {nearest(text, known)}",
            remedy=f"leave {group} out" if none is None else f"{group}={none}",
        )
    if isinstance(value, list):
        names = ",".join(map(str, value))
        axis = several_values(group, f"[{names}]", experiment)
        if axis is not None:
            raise axis
        raise UserError(
            f"{group}=[{names}]: one run takes one value",
            remedy=f"-m {group}={names}" if experiment is None else f"{group}={value[0]}",
        )
    files = option_files(group, value)
    if files and value.rpartition("/")[2].startswith("_") and value != BY_SHORT_FORM:
        raise UserError(
            f"{group}={value}: it is a base of options and no option; "
            f"{nearest(value, options(group))}",
            remedy=f"leave {group} out",
        )
    for other in files[1:]:
        # A device that was measured again by a newer version has two files that say the same.
        if read_yaml(other) != read_yaml(files[0]):
            both = f"{files[0]} and {other} have that name"
            raise UserError(f"{group}={value}: {both}", remedy=f"rename {other}")


def _parsed(arguments: Sequence[str]) -> Iterable[Override]:
    parser = OverridesParser.create()
    for argument in arguments:
        try:
            yield parser.parse_override(argument)
        except HydraException:
            # A flag such as -m, or an override that Hydra reports itself.
            continue


def several_values(key: str, value: str, experiment: str | None) -> UserError | None:
    """Return an error that tells how to give several values.

    Parameters
    ----------
    key, value : str
        An override that cannot be composed.
    experiment : str or None
        The study, if one is chosen.

    Returns
    -------
    UserError or None
        None if the override does not give several values.
    """
    match = _LIST.fullmatch(value)
    if match is None or not (value.startswith("[") or "," in value):
        return None
    values, grids = match["values"], _axes(experiment)
    inside = _GRID_AXIS.fullmatch(key)
    if (
        inside is not None
        and "." in inside["axis"]
        and inside["axis"] in grids.get(inside["grid"], [])
    ):
        problem = f"{key}: an axis with a dot in its name takes one value in each command"
        return UserError(problem, remedy=f"{inside['axis']}={values.partition(',')[0]}")
    own = [grid for grid, axes in grids.items() if key in axes and "." not in key]
    if own:
        remedy = " ".join(f"experiment.grids.{grid}.{key}=[{values}]" for grid in own)
        return UserError(
            f"{key}={value}: several values must be given to the study's grids", remedy
        )
    if value.startswith("["):
        return None
    each = f"{key}={values.partition(',')[0]}" if grids else f"-m {key}={value} runs each"
    return UserError(
        f"{key}={value}: one run takes one value", remedy=f"{each}; write [{values}] for a list"
    )


def _axes(experiment: str | None) -> dict[str, list[str]]:
    """Return the axes of each grid of a study, by name of the grid."""
    path = None if experiment is None else option_file("experiment", experiment)
    if path is None:
        return {}
    grids = OmegaConf.select(OmegaConf.load(path), "grids")
    return {str(grid): [str(axis) for axis in axes] for grid, axes in grids.items()}
