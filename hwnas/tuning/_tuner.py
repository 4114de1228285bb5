"""The tuner: Optuna maximises the cross-validated Kendall's τ in a fixed number of trials."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.console import progress
from hwnas.errors import UserError, check_above, check_choice, check_number
from hwnas.seeding import integer_seed
from hwnas.space import Identities
from hwnas.tuning._cross_validation import CrossValidation
from hwnas.tuning._finalists import Rounds
from hwnas.tuning._objective import DIRECTIONS, Objective, PredictorFailedError, Scorer, trial_row
from hwnas.tuning._result import TuningResult
from hwnas.tuning._sampler import check_pruner, check_sampler
from hwnas.tuning._search_space import read
from hwnas.tuning._slots import SLOT, Slots
from hwnas.tuning._storage import (
    claim_lock,
    describe,
    open_optuna_study,
    open_storage,
    quiet_optuna,
)

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

#: Time between two looks at the trials of other workers.
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Tuner:
    """Search for a predictor's hyperparameters by cross-validation on its training measurements.

    The first trial scores the predictor's present parameters, its defaults. The value of a trial
    is Kendall's τ on the held-out measurements of a fold, averaged over the folds.

    Several processes can share the trials of a `storage`. Together they run exactly `n_trials`
    trials, even if some processes are killed. Each trial has its own random seed, so a process
    that was killed and started again finds the same result as one that was not.

    Parameters
    ----------
    sampler : callable
        Takes the keyword ``seed`` and returns an Optuna sampler. In YAML, a class with
        ``_partial_: true``.
    pruner : optuna.pruners.BasePruner, optional
        Can end a trial after any fold. It is used with one objective only, and not where pairs
        of groups are held out (see `CrossValidation.of`).
    n_trials : int
        Number of trials, including the one that scores the defaults.
    folds : int
        Number of folds. With fewer than 3 measurements for each fold, pairs are held out instead.
    training_share : float
        Share of a training that a trial takes, for a model that has a method ``shortened(share)``:
        it returns the parameters of such a training. The last trials then train the best
        hyperparameters in full. 1, and more than one objective: all trials train in full.
    n_finalists : int
        Number of the last trials, if `training_share` is below 1. One of them has the defaults.
        With fewer than three times as many trials, all trials train in full.
    objectives : sequence of {"kendall_tau", "fit_seconds"}
        With both, the best trial is the one with the shortest fit among those whose τ is within
        `tau_tolerance` of the highest τ.
    tau_tolerance : float
        Largest difference from the highest τ that is accepted for a shorter fit.
    seed : int, optional
        None: an experiment tunes on its own training measurements. A number: it tunes on the
        training measurements of that seed, so experiments that share a `storage` tune once.
    max_measurements : int, optional
        Largest number of training measurements to tune on. Experiments with larger training sets
        share the result. None: no bound.
    storage : str, optional
        None: memory. A path: a journal file, for any number of Optuna studies. A path that ends in
        ``/``: a folder with a journal file for each Optuna study. A URL: a database.
    time_limit_seconds : float, optional
        After this time no trial starts. The result then depends on the speed of the machine.
    trial_seconds : float, optional
        After this time a trial is killed and counts as failed, and the next one starts. Trials run
        in a process of their own. None: no limit.
    force : bool
        Delete the stored trials of this Optuna study first.

    Raises
    ------
    UserError
        If a number is out of its range, an objective is unknown, or the sampler or the pruner is
        none of Optuna's.

    Examples
    --------
    >>> from optuna.samplers import RandomSampler
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import Pipeline
    >>> X = np.random.default_rng(0).normal(size=(30, 3))
    >>> space = {"alpha": {"type": "float", "low": 0.1, "high": 10.0, "log": True}}
    >>> ridge = Pipeline([("model", Ridge())])
    >>> result = Tuner(RandomSampler, n_trials=3).tune(ridge, space, X, X.sum(axis=1), seed=0)
    >>> result.n_trials, sorted(result.best_params)
    (3, ['alpha'])
    """

    sampler: Callable[..., optuna.samplers.BaseSampler]
    pruner: optuna.pruners.BasePruner | None = None
    n_trials: int = 32
    folds: int = 3
    training_share: float = 1.0
    n_finalists: int = 3
    objectives: Sequence[str] = ("kendall_tau",)
    tau_tolerance: float = 0.01
    seed: int | None = None
    max_measurements: int | None = None
    storage: str | None = None
    time_limit_seconds: float | None = None
    trial_seconds: float | None = None
    force: bool = False

    def __post_init__(self) -> None:
        check_sampler(self.sampler)
        check_pruner(self.pruner)
        check_number("tuning.n_trials", self.n_trials, 1, remedy="tuning=none")
        check_number("tuning.folds", self.folds, 2)
        check_number("tuning.n_finalists", self.n_finalists, 1, remedy="tuning.training_share=1")
        if not 0 < self.training_share <= 1:
            raise UserError(
                f"tuning.training_share={self.training_share:g}: it must be above 0 and at most 1",
                remedy="tuning.training_share=1",
            )
        if not self.tau_tolerance >= 0:
            problem = f"tuning.tau_tolerance={self.tau_tolerance:g}: at least 0 is needed"
            raise UserError(problem, remedy="tuning.tau_tolerance=0")
        for objective in self.objectives:
            check_choice("tuning.objectives", objective, DIRECTIONS)
        if "kendall_tau" not in self.objectives:
            raise UserError(
                "tuning.objectives: kendall_tau is missing",
                remedy="tuning.objectives=[kendall_tau,fit_seconds]",
            )
        if self.seed is not None:
            check_number("tuning.seed", self.seed, 0)
        if self.max_measurements is not None:
            most = self.max_measurements
            check_number("tuning.max_measurements", most, 1, remedy="tuning.max_measurements=null")
        if self.time_limit_seconds is not None:
            check_above("tuning.time_limit_seconds", self.time_limit_seconds, 0, " s")
        if self.trial_seconds is not None:
            check_above("tuning.trial_seconds", self.trial_seconds, 0, " s")

    def tune(
        self,
        predictor: Any,
        search_space: Mapping[str, Any],
        X: NDArray[Any],
        y: NDArray[np.float64],
        groups: Identities | None = None,
        *,
        seed: int,
        name: str = "tuning",
        attributes: Mapping[str, Any] | None = None,
    ) -> TuningResult:
        """Return the best parameters of `predictor`, which the method does not change.

        Parameters
        ----------
        predictor : sklearn estimator
            Unfitted. Trials fit clones of it.
        search_space : mapping
            The predictor's ``search_space``. If it is empty, no trial runs.
        X : array, shape (n, n_positions)
            Architectures of the training measurements. If they form fewer than 4 groups, no trial
            runs.
        y : array, shape (n,)
            Their values, in the metric's unit.
        groups : array, shape (n,), optional
            Architectures with the same number stay in the same fold.
        seed : int
            Seed of the folds and of the trials.
        name : str
            Name of the Optuna study in the storage. Processes that use the same name share their
            trials.
        attributes : mapping, optional
            What the storage says about this Optuna study, such as the device and the metric. Values
            are strings or numbers. They do not affect the trials.

        Raises
        ------
        UserError
            If the search space is malformed, the storage cannot be opened, or the predictor failed
            in every trial.
        """
        start = time.perf_counter()
        folds = CrossValidation.of(len(y), groups, self.folds, seed)
        if not search_space or not folds.splits:
            return TuningResult()
        rounds, objectives = self._rounds(predictor), tuple(self.objectives)
        with (
            quiet_optuna(),
            progress("tuning", self.n_trials, "trials") as meter,
            self._scorer(folds) as scorer,
        ):
            objective = Objective(
                predictor,
                read(search_space),
                folds,
                scorer,
                X,
                y,
                objectives,
                rounds,
                self.training_share,
            )
            study = self._open(name)
            describe(study, attributes or {}, self.objectives)
            study.sampler = self.sampler(seed=integer_seed(seed, "tuning"))
            slots = Slots(study, rounds, objective.stored_defaults(), claim_lock(self.storage))
            slots.recover()
            # Trials that are stored already took no time of this process.
            meter.start_at(len(slots.finished()))
            n_run, best_tau, failure = 0, -math.inf, None
            while (trial := self._next_trial(slots, start)) is not None:
                slot_seed = integer_seed(seed, "tuning", "trial", trial.user_attrs[SLOT])
                study.sampler = self.sampler(seed=slot_seed)
                try:
                    tau = objective.run(study, trial)
                except PredictorFailedError as error:
                    tau, failure = None, error
                    log.warning("trial %d of tuning failed: %s", trial.user_attrs[SLOT], error)
                n_run += 1
                meter.advance()
                in_full = trial.user_attrs[SLOT] >= rounds.n_short
                if in_full and tau is not None and tau > best_tau:
                    best_tau = tau
                    meter.remark(f"best τ {tau:.4f}")
            rows = tuple(
                trial_row(slot, trial, rounds.n_short) for slot, trial in slots.finished().items()
            )
        best = self._best_row(rows)
        _check_not_all_failed(rows, failure)
        return TuningResult(
            best_params=best["params"] if best else {},
            best_value=best["kendall_tau"] if best else None,
            n_trials=len(rows),
            seconds=time.perf_counter() - start,
            trials=rows,
            reused=n_run == 0,
        )

    def _scorer(self, folds: CrossValidation) -> AbstractContextManager[Scorer]:
        """Return what scores the predictors of trials, with the limit of time if there is one."""
        if self.trial_seconds is None:
            return nullcontext(folds.scores)
        from hwnas.tuning._limited import LimitedScores

        return LimitedScores(folds, self.trial_seconds)

    def _rounds(self, predictor: Any) -> Rounds:
        """Return which trials are short: none for a model that cannot be trained in a shorter way.

        The time of a short training says little about that of a whole one, so that there are no
        short trials if the time is an objective.
        """
        shortens = hasattr(type(getattr(predictor, "model", None)), "shortened")
        short = shortens and self.training_share < 1 and len(self.objectives) == 1
        return Rounds.of(self.n_trials, self.n_finalists if short else 0)

    def _open(self, name: str) -> optuna.Study:
        """Return the Optuna study of this name, which is created if it does not exist."""
        import optuna

        storage = open_storage(self.storage, name)
        if self.force and name in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=name, storage=storage)
        directions = [DIRECTIONS[objective] for objective in self.objectives]
        return open_optuna_study(storage, name, directions, self.pruner)

    def _next_trial(self, slots: Slots, start: float) -> optuna.Trial | None:
        """Return the next trial to run; None if all slots are complete or the time is over.

        While trials run in other workers the method waits, because this worker must run the trials
        of a worker that dies, and because finalists are known only when all short trials ended.
        """
        limit = self.time_limit_seconds
        while limit is None or time.perf_counter() - start <= limit:
            trial = slots.claim()
            if trial is not None:
                return trial
            if slots.complete():
                return None
            slots.recover()
            time.sleep(POLL_SECONDS)
        log.warning(
            "tuning ended after tuning.time_limit_seconds=%g: its result depends on the speed and "
            "load of this machine",
            limit,
        )
        return None

    def _best_row(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """Return the row of the best trial in full; of equally good trials, the first.

        If the time limit left no time for a trial in full, it is the best of the short trials.
        """
        complete = [row for row in rows if row["state"] == "complete"]
        complete = complete or [row for row in rows if row["state"] == "short"]
        if not complete:
            return None
        best = max(complete, key=lambda row: row["kendall_tau"])
        if "fit_seconds" not in self.objectives:
            return best
        lowest_tau = best["kendall_tau"] - self.tau_tolerance
        accepted = [row for row in complete if row["kendall_tau"] >= lowest_tau]
        return min(accepted, key=lambda row: row["fit_seconds"])


def _check_not_all_failed(
    rows: Sequence[Mapping[str, Any]], failure: PredictorFailedError | None
) -> None:
    """Raise `UserError` if the predictor failed in every trial.

    Parameters
    ----------
    rows : sequence of mapping
        The trials that have ended.
    failure : PredictorFailedError, optional
        The last failure in this process. None: the trials failed in an earlier one.
    """
    if not rows or any(row["state"] != "failed" for row in rows):
        return
    reason = "" if failure is None else f", the last one: {failure}"
    raise UserError(
        f"the predictor failed in all {len(rows)} trials of tuning{reason}",
        remedy="tuning=none, which shows the whole error; tuning.force=true forgets the trials",
    ) from failure
