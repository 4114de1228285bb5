"""The tuner: Optuna on held-out Kendall's τ, counted in trials, from the run's seed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError, check_above, check_choice, check_number
from hwnas.seeding import integer_seed
from hwnas.tuning._cross_validation import CrossValidation
from hwnas.tuning._objective import DIRECTIONS, Objective, row_of
from hwnas.tuning._result import TuningResult
from hwnas.tuning._search_space import read
from hwnas.tuning._slots import SLOT, Slots
from hwnas.tuning._storage import open_storage, open_study, quiet_optuna

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Tuner:
    """Search a predictor's hyperparameters by cross-validation on its training measurements.

    The first trial is the predictor as it is. A trial's value is the mean over the folds of
    Kendall's τ on the *held-out* fold. The number of trials is exact and counts over all
    processes that work on the same `storage`; each trial draws from its own random stream, so
    one process always finds the same, killed in between or not.

    Parameters
    ----------
    sampler : callable
        Returns an Optuna sampler for ``seed=...`` (in YAML: ``_partial_: true``).
    pruner : optuna.pruners.BasePruner, optional
        Stops a trial after a fold; single objective and k-fold only.
    n_trials : int
        Number of trials, the defaults included.
    folds : int
        Number of folds; fewer than 3 measurements a fold: see `CrossValidation`.
    objectives : sequence of {"kendall_tau", "fit_seconds"}
        With both, the result is the fastest of those within `tau_tolerance` of the best τ.
    tau_tolerance : float
        τ that may be given up for a shorter fit.
    seed : int, optional
        None: the run tunes on its own training measurements. A number: on those of that seed, so
        that runs that share `storage` tune once.
    max_measurements : int, optional
        Tune on so many of the training measurements at most: runs with more share what was tuned.
    storage : str, optional
        None: in memory. A path: a journal file; one that ends in ``/``: a folder with a journal
        file for each study. A URL: a database.
    time_limit_seconds : float, optional
        A safety net only: results that meet it depend on the machine.
    force : bool
        Forget the stored trials of this study and tune anew.

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
    objectives: Sequence[str] = ("kendall_tau",)
    tau_tolerance: float = 0.01
    seed: int | None = None
    max_measurements: int | None = None
    storage: str | None = None
    time_limit_seconds: float | None = None
    force: bool = False

    def __post_init__(self) -> None:
        check_number("tuning.n_trials", self.n_trials, 1, remedy="tuning=none")
        check_number("tuning.folds", self.folds, 2)
        for objective in self.objectives:
            check_choice("tuning.objectives", objective, DIRECTIONS)
        if "kendall_tau" not in self.objectives:
            raise UserError(
                "tuning.objectives: kendall_tau is not among them",
                remedy="tuning.objectives=[kendall_tau,fit_seconds]",
            )
        if self.seed is not None:
            check_number("tuning.seed", self.seed, 0)
        if self.max_measurements is not None:
            most = self.max_measurements
            check_number("tuning.max_measurements", most, 1, remedy="tuning.max_measurements=null")
        if self.time_limit_seconds is not None:
            check_above("tuning.time_limit_seconds", self.time_limit_seconds, 0, " s")

    def tune(
        self,
        predictor: Any,
        search_space: Mapping[str, Any],
        X: NDArray[Any],
        y: NDArray[np.float64],
        groups: NDArray[np.int64] | None = None,
        *,
        seed: int,
        name: str = "tuning",
    ) -> TuningResult:
        """Search for the best parameters of `predictor`, which is left as it is.

        Parameters
        ----------
        predictor : sklearn estimator
            Unfitted; the parameters of the search space are set on clones of it.
        search_space : mapping
            The predictor's ``search_space``; empty: nothing to tune.
        X : array (n, n_positions)
            Architectures of the training measurements.
        y : array (n,)
            Their values, in the metric's unit.
        groups : array (n,) of int, optional
            Architectures that share a number stay in one fold.
        seed : int
            The run's seed.
        name : str
            Which study of the storage this is; processes with the same name work together.

        Raises
        ------
        UserError
            If the search space is malformed or the storage cannot be opened.
        """
        start = time.perf_counter()
        folds = CrossValidation.of(len(y), groups, self.folds, seed)
        if not search_space or not folds.splits:
            return TuningResult()
        objective = Objective(predictor, read(search_space), folds, X, y, tuple(self.objectives))
        with quiet_optuna():
            study, created = self._open(name)
            study.sampler = self.sampler(seed=integer_seed(seed, "tuning"))
            slots = Slots(study, self.n_trials, objective.stored_defaults())
            slots.open(created)
            ran = 0
            while (trial := self._next(slots, start)) is not None:
                slot_seed = integer_seed(seed, "tuning", "trial", trial.user_attrs[SLOT])
                study.sampler = self.sampler(seed=slot_seed)
                objective.run(study, trial)
                ran += 1
            rows = tuple(row_of(slot, trial) for slot, trial in slots.finished().items())
        best = self._best(rows)
        return TuningResult(
            best_params=best["params"] if best else {},
            best_value=best["kendall_tau"] if best else None,
            n_trials=len(rows),
            seconds=time.perf_counter() - start,
            trials=rows,
            reused=ran == 0,
        )

    def _open(self, name: str) -> tuple[optuna.Study, bool]:
        import optuna

        storage = open_storage(self.storage, name)
        if self.force and name in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=name, storage=storage)
        directions = [DIRECTIONS[objective] for objective in self.objectives]
        return open_study(storage, name, directions, self.pruner)

    def _next(self, slots: Slots, start: float) -> optuna.Trial | None:
        """Take the next trial; wait for other workers, whose trials may come back if they die."""
        limit = self.time_limit_seconds
        while limit is None or time.perf_counter() - start <= limit:
            trial = slots.claim()
            if trial is not None:
                return trial
            if slots.complete():
                return None
            time.sleep(POLL_SECONDS)
            slots.recover()
        log.warning("tuning.time_limit_seconds was met: the result depends on the load")
        return None

    def _best(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """Return the best complete row; of equals, the first."""
        complete = [row for row in rows if row["state"] == "complete"]
        if not complete:
            return None
        best = max(complete, key=lambda row: row["kendall_tau"])
        if "fit_seconds" not in self.objectives:
            return best
        close = [
            r for r in complete if r["kendall_tau"] >= best["kendall_tau"] - self.tau_tolerance
        ]
        return min(close, key=lambda row: row["fit_seconds"])
