"""One experiment: tune, fit and score a predictor, and select with its predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hwnas.dataset import Table
from hwnas.errors import UserError, check_above
from hwnas.experiment._candidates import Unmeasured
from hwnas.experiment._environment import environment
from hwnas.experiment._further import FurtherPredictor, Learners
from hwnas.experiment._interval import interval_scores
from hwnas.experiment._result import (
    Details,
    PredictorRecord,
    ProvenanceRecord,
    Result,
    Timings,
)
from hwnas.experiment._revision import revisions
from hwnas.experiment._selecting import selection_scores
from hwnas.experiment._split import Split
from hwnas.predictor import Predictor
from hwnas.predictor.transfer import sources_of
from hwnas.scores import score
from hwnas.seeding import generator, integer_seed
from hwnas.selection import CandidateSet, Learner, Selection, Selector, check_calibration
from hwnas.space import Architectures
from hwnas.tuning import NoTuning, Tuner, TuningResult


@dataclass(frozen=True)
class TuningSet:
    """The predictor and the training measurements that tuning uses.

    Parameters
    ----------
    predictor : Predictor
        Not fitted. Tuning fits clones of it.
    split : Split
        Tuning uses its training measurements and not its test set.
    seed : int
        The seed of tuning.
    name : str
        Name of the tuning in ``tuning.storage``. Tuning runs with the same name share their
        trials.
    attributes : mapping
        What ``tuning.storage`` says about the tuning: the device, the metric and so on.
    """

    predictor: Predictor
    split: Split
    seed: int
    name: str = "tuning"
    attributes: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """One predictor on one table: its scores, and the scores of a selection by its predictions.

    `run` fits a clone of the predictor and leaves the predictor itself unchanged.

    Parameters
    ----------
    table : Table
    predictor : Predictor
        Not fitted. `tuner` searches its attribute ``search_space``.
    split : Split
        Training measurements and test set.
    tuner : Tuner or NoTuning
        Default: the predictor is not tuned.
    selector : Selector, optional
        Without a selector the experiment makes no selection.
    seed : int
        Seed of tuning and of the candidate set.
    labels : mapping of str to str
        Names in the result and the report, under ``predictor``, ``preset`` and ``study``, and
        under ``train`` how the training measurements were chosen, see `hwnas.experiment.split`.
    tuning_set : TuningSet, optional
        Default: `predictor` and the training measurements of `split`.
    measure : callable, optional
        Measures on the device. It takes architectures, shape (n, n_positions), and returns their
        values in the metric's unit, shape (n,). ``selection.verify=device`` needs it.
    intervals : bool
        Whether a predictor without a standard deviation of its own is calibrated, which takes five
        more fits. The result then has the coverage of its intervals.
    unmeasured : Unmeasured, optional
        Candidates beyond those that were measured. The result then has their predicted front.
    further : sequence of Table
        The rows of `table` with the values of further hardware metrics. The selection then has one
        objective for the accuracy and one for each metric. The experiment fits a clone of the
        predictor to each, with the hyperparameters that tuning chose for the metric of `table`.

    Examples
    --------
    >>> import hwnas
    >>> table = hwnas.load_dataset("local/cpu", metric="latency")
    >>> split = hwnas.split(table, n_train=40, n_test=200, seed=0)
    >>> ridge = hwnas.make_predictor("ridge", table.space, seed=0)
    >>> result = Experiment(table, ridge, split, selector=Selector()).run()
    >>> 0.6 < result.scores["kendall_tau"] < 1.0
    True
    """

    table: Table
    predictor: Predictor
    split: Split
    tuner: Tuner | NoTuning = field(default_factory=NoTuning)
    selector: Selector | None = None
    seed: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    tuning_set: TuningSet | None = None
    measure: Callable[[Architectures], NDArray[np.float64]] | None = None
    intervals: bool = True
    unmeasured: Unmeasured | None = None
    further: Sequence[Table] = ()

    @cached_property
    def candidates(self) -> CandidateSet:
        """The candidates of the selection. All have a value of every metric.

        Raises
        ------
        UserError
            If the table has no accuracies, or all are below ``selection.min_accuracy``.
        """
        found = CandidateSet.of(self.table, self._min_accuracy)
        for each in self.further:
            found = replace(found, rows=found.rows[np.isfinite(each.values[found.rows])])
        return found

    @property
    def _min_accuracy(self) -> float | None:
        """The lowest accuracy of a candidate in percent, or None if there is no bound."""
        assert self.selector is not None, "an experiment without a selector has no candidates"
        return self.selector.lowest_accuracy(self.table.accuracy_provenance)

    def check(self) -> None:
        """Raise `UserError` if the selection cannot work, before the predictor is fitted.

        Raises
        ------
        UserError
            If the limit is not above the metric's lower bound, the table has too few candidates,
            this machine cannot measure its device, or there is a limit and the predictor cannot
            be calibrated.
        """
        if self.selector is None:
            return
        metric, limit = self.table.metric, self.selector.limit
        if self.further:
            self._check_several()
        if limit is not None:
            check_above("selection.limit", limit, metric.lower, f" {metric.unit}")
        if self.table.accuracy is None:
            return
        self.selector.check(
            len(self.candidates),
            measurable=self.measure is not None,
            where=self.table.dataset,
        )
        if limit is not None:
            check_calibration(self.predictor)

    def _check_several(self) -> None:
        """Raise `UserError` if the selection asks for what exists for one metric only."""
        assert self.selector is not None
        for key, asked, alternative in (
            ("limit", self.selector.limit is not None, "null"),
            ("verify", self.selector.verify != "table", "table"),
            ("candidates", self.unmeasured is not None, "measured"),
        ):
            if asked:
                raise UserError(
                    f"selection.{key}={getattr(self.selector, key)}: works with one metric, but "
                    "selection.metrics has several",
                    remedy=f"selection.{key}={alternative}, or hwnas search, which takes several",
                )
        if not len(self.candidates):
            raise UserError(
                "selection.metrics: no candidate has a value of every metric",
                remedy="selection.metrics=null",
            )

    def run(self) -> Result:
        """Tune and fit the predictor, score it, and select with its predictions.

        Raises
        ------
        UserError
            See `check`.
        """
        self.check()
        tuning = self.tune()
        predictor = tuning.apply(self.predictor)
        start = time.perf_counter()
        predictor.fit(self.split.train_architectures, self.split.train_values)
        return self.evaluate(predictor, tuning, time.perf_counter() - start)

    def tune(self) -> TuningResult:
        """Search the predictor's hyperparameters by cross-validation."""
        tuned = self.tuning_set or TuningSet(clone(self.predictor), self.split, self.seed)
        # Splits are nested, so a split with n_train = max_measurements has the same measurements.
        train = tuned.split.train[: self.tuner.max_measurements]
        return self.tuner.tune(
            tuned.predictor,
            tuned.predictor.search_space or {},
            self.table.architectures[train],
            self.table.values[train],
            groups=self.table.representative[train],
            seed=integer_seed(tuned.seed, "tuning"),
            name=tuned.name,
            attributes=tuned.attributes,
        )

    def evaluate(self, predictor: Predictor, tuning: TuningResult, fit_seconds: float) -> Result:
        """Score a fitted predictor, and select with its predictions.

        Parameters
        ----------
        predictor : Predictor
            Fitted to the training measurements.
        tuning : TuningResult
            The tuning that chose the predictor's hyperparameters.
        fit_seconds : float
            Wall-clock seconds that fitting took.
        """
        table, test = self.table, self.split.test
        # A copy has the value of the architecture that was measured for it, so it also gets the
        # prediction for that architecture.
        measured, copy_of = np.unique(table.measured_on(), return_inverse=True)
        start = time.perf_counter()
        predicted = predictor.predict(table.architectures[measured])[copy_of]
        query_seconds = (time.perf_counter() - start) / len(measured)
        network = table.space.network_representative(table.architectures)
        skipped = self._skipped()
        further = [] if skipped is not None else self._further(predictor)
        selection = None if skipped is not None else self._select(predictor, predicted, further)
        rows = None if selection is None else self.candidates.rows
        # The intervals of unmeasured candidates need the calibration that this call makes.
        interval = interval_scores(predictor, self.split, calibrates=self.intervals, seed=self.seed)
        details = Details(
            table,
            self.split,
            predictor,
            predicted,
            selection,
            rows,
            tuning.trials,
            further=tuple((each.table, each.predicted) for each in further),
        )
        return Result(
            identity=self.identity,
            scores=score(table.values[test], predicted[test], table.metric, network[test]),
            # Without copies, because a network with many copies would otherwise count repeatedly.
            scores_all=score(
                table.values[measured], predicted[measured], table.metric, network[measured]
            ),
            selection=self._selection_scores(selection, predictor, predicted, further),
            selection_skipped=skipped,
            interval=interval,
            timings=Timings(tuning.seconds, fit_seconds, query_seconds),
            predictor=self._record(predictor, tuning),
            provenance=ProvenanceRecord(
                kind=table.provenance.kind,
                values=table.provenance,
                accuracy=table.accuracy_provenance,
                environment=environment(),
            ),
            revision=revisions(_stages(tuning, selection)),
            details=details,
        )

    def _further(self, predictor: Predictor) -> list[FurtherPredictor]:
        return [FurtherPredictor.fitted(each, predictor, self.split) for each in self.further]

    def _select(
        self,
        predictor: Predictor,
        predicted: NDArray[np.float64],
        further: Sequence[FurtherPredictor],
    ) -> Selection:
        assert self.selector is not None
        candidates, measure, rows = self.candidates, self.measure, self.candidates.rows
        own = Learner(predictor, candidates, self.split.train)
        every = [(self.table, predicted), *((each.table, each.predicted) for each in further)]
        return self.selector.run(
            candidates.accuracy,
            np.column_stack([table.metric.cost(table.values[rows]) for table, _ in every]),
            np.column_stack([table.metric.cost(values[rows]) for table, values in every]),
            generator(self.seed, "selection"),
            network=candidates.network,
            learner=Learners([own, *(each.learner(candidates) for each in further)])
            if further
            else own,
            measure=None
            if measure is None
            else lambda rows: self.table.metric.cost(measure(candidates.architectures[rows])),
        )

    def _selection_scores(
        self,
        selection: Selection | None,
        predictor: Predictor,
        predicted: NDArray[np.float64],
        further: Sequence[FurtherPredictor],
    ) -> dict[str, object] | None:
        if selection is None:
            return None
        assert self.selector is not None
        scores = {
            "min_accuracy": self._min_accuracy,
            **selection_scores(selection, self.candidates, predicted),
        }
        if further:
            scores["further_metrics"] = [each.record(self.split) for each in further]
        if self.unmeasured is None:
            return scores
        learner = Learner(predictor, self.candidates, self.split.train)
        return scores | {"unmeasured": self.unmeasured.front(predictor, self.selector, learner)}

    def _skipped(self) -> str | None:
        """Return the reason why there is no selection, or None if there is one."""
        if self.selector is None:
            return "selection=none"
        return None if self.table.accuracy is not None else f"{self.table.dataset} has no accuracy"

    @property
    def identity(self) -> dict[str, object]:
        """The field `identity` of the result."""
        return {
            "space": self.table.space.name,
            "dataset": self.table.dataset,
            "device": self.table.device,
            "metric": self.table.metric.name,
            "unit": self.table.metric.unit,
            "predictor": self._label("predictor"),
            "n_train": len(self.split.train),
            "n_test": len(self.split.test),
            "seed": self.seed,
            "study": self.labels.get("study", "single"),
            "train": self.labels.get("train", "random"),
        }

    @property
    def preset(self) -> str:
        """The preset of the predictor."""
        return self._label("preset")

    def _label(self, name: str) -> str:
        given = {"predictor": type(self.predictor.model).__name__, "preset": "default"}
        return self.labels.get(name, given[name])

    def _record(self, predictor: Predictor, tuning: TuningResult) -> PredictorRecord:
        return PredictorRecord(
            name=self._label("predictor"),
            preset=self.preset,
            best_params=dict(tuning.best_params),
            n_trials=tuning.n_trials,
            cross_validated_kendall_tau=tuning.best_value,
            tuning_reused=tuning.reused,
            n_restarts=getattr(predictor.pipeline_[-1], "n_restarts_", None),
            sources=sources_of(predictor),
        )


def _stages(tuning: TuningResult, selection: Selection | None) -> list[str]:
    """Return the stages that ran and therefore affected the result."""
    tuned = ["tuning"] if tuning.n_trials else []
    return [
        "data",
        "split",
        *tuned,
        "fitting",
        "scoring",
        *([] if selection is None else ["selection"]),
    ]
