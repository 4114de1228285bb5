"""What selection asks of a fitted predictor: learning from verification, and its calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwnas.errors import UserError
from hwnas.selection._candidates import CandidateSet
from hwnas.selection._limit import Calibration
from hwnas.selection._pareto import Float
from hwnas.selection._selection import Rows

if TYPE_CHECKING:
    from hwnas.dataset import Table
    from hwnas.predictor import Predictor
    from hwnas.space import Architectures


@dataclass(frozen=True)
class Learner:
    """A predictor with its training measurements and the architectures to select from.

    Parameters
    ----------
    predictor : hwnas.predictor.Predictor
        Fitted, or with the parameters to fit with.
    candidates : CandidateSet
        What selection counts from 0.
    train : array of int64
        Rows of the training measurements in the candidates' table.
    """

    predictor: Predictor
    candidates: CandidateSet
    train: Rows

    @property
    def table(self) -> Table:
        """The table of the candidates and of the training measurements."""
        return self.candidates.table

    @property
    def _candidates(self) -> Architectures:
        """The architectures to select from, copies as what was measured for them."""
        return self.table.architectures[self.table.measured_on()[self.candidates.rows]]

    def relearn(self, measured: Rows, costs: Float) -> Float:
        """Fit again with verified architectures added; return predicted costs of all candidates."""
        from sklearn.base import clone

        X, metric = self.table.architectures, self.table.metric
        values = metric.cost(costs[:, 0])
        known = np.concatenate([self.table.values[self.train], values])
        candidates = self._candidates
        again = clone(self.predictor).fit(
            np.concatenate([X[self.train], candidates[measured]]), known
        )
        return np.asarray(metric.cost(again.predict(candidates)))

    def cost(self, value: float) -> float:
        """Return a value of the metric as a cost."""
        return float(self.table.metric.cost(np.array([value]))[0])

    def calibrate(self, folds: int = 5) -> tuple[Calibration, Float | None]:
        """Compare held-out training measurements with their predictions, fold by fold.

        Returns
        -------
        calibration : Calibration
            Of costs; copies of one measurement stay in one fold.
        std : array, shape (n_candidates,), or None
            The fitted predictor's standard deviations; None if it knows none.

        Raises
        ------
        UserError
            If the predictor needs all of its training measurements, so that none can be held out.
        """
        from sklearn.base import clone
        from sklearn.model_selection import GroupKFold

        check_calibration(self.predictor)
        table, train = self.table, self.train
        groups = table.representative[train]
        splitter = GroupKFold(min(folds, len(np.unique(groups))))
        knows = self.predictor.knows_uncertainty
        predicted, std = np.empty(len(train)), np.empty(len(train))
        for fit, held in splitter.split(train, groups=groups):
            fold = clone(self.predictor).fit(
                table.architectures[train[fit]], table.values[train[fit]]
            )
            out = table.architectures[train[held]]
            if knows:
                predicted[held], std[held] = fold.predict(out, return_std=True)
            else:
                predicted[held] = fold.predict(out)
        cost = table.metric.cost
        calibration = Calibration.of(
            cost(table.values[train]), cost(predicted), std if knows else None
        )
        if not knows:
            return calibration, None
        _, candidates_std = self.predictor.predict(self._candidates, return_std=True)
        return calibration, candidates_std


def check_calibration(predictor: Predictor) -> None:
    """Refuse to calibrate a predictor that needs all of its training measurements.

    Raises
    ------
    UserError
        Naming the predictor's model.
    """
    design = predictor.training_design()
    if design is not None:
        raise UserError(
            f"selection.limit: {type(predictor.model).__name__} needs every one of its "
            f"{len(design)} training measurements: none can be held out to calibrate it",
            remedy="selection.limit=null, or another predictor=",
        )
