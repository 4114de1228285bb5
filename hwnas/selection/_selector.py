"""The selection stage of an experiment, which ``conf/selection`` configures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, get_args, runtime_checkable

import numpy as np

from hwnas.errors import UserError, check_choice, check_number
from hwnas.selection._limit import Calibration, Constrained, constrain
from hwnas.selection._losses import SELECTION_SCORES
from hwnas.selection._pareto import Float, objectives
from hwnas.selection._selection import DeviceValues, Rows, Scale, Selection, score_selected
from hwnas.selection._verify import Measure, Verification, verify

if TYPE_CHECKING:
    from hwnas.dataset import Provenance

Verify = Literal["table", "device"]
MinAccuracy = float | Literal["twice_chance"] | None


class Relearns(Protocol):
    """One or several predictors that can be fitted again."""

    def relearn(self, measured: Rows, costs: Float) -> Float:
        """Fit the predictors again with these measured costs too, and predict all candidates."""
        ...


@runtime_checkable
class Learns(Relearns, Protocol):
    """A predictor that can also be calibrated, e.g. `hwnas.selection.Learner`."""

    def calibrate(self) -> tuple[Calibration, Float | None]:
        """Return the calibration, and the standard deviations of all rows or None."""
        ...

    def cost(self, value: float) -> float:
        """Return a value of the metric as a cost."""
        ...


@dataclass(frozen=True)
class Selector:
    """Selects the predicted Pareto front of a candidate set and verifies it.

    Parameters
    ----------
    candidates : str, optional
        What can be selected: "measured", "space" or a file. An experiment reads it, and also
        resolves the default: "space" for a table of the user's own, "measured" for a benchmark.
    metrics : sequence of str, optional
        Hardware metrics of the selection: that of the experiment, and others that the same dataset
        has. An experiment reads it. Default: the metric of the experiment.
    n_candidates : int, optional
        Size of the candidate set, which is drawn at random. Default: all candidates.
    rounds : int
        Rounds of verification. 1 measures the selected set once, as in the paper.
    verify : {"table", "device"}
        Where verification takes measured values from: "table" uses the values in the table,
        "device" measures on the device.
    limit : float, optional
        With a limit, the selector also chooses the most accurate architecture that stays within
        it. The limit is in the metric's unit: an upper bound if lower values are better, a lower
        bound if higher values are better.
    confidence : float
        Lowest accepted probability that the chosen architecture stays within the limit.
    min_accuracy : float, "twice_chance" or None
        Lowest accuracy of a candidate in percent. "twice_chance" is 2 × 100 / classes if the
        accuracies are shares of correct answers among a known number of classes, and no bound
        for other scores, such as the mIoU. None: no bound.
    one_per_network : bool
        Whether a selected set has at most one architecture of each network: the predicted
        cheapest. False selects every architecture of the front, as in the paper.

    Raises
    ------
    UserError
        If `n_candidates` or `rounds` is below 1, `verify` or `min_accuracy` is unknown, or
        `confidence` is not between 0 and 1.

    Examples
    --------
    >>> accuracy, cost = np.array([90.0, 80.0, 70.0]), np.array([3.0, 2.0, 1.0])
    >>> chosen = Selector(n_candidates=2).run(accuracy, cost, cost, np.random.default_rng(0))
    >>> chosen.scores["n_selected"]
    2
    """

    candidates: str | None = None
    metrics: Sequence[str] | None = None
    n_candidates: int | None = None
    rounds: int = 1
    verify: Verify = "table"
    limit: float | None = None
    confidence: float = 0.9
    min_accuracy: MinAccuracy = "twice_chance"
    one_per_network: bool = True

    def __post_init__(self) -> None:
        _check_min_accuracy(self.min_accuracy)
        if self.n_candidates is not None:
            remedy = "selection.n_candidates=null, which takes all candidates"
            check_number("selection.n_candidates", self.n_candidates, 1, remedy=remedy)
        check_number("selection.rounds", self.rounds, 1)
        check_choice("selection.verify", self.verify, get_args(Verify))
        if not 0 < self.confidence < 1:
            raise UserError(
                f"selection.confidence={self.confidence}: a probability between 0 and 1 is needed",
                remedy="selection.confidence=0.9",
            )

    def run(
        self,
        accuracy: Float,
        true_cost: Float,
        predicted_cost: Float,
        rng: np.random.Generator,
        *,
        network: Rows | None = None,
        learner: Relearns | None = None,
        measure: Measure | None = None,
    ) -> Selection:
        """Draw a candidate set, select its predicted front, verify it, and score the result.

        Parameters
        ----------
        accuracy : array, shape (n,)
            Percent.
        true_cost, predicted_cost : array, shape (n,) or (n, n_metrics)
            Costs in the metric's unit.
        rng : numpy.random.Generator
            Draws the candidate set.
        network : array of int64, shape (n,), optional
            Equal for architectures with the same network. Default: all networks are different.
        learner : Relearns, optional
            The predictor. It is fitted again between rounds and calibrated for a limit, which
            needs a `Learns`. Without a learner, later rounds only replace predictions by measured
            values.
        measure : callable, optional
            Measures on the device. Required if `verify` is "device".

        Raises
        ------
        UserError
            If there are fewer than `n_candidates` architectures, `verify` is "device" and
            `measure` is missing, or there is a limit and either several metrics or no learner
            that can be calibrated.
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
            network if self.one_per_network else None,
        )
        selection = _score(truth, candidates, scale, done)
        if self.verify == "device":
            device_values = DeviceValues(np.concatenate(done.measured), done.costs)
            selection = replace(selection, device_values=device_values)
        if self.limit is None:
            return selection
        chosen = self._constrain(truth, predicted_cost, candidates, self.limit, learner)
        return replace(selection, constraint=chosen)

    def lowest_accuracy(self, provenance: Provenance | None) -> float | None:
        """Return the lowest accuracy of a candidate in percent, or None if there is no bound.

        Parameters
        ----------
        provenance : hwnas.dataset.Provenance or None
            The provenance of the accuracies. If they are shares of correct answers, its details
            contain the number of ``classes``.

        Examples
        --------
        >>> from hwnas.dataset import Provenance
        >>> Selector().lowest_accuracy(Provenance("measured", "", "", details={"classes": 10}))
        20.0
        >>> Selector().lowest_accuracy(Provenance("measured", "", "", details={"score": "mIoU"}))
        """
        if self.min_accuracy != "twice_chance":
            return self.min_accuracy
        return twice_chance(provenance)

    def check(self, n: int, *, measurable: bool, where: str = "the table") -> None:
        """Raise `UserError` if the settings do not fit the candidates.

        An experiment calls this method before it fits the predictor, so that it does not fail
        after a long fit.

        Parameters
        ----------
        n : int
            Number of architectures from which the candidate set is drawn.
        measurable : bool
            Whether this machine can measure them.
        where : str
            The table that they are in, for the message.

        Raises
        ------
        UserError
            If `n` is below `n_candidates`, or `verify` is "device" and this machine cannot
            measure the candidates.
        """
        if self.n_candidates is not None and self.n_candidates > n:
            raise UserError(
                f"selection.n_candidates={self.n_candidates}: {where} has {n:,} candidates",
                remedy="selection.n_candidates=null",
            )
        if self.verify == "device" and not measurable:
            raise UserError(
                f"selection.verify=device: this machine cannot measure architectures of {where}",
                remedy="dataset=local/cpu, or selection.verify=table",
            )

    def _candidates(self, n: int, rng: np.random.Generator) -> Rows:
        if self.n_candidates is None:
            return np.arange(n)
        return np.sort(rng.choice(n, self.n_candidates, replace=False))

    def _measure(self, truth: Float, device: Measure | None) -> Measure:
        if self.verify == "table":
            return lambda rows: truth[rows, 1:]
        assert device is not None, "check() refuses verify='device' without a measure"
        return device

    def _constrain(
        self,
        truth: Float,
        predicted: Float,
        candidates: Rows,
        limit: float,
        learner: Relearns | None,
    ) -> Constrained:
        if truth.shape[1] != 2:
            raise UserError(
                "selection.limit: a limit needs exactly one hardware metric",
                "selection.limit=null",
            )
        if not isinstance(learner, Learns):
            raise UserError(
                "selection.limit: this predictor cannot be calibrated", "selection.limit=null"
            )
        calibration, std = learner.calibrate()
        cost_limit = learner.cost(limit)
        std_of_candidates = None if std is None else std[candidates]
        costs = np.asarray(predicted, dtype=np.float64).reshape(len(truth))[candidates]
        within = calibration.probability(costs, cost_limit, std_of_candidates)
        true = truth[candidates]
        chosen = constrain(-true[:, 0], true[:, 1], costs, within, cost_limit, self.confidence)
        # `constrain` returns an index into `candidates`. A selection holds the rows themselves.
        return replace(chosen, row=None if chosen.row is None else int(candidates[chosen.row]))


def twice_chance(provenance: Provenance | None) -> float | None:
    """Return twice the accuracy of a random guess in percent, or None if it is not known.

    It is known if the details of the accuracies' provenance contain the number of ``classes``.

    Examples
    --------
    >>> from hwnas.dataset import Provenance
    >>> twice_chance(Provenance("measured", "", "", details={"classes": 100}))
    2.0
    """
    classes = None if provenance is None else provenance.details.get("classes")
    return 2 * 100 / classes if isinstance(classes, int) else None


def _check_min_accuracy(bound: MinAccuracy) -> None:
    if bound is None or bound == "twice_chance":
        return
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not 0 <= bound <= 100:
        raise UserError(
            f"selection.min_accuracy={bound}: a percentage from 0 to 100 is needed",
            remedy="selection.min_accuracy=20, or twice_chance, or null for no bound",
        )


def _score(truth: Float, candidates: Rows, scale: Scale, done: Verification) -> Selection:
    """Return the selection after the last round, with the scores of every round."""
    n_measured = np.cumsum([len(rows) for rows in done.measured])
    after_rounds = [
        score_selected(truth, candidates, done.measured[0], scale, kept, int(n))
        for kept, n in zip(done.kept, n_measured, strict=True)
    ]
    names = [score.name for score in SELECTION_SCORES if score.by_round]
    rounds = tuple({name: each.scores[name] for name in names} for each in after_rounds)
    return replace(after_rounds[-1], rounds=rounds)
