"""The objective of an Optuna study: cross-validated scores of one trial's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.metric import Direction
from hwnas.tuning._cross_validation import CrossValidation, FoldScore
from hwnas.tuning._finalists import ERROR, OUTCOME, SHORT_SLOT, Rounds
from hwnas.tuning._result import parameter_path, with_params
from hwnas.tuning._search_space import Parameter, suggest
from hwnas.tuning._slots import SLOT

if TYPE_CHECKING:
    import optuna

#: Scores that tuning can optimise.
DIRECTIONS: Mapping[str, Direction] = {"kendall_tau": "maximize", "fit_seconds": "minimize"}


class PredictorFailedError(Exception):
    """A predictor raised an error in a trial, predicted NaN, or took too long."""


class Scorer(Protocol):
    """Yields the scores of a predictor: `CrossValidation.scores`, or `LimitedScores`."""

    def __call__(
        self, predictor: Any, X: NDArray[Any], y: NDArray[np.float64]
    ) -> Iterator[FoldScore]:
        """Yield the score of each fold."""
        ...


@dataclass(frozen=True)
class Objective:
    """The function that an Optuna study optimises: the cross-validated scores of a trial.

    Parameters
    ----------
    predictor : sklearn estimator
        Unfitted. Its present parameters are the defaults, which the trial of slot 0 scores.
    parameters : sequence of Parameter
        The search space.
    folds : CrossValidation
    scorer : callable
        Scores a predictor on these folds.
    X : array, shape (n, n_positions)
        Architectures of the training measurements.
    y : array, shape (n,)
        Their values, in the metric's unit.
    objectives : sequence of str
        Keys of `DIRECTIONS`.
    rounds : Rounds
    share : float
        The share of a training that short trials take.
    """

    predictor: Any
    parameters: Sequence[Parameter]
    folds: CrossValidation
    scorer: Scorer
    X: NDArray[Any]
    y: NDArray[np.float64]
    objectives: Sequence[str]
    rounds: Rounds
    share: float

    def defaults(self) -> dict[str, Any]:
        """Return the predictor's present values of the search space's active parameters."""
        present = self.predictor.get_params()
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            path = parameter_path(parameter.name)
            if path in present and parameter.active(values):
                values[parameter.name] = present[path]
        return values

    def stored_defaults(self) -> dict[str, Any]:
        """Return the defaults that lie in the search space, as Optuna stores them."""
        defaults = self.defaults()
        stored = {p.name: p.stored(defaults[p.name]) for p in self.parameters if p.name in defaults}
        return {name: value for name, value in stored.items() if value is not None}

    def run(self, study: optuna.Study, trial: optuna.Trial) -> float | None:
        """Score a trial, and report its values or its failure to the Optuna study.

        It returns Kendall's τ. It returns None for a trial that was pruned, or that another worker
        has ended in the meantime because it took this worker for dead.

        Raises
        ------
        PredictorFailedError
            If the predictor failed. The trial has then ended as failed, and keeps the reason.
        UserError
            If the search space reaches values that the model refuses, or a library is missing. The
            trial runs again in the next tuning.
        """
        import optuna

        try:
            values = self._score(trial)
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED, skip_if_finished=True)
            return None
        except optuna.exceptions.UpdateFinishedTrialError:
            return None
        except BaseException:
            study.tell(trial, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
            raise
        study.tell(trial, values, skip_if_finished=True)
        return values[self.objectives.index("kendall_tau")]

    def _score(self, trial: optuna.Trial) -> list[float]:
        """Return the mean of each objective over the folds; raise `TrialPruned` to prune."""
        import optuna
        from sklearn.base import clone

        params = self._params(trial)
        candidate = with_params(clone(self.predictor), params)
        short = trial.user_attrs[SLOT] < self.rounds.n_short
        if short:
            candidate.model.set_params(**candidate.model.shortened(self.share))
        # Optuna can prune only with a single objective. τ of one pair is 1 or -1, which says too
        # little to end a trial. Finalists are few, and each is compared by all folds.
        may_prune = (
            len(self.objectives) == 1
            and (short or not self.rounds.n_short)
            and not self.folds.leave_pair_out
            and not isinstance(trial.study.pruner, optuna.pruners.NopPruner)
        )
        scores: list[FoldScore] = []
        for score in self._fold_scores(candidate, trial, params):
            scores.append(score)
            means = {key: float(np.mean([getattr(s, key) for s in scores])) for key in DIRECTIONS}
            if may_prune:
                trial.report(means["kendall_tau"], step=len(scores))
                if len(scores) < len(self.folds.splits) and trial.should_prune():
                    trial.set_user_attr(OUTCOME, {"params": params, **means})
                    raise optuna.TrialPruned
        trial.set_user_attr(OUTCOME, {"params": params, **means})
        return [means[objective] for objective in self.objectives]

    def _fold_scores(
        self, candidate: Any, trial: optuna.Trial, params: Mapping[str, Any]
    ) -> Iterator[FoldScore]:
        """Yield the score of each fold; an error of the predictor is a `PredictorFailedError`."""
        try:
            yield from self.scorer(candidate, self.X, self.y)
        except UserError:
            raise
        except Exception as error:
            # scikit-learn does not export the class of the error for a parameter that it refuses.
            if type(error).__name__ == "InvalidParameterError":
                raise UserError(
                    f"predictor.search_space reaches values that the model refuses: {error}",
                    remedy="other bounds in predictor.search_space, or tuning=none",
                ) from error
            # A missing library, or Ctrl-C: an extension that is being imported turns it into this.
            if isinstance(error, ImportError):
                raise
            reason = str(error) if isinstance(error, PredictorFailedError) else _one_line(error)
            trial.set_user_attr(OUTCOME, {"params": dict(params), ERROR: reason})
            raise PredictorFailedError(reason) from error

    def _params(self, trial: optuna.Trial) -> dict[str, Any]:
        """Return the parameters of a trial: the defaults in slot 0, otherwise sampled ones.

        A finalist has those of its short trial, with which it was enqueued.
        """
        if trial.user_attrs.get(SHORT_SLOT, trial.user_attrs[SLOT]) > 0:
            return suggest(trial, self.parameters)
        # The trial was enqueued with the defaults. Suggesting them records them in the trial, so
        # that the sampler learns from its score.
        stored = self.stored_defaults()
        for parameter in self.parameters:
            if parameter.name in stored:
                parameter.suggest(trial)
        return self.defaults()


def trial_row(slot: int, trial: optuna.trial.FrozenTrial, n_short: int) -> Mapping[str, Any]:
    """Return the row of `TuningResult.trials` for a complete, pruned or failed trial.

    The state of a complete trial is ``short`` if its slot is one of the `n_short` first ones.
    """
    from optuna.trial import TrialState

    outcome = trial.user_attrs[OUTCOME]
    # Optuna stores user attributes as JSON, which turns tuples into lists.
    params = {k: tuple(v) if isinstance(v, list) else v for k, v in outcome["params"].items()}
    state = "failed" if trial.state is TrialState.FAIL else trial.state.name.lower()
    if state == "complete" and slot < n_short:
        state = "short"
    scores = {key: outcome.get(key) for key in DIRECTIONS}
    return {"trial": slot, "state": state, **scores, "params": params}


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
