"""The exact number of trials, with any number of processes that may be killed at any time.

A study of N trials has N *slots*. Whoever creates the study enqueues one waiting trial for each
slot; a worker takes waiting trials (which Optuna hands to one worker only) until none is left.
The trial of a killed worker is marked failed and its slot enqueued again. Should two workers
enqueue the same slot, the trial with the lowest number has it, and the other one is failed, so
that each slot ends with exactly one trial that is complete or pruned.
"""

from __future__ import annotations

import datetime
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna

SLOT = "slot"
WORKER = "worker"
# A worker on another machine cannot be looked up: its trial counts as lost after this long.
REMOTE_GRACE_SECONDS = 3600.0
# How long a creator may take to enqueue, and a worker to sign the trial that it took.
START_GRACE_SECONDS = 20.0


def identity() -> str:
    """Return host, process id and start of this process: no later process has the same."""
    return f"{socket.gethostname()}:{os.getpid()}:{_process_start(os.getpid())}"


def _process_start(pid: int) -> str:
    """Return when a process started, in clock ticks; empty if there is none (or no /proc)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # The command's name, in brackets, may itself hold spaces and brackets.
    return text.rpartition(")")[2].split()[19]


def _alive(pid: int, start: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _process_start(pid) == start


def is_lost(trial: optuna.trial.FrozenTrial, now: datetime.datetime) -> bool:
    """Tell whether the worker of a running trial is gone."""
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
    """The slots of one study.

    Parameters
    ----------
    study : optuna.Study
    n_trials : int
        How many slots there are.
    default_params : mapping
        What slot 0, the predictor's defaults, is enqueued with.
    """

    def __init__(
        self, study: optuna.Study, n_trials: int, default_params: Mapping[str, Any]
    ) -> None:
        self._study = study
        self._n_trials = n_trials
        self._default_params = dict(default_params)

    def open(self, created: bool) -> None:
        """Enqueue what is missing; where another process has just created the study, wait."""
        deadline = time.monotonic() + (0.0 if created else START_GRACE_SECONDS)
        started_empty = not self._study.get_trials(deepcopy=False)
        while not created and started_empty and self._missing() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.recover()

    def recover(self) -> None:
        """Fail the trials of workers that are gone and enqueue each slot that has no trial."""
        from optuna.trial import TrialState

        now = datetime.datetime.now()
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if is_lost(trial, now):
                self._study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        for slot in self._missing():
            params = self._default_params if slot == 0 else {}
            self._study.enqueue_trial(params, user_attrs={SLOT: slot})

    def claim(self) -> optuna.Trial | None:
        """Take the next waiting trial for this worker alone; None if there is none."""
        from optuna.trial import TrialState

        while self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            trial = self._study.ask()
            if self._owns(trial):
                trial.set_user_attr(WORKER, identity())
                return trial
            self._study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        return None

    def complete(self) -> bool:
        """Tell whether each slot has a trial that ended."""
        return len(self.finished()) == self._n_trials

    def finished(self) -> dict[int, optuna.trial.FrozenTrial]:
        """Return the complete or pruned trial of each slot that has one."""
        from optuna.trial import TrialState

        ended = (TrialState.COMPLETE, TrialState.PRUNED)
        trials = self._study.get_trials(deepcopy=False, states=ended)
        by_slot = {t.user_attrs[SLOT]: t for t in trials}
        return {slot: by_slot[slot] for slot in range(self._n_trials) if slot in by_slot}

    def _live(self) -> dict[int, int]:
        """Return the lowest trial number of each slot, failed trials left out."""
        from optuna.trial import TrialState

        live: dict[int, int] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state is not TrialState.FAIL and SLOT in trial.user_attrs:
                live.setdefault(trial.user_attrs[SLOT], trial.number)
        return live

    def _missing(self) -> list[int]:
        live = self._live()
        return [slot for slot in range(self._n_trials) if slot not in live]

    def _owns(self, trial: optuna.Trial) -> bool:
        # Optuna hands out a new trial, without a slot, where another worker was faster.
        slot = trial.user_attrs.get(SLOT)
        if slot is None or slot >= self._n_trials:
            return False
        return self._live().get(slot) == trial.number
