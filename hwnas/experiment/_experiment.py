"""One experiment, made of objects: tune, fit, score, predict the whole table, select."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hwnas.dataset import Table
from hwnas.errors import check_above
from hwnas.experiment._environment import environment
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
from hwnas.scores import score
from hwnas.seeding import generator, integer_seed
from hwnas.selection import CandidateSet, Learner, Measure, Selection, Selector, check_calibration
from hwnas.tuning import NoTuning, Tuner, TuningResult


@dataclass(frozen=True)
class TuningSet:
    """What a predictor is tuned on.

    Parameters
    ----------
    predictor : Predictor
        Not fitted. Tuning works on clones of it.
    split : Split
        Its training measurements alone are used.
    seed : int
        Of tuning.
    name : str
        The name of the tuning in ``tuning.storage``: runs with the same name share their trials.
    """

    predictor: Predictor
    split: Split
    seed: int
    name: str = "tuning"


@dataclass(frozen=True)
class Experiment:
    """A predictor on a table: what its errors are, and what they cost a selection.

    Nothing that is passed in is changed: the predictor is cloned.

    Parameters
    ----------
    table : Table
    predictor : Predictor
        Not fitted. Its ``search_space`` is what `tuner` searches.
    split : Split
        Training measurements and test set.
    tuner : Tuner or NoTuning
    selector : Selector, optional
        None: no selection.
    seed : int
        Seeds tuning and the candidate set.
    labels : mapping of str to str
        Names for reports: ``predictor``, ``preset`` and ``study``.
    tuning_set : TuningSet, optional
        Default the experiment's own training measurements.
    measure : callable, optional
        Measures rows of the table's candidate set on the device (``selection.verify=device``).

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
    measure: Measure | None = None

    def check(self) -> None:
        """Refuse, before anything is fitted, a selection that would fail at the end.

        Raises
        ------
        UserError
            If the limit is none that a value of the metric can hold, the table has fewer candidates
            than asked for, its device is not at hand, or a limit is asked for with a predictor that
            cannot be calibrated.
        """
        if self.selector is None:
            return
        metric, limit = self.table.metric, self.selector.limit
        if limit is not None:
            check_above("selection.limit", limit, metric.lower, f" {metric.unit}")
        if self.table.accuracy is None:
            return
        self.selector.check(
            len(CandidateSet.of(self.table)),
            measurable=self.measure is not None,
            where=self.table.dataset,
        )
        if limit is not None:
            check_calibration(self.predictor)

    def run(self) -> Result:
        """Tune, fit, score and select.

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
        on = self.tuning_set or TuningSet(clone(self.predictor), self.split, self.seed)
        # A smaller training set is a prefix of a larger one.
        train = on.split.train[: self.tuner.max_measurements]
        return self.tuner.tune(
            on.predictor,
            on.predictor.search_space or {},
            self.table.architectures[train],
            self.table.values[train],
            groups=self.table.representative[train],
            seed=integer_seed(on.seed, "tuning"),
            name=on.name,
        )

    def evaluate(self, predictor: Predictor, tuning: TuningResult, fit_seconds: float) -> Result:
        """Score a fitted predictor, and select with its predictions.

        Parameters
        ----------
        predictor : Predictor
            Fitted to the training measurements.
        tuning : TuningResult
            What its parameters come from.
        fit_seconds : float
            Wall-clock seconds that fitting took.
        """
        table, test = self.table, self.split.test
        # A copy's value is that of the architecture that was measured, and so is its prediction.
        measured, copy_of = np.unique(table.measured_on(), return_inverse=True)
        start = time.perf_counter()
        predicted = predictor.predict(table.architectures[measured])[copy_of]
        query_seconds = (time.perf_counter() - start) / len(measured)
        skipped = self._skipped()
        selection = None if skipped is not None else self._select(predictor, predicted)
        details = Details(table, self.split, predictor, predicted, selection, tuning.trials)
        return Result(
            identity=self._identity(),
            scores=score(table.values[test], predicted[test], table.metric),
            # Each measurement counts once, as in the test set: copies would all tie.
            scores_all=score(table.values[measured], predicted[measured], table.metric),
            selection=None if selection is None else selection_scores(selection, table, predicted),
            selection_skipped=skipped,
            timings=Timings(tuning.seconds, fit_seconds, query_seconds),
            predictor=self._record(tuning),
            provenance=ProvenanceRecord(
                kind=table.provenance.kind,
                values=table.provenance,
                accuracy=table.accuracy_provenance,
                environment=environment(),
            ),
            revision=revisions(_stages(tuning, selection)),
            details=details,
        )

    def _select(self, predictor: Predictor, predicted: NDArray[np.float64]) -> Selection:
        assert self.selector is not None
        candidates = CandidateSet.of(self.table)
        return self.selector.run(
            candidates.accuracy,
            candidates.cost,
            self.table.metric.cost(predicted[candidates.rows]),
            generator(self.seed, "selection"),
            learner=Learner(predictor, candidates, self.split.train),
            measure=self.measure,
        )

    def _skipped(self) -> str | None:
        """Say why there is no selection; None if there is one."""
        if self.selector is None:
            return "selection=none"
        return None if self.table.accuracy is not None else f"{self.table.dataset} has no accuracy"

    def _identity(self) -> dict[str, object]:
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
        }

    def _label(self, name: str) -> str:
        given = {"predictor": type(self.predictor.model).__name__, "preset": "default"}
        return self.labels.get(name, given[name])

    def _record(self, tuning: TuningResult) -> PredictorRecord:
        return PredictorRecord(
            name=self._label("predictor"),
            preset=self._label("preset"),
            best_params=dict(tuning.best_params),
            n_trials=tuning.n_trials,
            cross_validated_kendall_tau=tuning.best_value,
            tuning_reused=tuning.reused,
        )


def _stages(tuning: TuningResult, selection: Selection | None) -> list[str]:
    """Return the stages that decided a result."""
    tuned = ["tuning"] if tuning.n_trials else []
    return ["data", "split", *tuned, "fitting", *([] if selection is None else ["selection"])]
