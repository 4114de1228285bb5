"""The objectives of the command ``hwnas search``: which files and tables they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.dataset import Table, TableFile, accuracy_of
from hwnas.errors import UserError, command
from hwnas.experiment import load_table
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.predictor import load_predictor
from hwnas.search._archive import Problem
from hwnas.search._quantities import (
    ACCURACY,
    Known,
    Predicted,
    Quantity,
    StandIn,
    image_set_of,
    metric_of,
)
from hwnas.space import LISTABLE, SearchSpace

#: Value of ``accuracy`` that takes multiply-accumulates as a stand-in.
FLOPS = "flops"
_SAVED = ".hwnas"


def problem_of(cfg: DictConfig) -> Problem:
    """Return the objectives that a configuration names.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/search.yaml``.

    Raises
    ------
    UserError
        If there is neither a predictor nor a dataset, a file cannot be loaded or is of another
        search space, or no accuracies are known.
    """
    table = None if cfg.dataset is None else load_table(instantiate(cfg.dataset))
    hardware: list[Quantity] = [_hardware(str(file)) for file in cfg.predictors]
    if not hardware:
        if table is None:
            raise UserError(
                "search: there is no hardware metric to search with",
                remedy="predictor=FILE.hwnas, which hwnas fit writes, or dataset=local/cpu",
            )
        hardware = [Known.of(table)]
    space = table.space if table is not None and not cfg.predictors else _space(hardware)
    accuracy = _accuracy(cfg, space, table)
    for each in (*hardware, accuracy):
        own = _space([each])
        if own != space:
            raise UserError(
                f"{each.source}: is of the space {own.name}, but {hardware[0].source} of "
                f"{space.name}",
                remedy=f"a file of the space {space.name}",
            )
    return Problem(space, accuracy, hardware)


def _space(quantities: list[Quantity]) -> SearchSpace:
    first = quantities[0]
    assert isinstance(first, Predicted | Known | StandIn)
    return first.predictor.space if isinstance(first, Predicted) else first.space


def _hardware(file: str) -> Predicted:
    predictor = load_predictor(file)
    metric = metric_of(predictor, file)
    if metric.name == ACCURACY.name:
        raise UserError(f"predictor={file}: predicts accuracy", remedy=f"accuracy={file}")
    return Predicted(predictor, metric, file)


def _accuracy(cfg: DictConfig, space: SearchSpace, table: Table | None) -> Quantity:
    given = None if cfg.accuracy is None else str(cfg.accuracy)
    if given == FLOPS:
        return StandIn(space, image_set_of(space))
    if given is None:
        return _known(space, table, cfg)
    path = Path(given).expanduser()
    if given.endswith(_SAVED) or path.is_dir():
        predictor = load_predictor(given)
        metric = metric_of(predictor, given)
        if metric.name != ACCURACY.name:
            raise UserError(
                f"accuracy={given}: predicts {metric.name}, not accuracy",
                remedy=command("fit table=TABLE.csv metric=accuracy out=acc.hwnas"),
            )
        return Predicted(predictor, metric, given)
    if not path.is_file():
        raise UserError(f"accuracy={given}: no such file", remedy=_choices(space))
    own = Metric(ACCURACY.name, ACCURACY.unit, "maximize", ACCURACY.lower, ACCURACY.upper)
    return Known.of(load_table(TableFile(own, space, Paths(**cfg.paths), given)))


def _known(space: SearchSpace, table: Table | None, cfg: DictConfig) -> Known:
    """Return the accuracies of the table, or of the benchmark of the space."""
    if table is not None and table.accuracy is not None:
        return Known.accuracy_of(table)
    if table is None and space.size <= LISTABLE:
        architectures = space.enumerate()
        accuracy, provenance = accuracy_of(space, architectures, "cifar10", Paths(**cfg.paths))
        if accuracy is not None and provenance is not None:
            images = provenance.details.get("image_set")
            source = f"{provenance.source} ({images})"
            return Known(space, architectures, np.asarray(accuracy), ACCURACY, source)
    raise UserError(f"no accuracies of the space {space.name} are known", remedy=_choices(space))


def _choices(space: SearchSpace) -> str:
    """Return what ``accuracy=`` can be on a space. Counting operations needs its networks."""
    files = "accuracy=FILE.hwnas or accuracy=TABLE.csv"
    return files if space.skeleton is None else f"{files} or accuracy={FLOPS}"
