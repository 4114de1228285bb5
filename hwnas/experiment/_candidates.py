"""The candidates of a selection: the architectures that were measured, the space, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.experiment._interval import NOMINAL
from hwnas.predictor import Predictor
from hwnas.selection import CandidateSet, Learner, Selector, constrain, pareto_front


@dataclass(frozen=True)
class Unmeasured:
    """Candidates of which most are not measured.

    Parameters
    ----------
    name : str
        The value of ``selection.candidates`` that a result is identified by.
    table : Table
        Their architectures, with the values and accuracies that are known.
    """

    name: str
    table: Table

    def front(
        self, predictor: Predictor, selector: Selector, learner: Learner
    ) -> dict[str, Any] | None:
        """Return the predicted front of the candidates, and the choice under a limit.

        Parameters
        ----------
        predictor : Predictor
            Fitted, and calibrated if its intervals are wanted.
        selector : Selector
            Gives the lowest accuracy of a candidate and the limit.
        learner : Learner
            Calibrates the predictor if there is a limit.

        Returns
        -------
        dict or None
            ``candidates``, the number ``n`` of them, ``n_measured``, and for each architecture of
            the ``front`` its accuracy, predicted value, interval, and measured value or None. With
            a limit, ``chosen`` is the most accurate candidate that probably stays within it. None
            if no accuracy of a candidate is known.
        """
        if self.table.accuracy is None:
            return None
        bound = selector.lowest_accuracy(self.table.accuracy_provenance)
        candidates = CandidateSet.of(self.table, bound)
        if not len(candidates):
            return None
        predicted = predictor.predict(candidates.architectures)
        cost = self.table.metric.cost(predicted)
        listed = _Listed(candidates, predicted, predictor)
        found: dict[str, Any] = {
            "candidates": self.name,
            "n": len(candidates),
            "n_measured": len(candidates.measured()),
            "front": listed.lines(pareto_front(candidates.accuracy, cost)),
        }
        if selector.limit is None:
            return found
        calibration, _ = learner.calibrate()
        std = None
        if predictor.knows_uncertainty:
            std = predictor.predict(candidates.architectures, return_std=True)[1]
        limit = float(self.table.metric.cost(np.array([selector.limit]))[0])
        within = calibration.probability(cost, limit, std)
        # The choice does not depend on the true costs, so the predicted ones take their place.
        choice = constrain(candidates.accuracy, cost, cost, within, limit, selector.confidence)
        chosen = None
        if choice.row is not None:
            line = listed.lines(np.array([choice.row]))[0]
            chosen = line | {"probability": choice.probability}
        return found | {"chosen": chosen}


@dataclass(frozen=True)
class _Listed:
    candidates: CandidateSet
    predicted: NDArray[np.float64]
    predictor: Predictor

    def lines(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        architectures = self.candidates.architectures[rows]
        lower = upper = np.full(len(rows), np.nan)
        if self.predictor.interval_source_ is not None:
            lower, upper = self.predictor.predict_interval(architectures, NOMINAL)
        measured = self.candidates.table.values[self.candidates.rows[rows]]
        names = ("architecture", "accuracy_percent", "predicted", "lower", "upper", "measured")
        columns = (self.candidates.accuracy[rows], self.predicted[rows], lower, upper, measured)
        strings = self.candidates.table.space.to_strings(architectures)
        return [
            {"architecture": string}
            | {
                name: float(value) if np.isfinite(value) else None
                for name, value in zip(names[1:], values, strict=True)
            }
            for string, *values in zip(strings, *columns, strict=True)
        ]
