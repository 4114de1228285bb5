"""Checks of a study's YAML, which find mistakes before any grid point runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra.utils import get_method
from omegaconf import OmegaConf

from hwnas.errors import UserError, nearest
from hwnas.study._grid import SEED_AXIS, axis_values

#: The task of a study whose YAML names none.
TASK = "hwnas.study.tasks.run_predictors"
KEYS = ("name", "title", "task", "settings", "grids", "fixed", "reports", "published")
_PUBLISHED = ("source", "tolerance", "figures", "tables")


def check_experiment(node: Mapping[str, Any], choice: str, as_written: bool = True) -> None:
    """Raise an error for a mistake in the keys, the grids or the task of a study.

    The axes and values of the grids are checked where the configurations are composed.

    Parameters
    ----------
    node : mapping
        The content of the YAML, not resolved.
    choice : str
        The name of the YAML.
    as_written : bool
        Whether the grids are those of the YAML. If the command line has changed them, they need
        not have the values that are published.

    Raises
    ------
    UserError
        With the key, and what to write.
    """
    text = str(node)
    for key in node:
        # A key of the study's own is read by an interpolation, as paper_simulation has it.
        if key not in KEYS and f"${{experiment.{key}}}" not in text:
            raise UserError(f"experiment.{key}: a study has no such key; {nearest(key, [*KEYS])}")
    for key in ("name", "grids"):
        if not node.get(key):
            example = f"name: {choice}" if key == "name" else "grids: {all: {predictor: [ridge]}}"
            raise UserError(f"experiment={choice}: its YAML has no {key}", remedy=example)
    _check_grids(node["grids"])
    if not isinstance(node.get("fixed") or {}, Mapping):
        raise UserError("experiment.fixed: not a mapping", remedy="fixed: {tuning: none}")
    _check_task(str(node.get("task", TASK)))
    published = node.get("published")
    if published and as_written:
        _check_published(published, node["grids"])


def _check_grids(grids: Any) -> None:
    whole = "grids: {all: {predictor: [ridge, xgb], data: [local/cpu], seed: 0..2}}"
    if not isinstance(grids, Mapping):
        raise UserError("experiment.grids: not a mapping of grids", remedy=whole)
    for name, grid in grids.items():
        if not isinstance(grid, Mapping):
            problem = f"experiment.grids.{name}: it is no grid; grids have names, and axes below"
            raise UserError(problem, remedy=whole)
        for axis, values in grid.items():
            if not axis_values(str(axis), values):
                problem = f"experiment.grids.{name}.{axis}: an axis needs at least one value"
                raise UserError(problem, remedy=f"leave {axis} out")


def _check_task(task: str) -> None:
    try:
        get_method(task)
    except Exception as error:
        # Hydra raises errors of several classes for a name that it cannot find.
        last = str(error).strip().splitlines()[-1]
        raise UserError(f"experiment.task={task}: {last}", remedy=f"task: {TASK}") from error


def _check_published(published: Any, grids: Mapping[str, Any]) -> None:
    """Check the published values, and that the grids have what they are compared with."""
    if not isinstance(published, Mapping):
        raise UserError("experiment.published: not a mapping", remedy="published: {source: ...}")
    for key in published:
        if key not in _PUBLISHED:
            hint = nearest(str(key), [*_PUBLISHED])
            raise UserError(f"experiment.published.{key}: no such key; {hint}")
    for key in ("source", "tolerance", "figures"):
        if key not in published:
            raise UserError(f"experiment.published: it has no {key}", remedy=f"{key}: ...")
    figures = list(published["figures"])
    figures += [c for table in published.get("tables") or [] for c in table["columns"]]
    labels = _labels(grids)
    for figure in figures:
        if "where" not in figure:
            raise UserError(
                f"experiment.published: {dict(figure)} has no where",
                remedy="where: {predictor: ridge, n_train: 124}",
            )
        for axis, value in figure["where"].items():
            # Other keys of `where` are columns of the results, such as sigma.
            if axis in labels and not isinstance(value, list) and value not in labels[axis]:
                hint = nearest(str(value), [str(label) for label in labels[axis]])
                raise UserError(f"experiment.published: {axis}={value}: no grid has it; {hint}")


def _labels(grids: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the plain values of each axis in all grids, seeds apart."""
    found: dict[str, list[Any]] = {}
    for grid in grids.values():
        for axis, values in grid.items():
            listed = axis_values(str(axis), values)
            if axis != SEED_AXIS and not any(isinstance(value, Mapping) for value in listed):
                found.setdefault(str(axis).rpartition(".")[2], []).extend(listed)
    return found


def plain(experiment: Any) -> dict[str, Any]:
    """Return the content of a study's YAML without resolving its interpolations."""
    node = OmegaConf.to_container(experiment, resolve=False)
    assert isinstance(node, dict)
    return {str(key): value for key, value in node.items()}
