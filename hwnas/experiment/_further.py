"""Further hardware metrics of a selection, beside the metric of the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from sklearn.base import clone

from hwnas.composition import option_file, options, read_yaml
from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.experiment._loading import load_table
from hwnas.experiment._split import Split
from hwnas.predictor import Predictor
from hwnas.scores import score
from hwnas.selection import CandidateSet, Learner

Values = NDArray[np.float64]


@dataclass(frozen=True)
class FurtherPredictor:
    """A predictor of a further metric, with the hyperparameters of the experiment's predictor.

    Parameters
    ----------
    table : Table
        The rows of the experiment's table with the values of this metric, NaN where it has none.
    predictor : Predictor
        Fitted to the training measurements that have a value.
    train : array of int64
        Their rows.
    predicted : array of float64, shape (len(table),)
        Predicted value of every row, in the metric's unit.
    """

    table: Table
    predictor: Predictor
    train: NDArray[np.int64]
    predicted: Values

    @classmethod
    def fitted(cls, table: Table, predictor: Predictor, split: Split) -> FurtherPredictor:
        """Fit a clone of the experiment's predictor to the values of a further metric.

        Raises
        ------
        UserError
            If no training measurement has a value of this metric.
        """
        train = split.train[np.isfinite(table.values[split.train])]
        if not len(train):
            raise UserError(
                f"selection.metrics: no training measurement has a value of {table.metric.name}",
                remedy="selection.metrics=null, or a larger n_train",
            )
        own = clone(predictor).fit(table.architectures[train], table.values[train])
        measured, copy_of = np.unique(table.measured_on(), return_inverse=True)
        return cls(table, own, train, own.predict(table.architectures[measured])[copy_of])

    def learner(self, candidates: CandidateSet) -> Learner:
        """Return the learner of this metric for the candidates of the experiment."""
        return Learner(self.predictor, replace(candidates, table=self.table), self.train)

    def record(self, split: Split) -> dict[str, Any]:
        """Return the metric, its number of training measurements and its scores on the test set."""
        table, test = self.table, split.test[np.isfinite(self.table.values[split.test])]
        network = table.space.network_representative(table.architectures[test])
        scores = score(table.values[test], self.predicted[test], table.metric, network)
        return {
            "metric": table.metric.name,
            "unit": table.metric.unit,
            "n_train": len(self.train),
            "scores": scores,
            "source": table.provenance.source,
            "sha256": table.provenance.sha256,
        }


@dataclass(frozen=True)
class Learners:
    """One learner for each metric, which the selection uses as one.

    Parameters
    ----------
    each : sequence of Learner
        In the order of the metrics. All have the same candidates.
    """

    each: Sequence[Learner]

    def relearn(self, measured: NDArray[np.int64], costs: Values) -> Values:
        """Fit every predictor again, and return the predicted costs, shape (n, n_metrics)."""
        columns = [
            learner.relearn(measured, costs[:, [column]])
            for column, learner in enumerate(self.each)
        ]
        return np.column_stack(columns)


def further_tables(cfg: DictConfig, names: Sequence[str] | None, table: Table) -> list[Table]:
    """Return the values of the further metrics in the rows of a table.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of the experiment.
    names : sequence of str or None
        ``selection.metrics``: the metric of the experiment and others.
    table : Table
        The table of the experiment.

    Raises
    ------
    UserError
        If a metric is unknown or stands there twice, the metric of the experiment is missing, the
        dataset does not have a metric, or no architecture has values of both.
    """
    if names is None:
        return []
    own = table.metric.name
    given = f"selection.metrics=[{','.join(names)}]"
    if own not in names or len(set(names)) < len(names):
        others = [name for name in dict.fromkeys(names) if name != own]
        raise UserError(
            f"{given}: every metric once, and among them the metric of the experiment, {own}",
            remedy=f"selection.metrics=[{','.join([own, *others])}]",
        )
    return [_in_rows_of(table, _load(cfg, name, given)) for name in names if name != own]


def _load(cfg: DictConfig, name: str, given: str) -> Table:
    """Return the table of the experiment's dataset with another metric."""
    file = option_file("metric", name)
    if file is None or name.startswith("_"):
        known = ", ".join(each for each in options("metric") if not each.startswith("_"))
        raise UserError(f"{given}: no metric {name}; known: {known}", remedy="metric=latency")
    # A plain copy, because the metric of the schema cannot be replaced.
    other = OmegaConf.create(OmegaConf.to_container(cfg, resolve=False))
    other.metric = read_yaml(file)
    if "target" in other.dataset:
        # It names the column of the experiment's own metric.
        other.dataset.target = None
    return load_table(instantiate(other.dataset))


def _in_rows_of(table: Table, other: Table) -> Table:
    """Return a table with the values of another metric, NaN where it has none."""
    if other.space != table.space:
        raise UserError(
            f"selection.metrics: {other.metric.name} is known on {other.space.name}, but "
            f"{table.metric.name} on {table.space.name}",
            remedy="selection.metrics=null",
        )
    rows = other.locate(table.architectures)
    values = np.where(rows >= 0, other.values[rows], np.nan)
    if np.isnan(values).all():
        raise UserError(
            f"selection.metrics: no architecture has a value of {table.metric.name} and of "
            f"{other.metric.name}",
            remedy="selection.metrics=null",
        )
    return replace(table, metric=other.metric, values=values, provenance=other.provenance)
