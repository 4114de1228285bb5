"""The tables of other devices that ``predictor=transfer`` may learn from."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.composition import composed, key_of, option_file, options, overrides
from hwnas.dataset import Dataset, EstimatedWarning, ManyDevices, Table
from hwnas.errors import UserError, nearest
from hwnas.space import ColumnSpace

_KEY = "predictor.model.sources"
#: Standardised values that differ by no more than this are equal.
_EQUAL = 1e-6
#: So few common architectures cannot show that two tables are equal.
_FEWEST = 3
#: The last target, what was asked, and its sources. A job of a study asks once for each seed, with
#: one table. Another command loads the target anew, and so finds sources that came in between.
_LAST: dict[str, tuple[Table, Sequence[str] | None, Mapping[str, Table]]] = {}
#: Overrides that hold for the other devices of the same dataset too.
_SHARED = ("paths.", "dataset.", "metric", "image_set", "space")


@dataclass(frozen=True)
class _Target:
    """The device that is predicted: its configuration, its dataset and its table."""

    cfg: DictConfig
    dataset: Dataset
    table: Table

    @property
    def folder(self) -> str:
        """The configuration folder of the dataset, such as ``hwnas`` of ``hwnas/raspi4``."""
        return str(HydraConfig.get().runtime.choices["dataset"]).rpartition("/")[0]

    def others(self) -> Iterator[tuple[str, Dataset]]:
        """Yield the other devices of the dataset, by their names."""
        if isinstance(self.dataset, ManyDevices):
            for name in self.dataset.devices_here():
                yield name, self.dataset.of_device(name)
        elif self.folder:
            for option in options("dataset"):
                folder, _, name = option.rpartition("/")
                if folder == self.folder:
                    yield name, self._option(option, self._shared())

    def named(self, name: str) -> Dataset:
        """Return the dataset of a source that the user names.

        Raises
        ------
        UserError
            If there is no such device.
        """
        folder, _, device = name.rpartition("/")
        if not folder and isinstance(self.dataset, ManyDevices):
            if device in self.dataset.devices_here():
                return self.dataset.of_device(device)
            raise self._unknown(name, self.dataset.devices_here())
        if not folder and self.folder:
            option, given = f"{self.folder}/{device}", self._shared()
        else:
            option, given = name, self._foreign()
        if option_file("dataset", option) is not None:
            return self._option(option, given)
        of_space = f"{folder}/{self.table.space.name}"
        if folder and option_file("dataset", of_space) is not None:
            return self._option(of_space, [*given, f"dataset.device={device}"])
        raise self._unknown(name, options("dataset"))

    @staticmethod
    def _unknown(name: str, known: list[str]) -> UserError:
        return UserError(
            f"{_KEY}: no source {name!r}; {nearest(name, known)}",
            remedy=f"{_KEY}=null for all other devices of the dataset, or '{_KEY}=[hwnas/raspi4]'",
        )

    def _shared(self) -> list[str]:
        return [each for each in overrides() if key_of(each).startswith(_SHARED)]

    def _foreign(self) -> list[str]:
        """Return the overrides for another dataset: the metric, the space and the folders."""
        paths, table = self.cfg.paths, self.table
        given = [f"paths.{key}={str(paths[key])!r}" for key in ("data", "cache", "outputs")]
        if table.metric.name in options("metric"):
            given.append(f"metric={table.metric.name}")
        return [*given, *([f"space={table.space.name}"] if table.space.name != "columns" else [])]

    @staticmethod
    def _option(option: str, given: Sequence[str]) -> Dataset:
        found: Dataset = instantiate(composed("run", [f"dataset={option}", *given]).dataset)
        return found


def source_tables(
    cfg: DictConfig, table: Table, names: Sequence[str] | None
) -> Mapping[str, Table]:
    """Return the tables of other devices with the space and the metric of a table.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of the running command.
    table : Table
        The table of the target.
    names : sequence of str or None
        ``device`` of the same dataset, or ``dataset/device``. None is all other devices of the same
        dataset whose measured table is here. Those that cannot be used are left out.

    Returns
    -------
    mapping of str to Table
        By the name of the source.

    Raises
    ------
    UserError
        If a named source is unknown, has another space or metric, is the target itself, or its file
        is missing.
    """
    last = _LAST.get("sources")
    if last is not None and last[0] is table and last[1] == names:
        return last[2]
    found = _source_tables(_Target(cfg, instantiate(cfg.dataset), table), names)
    _LAST["sources"] = table, names, found
    return found


def _source_tables(target: _Target, names: Sequence[str] | None) -> Mapping[str, Table]:
    table = target.table
    if names is not None:
        return {name: _checked(target, name, names) for name in dict.fromkeys(names)}
    found = {}
    for name, dataset in target.others():
        try:
            other = _in_space_of(table, _load(dataset))
        except UserError:
            # The file of this device is not here, or it lacks the metric.
            continue
        is_other = other.device != table.device and not _equal_values(table, other)
        if is_other and _unlike(table, other) is None and not other.estimated:
            found[name] = other
    return found


def _checked(target: _Target, name: str, names: Sequence[str]) -> Table:
    """Return the table of a named source; raise `UserError` if it cannot be used."""
    table = target.table
    other = _in_space_of(table, _load(target.named(name)))
    same = other.device == table.device and other.dataset == table.dataset
    why: str | None = _unlike(table, other)
    if same:
        why = "it is the target"
    elif _equal_values(table, other):
        why = "its values are those of the target, up to their unit"
    if why is not None:
        others = ",".join(each for each in names if each != name)
        raise UserError(f"{_KEY}: {name} cannot be a source: {why}", remedy=f"'{_KEY}=[{others}]'")
    return other


def _load(dataset: Dataset) -> Table:
    """Load a table. The result says whether it is estimated, so the warning is left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimatedWarning)
        return dataset.load().measured_rows()


def _in_space_of(table: Table, other: Table) -> Table:
    """Return a table in the space of the target if the two differ in the ranges of numbers only.

    The columns of a file show a dimension's range, and two files of one space rarely show the same.
    """
    spaces = table.space, other.space
    if not all(isinstance(each, ColumnSpace) for each in spaces):
        return other
    own, others = ({name: _kind(each) for name, each in space.parameters["dimensions"].items()}
                   for space in spaces)  # fmt: skip
    return replace(other, space=table.space) if own == others else other


def _kind(dimension: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a dimension is, without the range of its numbers."""
    return {key: value for key, value in dimension.items() if key not in ("low", "high")}


def _unlike(table: Table, other: Table) -> str | None:
    """Return why a table cannot be a source of another one, or None if it can be."""
    if other.space != table.space:
        return f"it is of the space {other.space.name}, the target of {table.space.name}"
    if other.metric.name != table.metric.name:
        return f"it has {other.metric.name}, the target {table.metric.name}"
    return None if len(other) > 1 else "it has no measurements"


def _equal_values(table: Table, other: Table) -> bool:
    """Tell whether two tables have the same values, up to their unit."""
    if other.space != table.space or not len(other):
        return False
    rows = other.locate(table.architectures)
    common = rows >= 0
    if np.count_nonzero(common) < _FEWEST:
        return False
    own, others = table.values[common], other.values[rows[common]]
    if not own.std() or not others.std():
        return False
    difference = (own - own.mean()) / own.std() - (others - others.mean()) / others.std()
    return bool(np.abs(difference).max() <= _EQUAL)
