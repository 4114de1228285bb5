"""Finalists: the hyperparameters that short trainings found, and that are trained in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna

#: Optuna's user attribute that holds the parameters and the scores of a trial that has ended, or
#: why the predictor failed, under the key `ERROR`. A failed trial without an error is one whose
#: worker was lost.
OUTCOME, ERROR = "outcome", "error"
#: Optuna's user attribute of a trial in full: the slot of the short trial with its hyperparameters.
SHORT_SLOT = "short_slot"
#: States in which a trial ends, the best first.
_ORDER = ("COMPLETE", "PRUNED", "FAIL")


@dataclass(frozen=True)
class Rounds:
    """Which trials train for a short time, and which train in full.

    Parameters
    ----------
    n_trials : int
        Number of all trials.
    n_finalists : int
        Number of the last trials that train the best hyperparameters of the others in full. 0: all
        trials train in full, and each has hyperparameters of its own.
    """

    n_trials: int
    n_finalists: int

    @classmethod
    def of(cls, n_trials: int, n_finalists: int) -> Rounds:
        """Return the rounds of short trials, unless these would be fewer than twice the finalists.

        Examples
        --------
        >>> Rounds.of(32, 3).n_short, Rounds.of(8, 3).n_short
        (29, 0)
        """
        return cls(n_trials, n_finalists if n_trials >= 3 * n_finalists else 0)

    @property
    def n_short(self) -> int:
        """Number of short trials; they have the first slots."""
        return self.n_trials - self.n_finalists if self.n_finalists else 0

    def source(self, slot: int, ended: Mapping[int, optuna.trial.FrozenTrial]) -> int | None:
        """Return the slot of the short trial whose hyperparameters the trial of a slot repeats.

        The defaults, which slot 0 has, are always a finalist. Complete trials come before pruned
        and failed ones. None if short trials are missing.

        Parameters
        ----------
        slot : int
            The slot of a trial in full.
        ended : mapping
            The trials that have ended, by slot.
        """
        short = [number for number in ended if number < self.n_short]
        if len(short) < self.n_short:
            return None
        by_score = sorted(
            short,
            key=lambda number: (
                number > 0,
                _ORDER.index(ended[number].state.name),
                -_score(ended[number]),
            ),
        )
        return by_score[slot - self.n_short]


def _score(trial: optuna.trial.FrozenTrial) -> float:
    """Return the τ of a trial: of the folds that a pruned one had, and 0 of a failed one."""
    scores: Mapping[str, Any] = trial.user_attrs[OUTCOME]
    return float(scores.get("kendall_tau", 0.0))
