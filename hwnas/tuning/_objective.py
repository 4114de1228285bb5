"""What one trial does: draw parameters, score them fold by fold, tell the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.metric import Direction
from hwnas.tuning._cross_validation import CrossValidation, FoldScore
from hwnas.tuning._result import parameter_path, with_params
from hwnas.tuning._search_space import Parameter, suggest
from hwnas.tuning._slots import SLOT

if TYPE_CHECKING:
    import optuna

OUTCOME = "outcome"
DIRECTIONS: Mapping[str, Direction] = {"kendall_tau": "maximize", "fit_seconds": "minimize"}


@dataclass(frozen=True)
class Objective:
    """The objective of one tuning.

    Parameters
    ----------
    predictor : sklearn estimator
        Unfitted; its own parameters are what slot 0 scores.
    parameters : sequence of Parameter
        The search space.
    folds : CrossValidation
    X : array (n, n_positions)
    y : array (n,)
    objectives : sequence of str
        Keys of `DIRECTIONS`.
    """

    predictor: Any
    parameters: Sequence[Parameter]
    folds: CrossValidation
    X: NDArray[Any]
    y: NDArray[np.float64]
    objectives: Sequence[str]

    def defaults(self) -> dict[str, Any]:
        """Return the predictor's own values, conditional ones only where they count."""
        own = self.predictor.get_params()
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            path = parameter_path(parameter.name)
            if path in own and parameter.active(values):
                values[parameter.name] = own[path]
        return values

    def stored_defaults(self) -> dict[str, Any]:
        """Return those defaults that lie in the search space, as Optuna stores them."""
        own = self.defaults()
        stored = {p.name: p.stored(own[p.name]) for p in self.parameters if p.name in own}
        return {name: value for name, value in stored.items() if value is not None}

    def run(self, study: optuna.Study, trial: optuna.Trial) -> None:
        """Score one trial and tell `study`; a fit that fails fails the trial and is raised."""
        import optuna

        try:
            values = self._values(trial)
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED, skip_if_finished=True)
        except BaseException:
            study.tell(trial, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
            raise
        else:
            study.tell(trial, values, skip_if_finished=True)

    def _values(self, trial: optuna.Trial) -> list[float]:
        import optuna

        params = self._params(trial)
        candidate = with_params(_clone(self.predictor), params)
        # τ of a single pair is ±1: no ground to stop a trial on.
        may_prune = (
            len(self.objectives) == 1
            and not self.folds.leave_pair_out
            and not isinstance(trial.study.pruner, optuna.pruners.NopPruner)
        )
        scores: list[FoldScore] = []
        for score in self.folds.scores(candidate, self.X, self.y):
            scores.append(score)
            means = {key: float(np.mean([getattr(s, key) for s in scores])) for key in DIRECTIONS}
            if may_prune:
                trial.report(means["kendall_tau"], step=len(scores))
                if len(scores) < len(self.folds.splits) and trial.should_prune():
                    trial.set_user_attr(OUTCOME, {"params": params, **means})
                    raise optuna.TrialPruned
        trial.set_user_attr(OUTCOME, {"params": params, **means})
        return [means[objective] for objective in self.objectives]

    def _params(self, trial: optuna.Trial) -> dict[str, Any]:
        if trial.user_attrs[SLOT] > 0:
            return suggest(trial, self.parameters)
        stored = self.stored_defaults()
        for parameter in self.parameters:
            if parameter.name in stored:
                parameter.suggest(trial)
        return self.defaults()


def _clone(predictor: Any) -> Any:
    from sklearn.base import clone

    return clone(predictor)


def row_of(slot: int, trial: optuna.trial.FrozenTrial) -> Mapping[str, Any]:
    """Return a trial that ended as one row of the table of trials."""
    outcome = trial.user_attrs[OUTCOME]
    # JSON has lists only.
    params = {k: tuple(v) if isinstance(v, list) else v for k, v in outcome["params"].items()}
    return {"trial": slot, "state": trial.state.name.lower(), **outcome, "params": params}
