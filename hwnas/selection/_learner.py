"""A predictor's part in selection: fitting it again between rounds, and calibrating it."""

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
    """A predictor with its training measurements and a candidate set.

    Parameters
    ----------
    predictor : hwnas.predictor.Predictor
        The methods fit clones of it. `calibrate` also uses the fitted predictor itself, if the
        predictor returns standard deviations.
    candidates : CandidateSet
        The methods identify a candidate by its index in this set.
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
    def _measured_architectures(self) -> Architectures:
        """The candidates; a copy is replaced by the architecture that was measured for it."""
        return self.table.architectures[self.table.measured_on()[self.candidates.rows]]

    def relearn(self, measured: Rows, costs: Float) -> Float:
        """Fit the predictor to its training measurements and to verified candidates.

        Parameters
        ----------
        measured : array of int64, shape (m,)
            Indices of the verified candidates.
        costs : array, shape (m, 1)
            Their measured costs.

        Returns
        -------
        array of float64, shape (n_candidates,)
            Costs that the newly fitted predictor predicts.
        """
        from sklearn.base import clone

        metric, candidates = self.table.metric, self._measured_architectures
        X = np.concatenate([self.table.architectures[self.train], candidates[measured]])
        # A metric's cost is the value or its negative, so `cost` also turns costs into values.
        y = np.concatenate([self.table.values[self.train], metric.cost(costs[:, 0])])
        refitted = clone(self.predictor).fit(X, y)
        return np.asarray(metric.cost(refitted.predict(candidates)))

    def cost(self, value: float) -> float:
        """Return a value of the metric as a cost."""
        return float(self.table.metric.cost(np.array([value]))[0])

    def calibrate(self, folds: int = 5) -> tuple[Calibration, Float | None]:
        """Calibrate the predictor by cross-validation on its training measurements.

        Parameters
        ----------
        folds : int
            Number of folds, at most the number of distinct measurements. Copies of one
            measurement are in the same fold.

        Returns
        -------
        calibration : Calibration
            Made of the held-out costs and their predictions.
        std : array, shape (n_candidates,), or None
            Standard deviations of the candidates by the fitted predictor; None if the predictor
            does not return standard deviations.

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
        returns_std = self.predictor.knows_uncertainty
        predicted, std = np.empty(len(train)), np.empty(len(train))
        for fitted, held_out in splitter.split(train, groups=groups):
            fold = clone(self.predictor).fit(
                table.architectures[train[fitted]], table.values[train[fitted]]
            )
            X = table.architectures[train[held_out]]
            if returns_std:
                predicted[held_out], std[held_out] = fold.predict(X, return_std=True)
            else:
                predicted[held_out] = fold.predict(X)
        cost = table.metric.cost
        calibration = Calibration.of(
            cost(table.values[train]), cost(predicted), std if returns_std else None
        )
        if not returns_std:
            return calibration, None
        _, candidates_std = self.predictor.predict(self._measured_architectures, return_std=True)
        return calibration, candidates_std


def check_calibration(predictor: Predictor) -> None:
    """Raise `UserError` if a predictor needs all of its training measurements to be fitted.

    Calibration holds out some of the training measurements. A predictor that chooses its training
    measurements by a design, for example a lookup table, cannot be fitted without them.

    Raises
    ------
    UserError
        If the predictor has a design (`Predictor.training_design`).
    """
    design = predictor.training_design()
    if design is not None:
        raise UserError(
            f"selection.limit: {type(predictor.model).__name__} needs every one of its "
            f"{len(design)} training measurements, so none can be held out to calibrate it",
            remedy="selection.limit=null, or another predictor, e.g. predictor=ridge",
        )
