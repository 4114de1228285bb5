"""Slots: an exact number of trials for processes that share an Optuna study and may be killed.

An Optuna study of N trials has N *slots*. Each process, called a worker, takes the lowest slot that
no trial holds, enqueues a waiting trial for it, and takes a waiting trial. Optuna gives a waiting
trial to one worker only.

If a worker is killed, another worker, or the next one that starts, fails its running trial. The
slot is then the next that is taken, before any later slot. So a sampler that learns from earlier
trials, such as TPE, finds the same as if the worker had not been killed. If two workers enqueue the
same slot, the trial with the lower number keeps the slot, and the worker that takes the other trial
fails it. So each slot ends with exactly one trial that is complete, pruned, or failed because the
predictor failed.

The trials of finalists (`hwnas.tuning._finalists`) are enqueued when all short trials have ended.
"""

from __future__ import annotations

import datetime
import os
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from hwnas.processes import alive, start_of
from hwnas.tuning._finalists import ERROR, OUTCOME, SHORT_SLOT, Rounds

if TYPE_CHECKING:
    import optuna

#: Optuna's user attributes that hold a trial's slot and its worker.
SLOT = "slot"
WORKER = "worker"
# Nobody can check whether a process runs on another machine. After this time, its trial is lost.
REMOTE_GRACE_SECONDS = 3600.0
# Time for a worker to write its name into a trial that it took.
START_GRACE_SECONDS = 20.0


def worker_name() -> str:
    """Return host name, process id and start time of this process, which identify it."""
    return f"{socket.gethostname()}:{os.getpid()}:{start_of(os.getpid())}"


def is_lost(trial: optuna.trial.FrozenTrial, now: datetime.datetime) -> bool:
    """Return whether the worker of a running trial is dead, or must be assumed to be."""
    started = trial.datetime_start or now
    # A start in the future is one before the clock was set back.
    age = abs((now - started).total_seconds())
    worker = trial.user_attrs.get(WORKER)
    if worker is None:
        return age > START_GRACE_SECONDS
    host, pid, start = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return age > REMOTE_GRACE_SECONDS
    return not alive(int(pid), start)


class Slots:
    """The slots of one Optuna study.

    Parameters
    ----------
    study : optuna.Study
    rounds : Rounds
        Their `n_trials` is the number of slots.
    default_params : mapping
        Parameters of the trial in slot 0: the predictor's defaults, as Optuna stores them.
    lock : context manager
        Held while this worker takes a waiting trial (`hwnas.tuning._storage.claim_lock`).
    """

    def __init__(
        self,
        study: optuna.Study,
        rounds: Rounds,
        default_params: Mapping[str, Any],
        lock: AbstractContextManager[Any],
    ) -> None:
        self._lock = lock
        self._study = study
        self._rounds = rounds
        self._n_trials = rounds.n_trials
        self._default_params = dict(default_params)

    def recover(self) -> None:
        """Fail the running trials of dead workers, so that their slots are free again."""
        from optuna.trial import TrialState

        now = datetime.datetime.now()
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if is_lost(trial, now):
                self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def claim(self) -> optuna.Trial | None:
        """Return the trial of the next slot, now running in this worker; None if none is free."""
        from optuna.trial import TrialState

        with self._lock:
            while self._any_waiting() or self._enqueue():
                trial = self._study.ask()
                if self._holds_slot(trial):
                    trial.set_user_attr(WORKER, worker_name())
                    return trial
                self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        return None

    def _any_waiting(self) -> bool:
        """Return whether a trial waits, of another worker or of one that was killed."""
        from optuna.trial import TrialState

        return bool(self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def _enqueue(self) -> bool:
        """Enqueue a trial for the lowest slot that no trial holds; False if there is none.

        The slots of finalists stay empty until all short trials have ended.
        """
        holders = self._holders()
        slot = next((slot for slot in range(self._n_trials) if slot not in holders), None)
        given = None if slot is None else self._given(slot)
        if given is None:
            return False
        params, attributes = given
        self._study.enqueue_trial(dict(params), user_attrs={SLOT: slot, **attributes})
        return True

    def complete(self) -> bool:
        """Return whether the trials of all slots have ended."""
        return len(self.finished()) == self._n_trials

    def finished(self) -> dict[int, optuna.trial.FrozenTrial]:
        """Return the trials that have ended by slot, in the order of the slots.

        They are complete, pruned, or failed because the predictor failed.
        """
        by_slot: dict[int, optuna.trial.FrozenTrial] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state.is_finished() and not _is_lost_or_refused(trial):
                by_slot.setdefault(trial.user_attrs[SLOT], trial)
        return {slot: by_slot[slot] for slot in range(self._n_trials) if slot in by_slot}

    def _given(self, slot: int) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Return the parameters and attributes of a new trial; None if they are not known yet."""
        if slot == 0:
            return self._default_params, {}
        if not self._rounds.n_short or slot < self._rounds.n_short:
            return {}, {}
        ended = self.finished()
        source = self._rounds.source(slot, ended)
        return None if source is None else (ended[source].params, {SHORT_SLOT: source})

    def _holders(self) -> dict[int, int]:
        """Return the number of the trial that holds each slot: the lowest that was not lost."""
        holders: dict[int, int] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if SLOT in trial.user_attrs and not _is_lost_or_refused(trial):
                holders.setdefault(trial.user_attrs[SLOT], trial.number)
        return holders

    def _holds_slot(self, trial: optuna.Trial) -> bool:
        # If another worker took the last waiting trial, Optuna creates a trial without a slot.
        slot = trial.user_attrs.get(SLOT)
        if slot is None or slot >= self._n_trials:
            return False
        return self._holders().get(slot) == trial.number


def _is_lost_or_refused(trial: optuna.trial.FrozenTrial) -> bool:
    """Return whether a trial failed for another reason than that the predictor failed.

    A worker that was killed right before it ended its trial may leave the scores in it, but only a
    predictor that failed leaves an error.
    """
    from optuna.trial import TrialState

    outcome = trial.user_attrs.get(OUTCOME, {})
    return trial.state is TrialState.FAIL and ERROR not in outcome
