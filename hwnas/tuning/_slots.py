"""Slots: an exact number of trials for processes that share an Optuna study and may be killed.

An Optuna study of N trials has N *slots*. The process that creates the Optuna study enqueues one
waiting trial for each slot. Each process, called a worker, takes waiting trials until none is
left. Optuna gives a waiting trial to one worker only.

If a worker is killed, another worker fails its running trial and enqueues the slot again. If two
workers enqueue the same slot, the trial with the lower number keeps the slot, and the worker that
takes the other trial fails it. So each slot ends with exactly one complete or pruned trial.

The trials of finalists (`hwnas.tuning._finalists`) are enqueued when all short trials have ended.
"""

from __future__ import annotations

import datetime
import os
import socket
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.tuning._finalists import SHORT_SLOT, Rounds

if TYPE_CHECKING:
    import optuna

#: Optuna's user attributes that hold a trial's slot and its worker.
SLOT = "slot"
WORKER = "worker"
# Nobody can check whether a process runs on another machine. After this time, its trial is lost.
REMOTE_GRACE_SECONDS = 3600.0
# Time for the creator of an Optuna study to enqueue its trials, and for a worker to write its name
# into a trial that it took.
START_GRACE_SECONDS = 20.0


def worker_name() -> str:
    """Return host name, process id and start time of this process, which identify it.

    The process id is not enough, because the operating system uses process ids again.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{_process_start(os.getpid())}"


def _process_start(pid: int) -> str:
    """Return when a process started, in clock ticks since boot.

    Empty if the process does not exist, or on a system without /proc.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # Split after the last bracket: the command name in brackets can contain spaces and brackets.
    return text.rpartition(")")[2].split()[19]


def _alive(pid: int, start: str) -> bool:
    """Return whether the process with this id and start time runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _process_start(pid) == start


def is_lost(trial: optuna.trial.FrozenTrial, now: datetime.datetime) -> bool:
    """Return whether the worker of a running trial is dead, or must be assumed to be."""
    started = trial.datetime_start or now
    age = (now - started).total_seconds()
    worker = trial.user_attrs.get(WORKER)
    if worker is None:
        return age > START_GRACE_SECONDS
    host, pid, start = worker.rsplit(":", 2)
    if host != socket.gethostname():
        return age > REMOTE_GRACE_SECONDS
    return not _alive(int(pid), start)


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

    def open(self, created: bool) -> None:
        """Enqueue a trial for each slot that has none.

        If another process has just created the Optuna study, that process enqueues the trials.
        The method then waits for them before it enqueues what is missing.

        Parameters
        ----------
        created : bool
            Whether this process created the Optuna study.
        """
        deadline = time.monotonic() + (0.0 if created else START_GRACE_SECONDS)
        empty = not self._study.get_trials(deepcopy=False)
        while not created and empty and self._missing() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.recover()

    def recover(self) -> bool:
        """Fail the trials of dead workers, and enqueue a trial for each slot that has none.

        It returns whether it enqueued any. The slots of finalists stay empty until all short
        trials have ended.
        """
        from optuna.trial import TrialState

        now = datetime.datetime.now()
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if is_lost(trial, now):
                self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        enqueued = False
        for slot in self._missing():
            given = self._given(slot)
            if given is not None:
                params, attributes = given
                self._study.enqueue_trial(params, user_attrs={SLOT: slot, **attributes})
                enqueued = True
        return enqueued

    def claim(self) -> optuna.Trial | None:
        """Return the next waiting trial, now running in this worker; None if none is waiting."""
        from optuna.trial import TrialState

        with self._lock:
            while self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
                trial = self._study.ask()
                if self._holds_slot(trial):
                    trial.set_user_attr(WORKER, worker_name())
                    return trial
                self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        return None

    def complete(self) -> bool:
        """Return whether each slot has a complete or pruned trial."""
        return len(self.finished()) == self._n_trials

    def finished(self) -> dict[int, optuna.trial.FrozenTrial]:
        """Return the complete or pruned trials by slot, in the order of the slots."""
        from optuna.trial import TrialState

        ended = (TrialState.COMPLETE, TrialState.PRUNED)
        trials = self._study.get_trials(deepcopy=False, states=ended)
        by_slot = {t.user_attrs[SLOT]: t for t in trials}
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
        """Return the number of the trial that holds each slot: the lowest that has not failed."""
        from optuna.trial import TrialState

        holders: dict[int, int] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state is not TrialState.FAIL and SLOT in trial.user_attrs:
                holders.setdefault(trial.user_attrs[SLOT], trial.number)
        return holders

    def _missing(self) -> list[int]:
        """Return the slots without a trial that is waiting, running, complete or pruned."""
        holders = self._holders()
        return [slot for slot in range(self._n_trials) if slot not in holders]

    def _holds_slot(self, trial: optuna.Trial) -> bool:
        # If another worker took the last waiting trial, Optuna creates a trial without a slot.
        slot = trial.user_attrs.get(SLOT)
        if slot is None or slot >= self._n_trials:
            return False
        return self._holders().get(slot) == trial.number
