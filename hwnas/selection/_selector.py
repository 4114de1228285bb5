"""The selection stage of one experiment, as a config object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np

from hwnas.errors import UserError, check_choice, check_number
from hwnas.selection._limit import Calibration, Constrained, constrain
from hwnas.selection._losses import SELECTION_SCORES
from hwnas.selection._pareto import Float, objectives
from hwnas.selection._selection import DeviceValues, Rows, Scale, Selection, score_selected
from hwnas.selection._verify import Measure, Verification, verify

Verify = Literal["table", "device"]


class Learns(Protocol):
    """What selection can ask of a predictor beside its predictions: `hwnas.selection.Learner`."""

    def relearn(self, measured: Rows, costs: Float) -> Float:
        """Return predicted costs of everything, corrected by what verification measured."""
        ...

    def calibrate(self) -> tuple[Calibration, Float | None]:
        """Return its calibration, and its standard deviations if it knows them."""
        ...

    def cost(self, value: float) -> float:
        """Return a value of the metric as a cost."""
        ...


@dataclass(frozen=True)
class Selector:
    """Select the predicted Pareto front of a candidate set, and verify it.

    Parameters
    ----------
    n_candidates : int, optional
        Size of the candidate set, drawn at random; default every architecture of the table.
    rounds : int
        Rounds of verification; 1 measures the selected set once, as the study does.
    verify : {"table", "device"}
        Verify by the table's values, or by measuring on the device.
    limit : float, optional
        Also choose the most accurate architecture whose cost stays within this limit, in the
        metric's unit (for a metric to maximise: whose value is at least this).
    confidence : float
        The probability with which the limit is to hold.

    Examples
    --------
    >>> accuracy, cost = np.array([90.0, 80.0, 70.0]), np.array([3.0, 2.0, 1.0])
    >>> chosen = Selector(n_candidates=2).run(accuracy, cost, cost, np.random.default_rng(0))
    >>> chosen.scores["n_selected"]
    2
    """

    n_candidates: int | None = None
    rounds: int = 1
    verify: Verify = "table"
    limit: float | None = None
    confidence: float = 0.9

    def __post_init__(self) -> None:
        if self.n_candidates is not None:
            every = "selection.n_candidates=null takes every architecture"
            check_number("selection.n_candidates", self.n_candidates, 1, remedy=every)
        check_number("selection.rounds", self.rounds, 1)
        check_choice("selection.verify", self.verify, get_args(Verify))
        if not 0 < self.confidence < 1:
            raise UserError(
                f"selection.confidence={self.confidence}: between 0 and 1",
                remedy="selection.confidence=0.9",
            )

    def run(
        self,
        accuracy: Float,
        true_cost: Float,
        predicted_cost: Float,
        rng: np.random.Generator,
        *,
        learner: Learns | None = None,
        measure: Measure | None = None,
    ) -> Selection:
        """Select among a candidate set of the table, verify, and score what is left.

        Parameters
        ----------
        accuracy : array, shape (n,)
            Percent.
        true_cost, predicted_cost : array, shape (n,) or (n, n_metrics)
            Costs to minimise, in the metric's unit.
        rng : numpy.random.Generator
            Draws the candidate set.
        learner : Learns, optional
            The predictor: corrects its predictions between rounds, and is calibrated for `limit`.
        measure : callable, optional
            Measures on the device; needed by ``verify="device"``.

        Raises
        ------
        UserError
            If the table has fewer architectures than `n_candidates`, nothing can be measured on the
            device            or calibrated, or a limit is asked for with several metrics.
        """
        self.check(len(accuracy), measurable=measure is not None)
        candidates = self._candidates(len(accuracy), rng)
        truth = objectives(accuracy, true_cost)
        scale = Scale.of(truth[:, 1:])
        done = verify(
            accuracy,
            predicted_cost,
            self._measure(truth, measure),
            self.rounds,
            None if learner is None else learner.relearn,
            candidates,
        )
        selection = _score(truth, candidates, scale, done)
        if self.verify == "device":
            measured_here = DeviceValues(np.concatenate(done.measured), done.costs)
            selection = replace(selection, device_values=measured_here)
        if self.limit is None:
            return selection
        chosen = self._constrain(truth, predicted_cost, candidates, self.limit, learner)
        return replace(selection, constraint=chosen)

    def check(self, n: int, *, measurable: bool, where: str = "the table") -> None:
        """Refuse what cannot be selected from; an experiment asks before anything is fitted.

        Parameters
        ----------
        n : int
            Number of architectures that can be selected.
        measurable : bool
            Whether their device is at hand.
        where : str
            What they are in, for the message.

        Raises
        ------
        UserError
            If there are fewer than `n_candidates`, or they are to be measured on the device
            and cannot be.
        """
        if self.n_candidates is not None and self.n_candidates > n:
            raise UserError(
                f"selection.n_candidates={self.n_candidates}: {where} has {n:,} architectures",
                remedy="selection.n_candidates=null",
            )
        if self.verify == "device" and not measurable:
            raise UserError(
                f"selection.verify=device: the device of {where} is not the one at hand",
                remedy="dataset=local/cpu, or selection.verify=table",
            )

    def _candidates(self, n: int, rng: np.random.Generator) -> Rows:
        if self.n_candidates is None:
            return np.arange(n)
        return np.sort(rng.choice(n, self.n_candidates, replace=False))

    def _measure(self, truth: Float, device: Measure | None) -> Measure:
        if self.verify == "table":
            return lambda rows: truth[rows, 1:]
        assert device is not None, "check() comes first"
        return device

    def _constrain(
        self,
        truth: Float,
        predicted: Float,
        candidates: Rows,
        limit: float,
        learner: Learns | None,
    ) -> Constrained:
        if truth.shape[1] != 2:
            raise UserError("selection.limit: takes one hardware metric", "selection.limit=null")
        if learner is None:
            raise UserError(
                "selection.limit: this predictor cannot be calibrated", "selection.limit=null"
            )
        calibration, std = learner.calibrate()
        limit = learner.cost(limit)
        spread = None if std is None else std[candidates]
        costs = np.asarray(predicted, dtype=np.float64).reshape(len(truth))[candidates]
        within = calibration.probability(costs, limit, spread)
        true = truth[candidates]
        chosen = constrain(-true[:, 0], true[:, 1], within, limit, self.confidence)
        return replace(chosen, row=None if chosen.row is None else int(candidates[chosen.row]))


def _score(truth: Float, candidates: Rows, scale: Scale, done: Verification) -> Selection:
    """Score every round; the last one is the selection."""
    measured = np.cumsum([len(rows) for rows in done.measured])
    scored = [
        score_selected(truth, candidates, done.measured[0], scale, kept, int(n))
        for kept, n in zip(done.kept, measured, strict=True)
    ]
    rounds = tuple(
        {each.name: one.scores[each.name] for each in SELECTION_SCORES if each.by_round}
        for one in scored
    )
    return replace(scored[-1], rounds=rounds)
