"""What is wrong with an override of several values: a study takes them in its grids alone."""

from __future__ import annotations

import re

from omegaconf import OmegaConf

from hwnas._cli import CONF
from hwnas.errors import UserError

_LIST = re.compile(r"\[?(?P<values>[^\[\]{}()'\"]*)\]?")
_GRID_AXIS = re.compile(r"experiment\.grids\.(?P<grid>[\w-]+)\.(?P<axis>.+)")


def several_values(key: str, value: str, experiment: str | None) -> UserError | None:
    """Say how to give several values, where an override of several was refused.

    Parameters
    ----------
    key, value : str
        The override that was refused.
    experiment : str or None
        The study, if one is chosen.

    Returns
    -------
    UserError or None
        None if it is not about several values.
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
        problem = f"{key}: an axis with a dot in its name takes one value a command"
        return UserError(problem, mend=f"{inside['axis']}={values.partition(',')[0]}")
    own = [grid for grid, axes in grids.items() if key in axes and "." not in key]
    if own:
        mend = " ".join(f"experiment.grids.{grid}.{key}=[{values}]" for grid in own)
        return UserError(f"{key}={value}: several values are an axis of the study's grids", mend)
    if value.startswith("["):
        return None
    each = f"{key}={values.partition(',')[0]}" if grids else f"-m {key}={value} runs each"
    return UserError(
        f"{key}={value}: one run takes one value", mend=f"{each}; [{values}] is a list"
    )


def _axes(experiment: str | None) -> dict[str, list[str]]:
    """Return the names of the axes of each grid of a study."""
    path = CONF / "experiment" / f"{experiment}.yaml"
    if not path.is_file():
        return {}
    grids = OmegaConf.select(OmegaConf.load(path), "grids")
    return {str(grid): [str(axis) for axis in axes] for grid, axes in grids.items()}
