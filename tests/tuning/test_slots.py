"""Trials whose worker is lost, also where the clock was set back."""

from __future__ import annotations

import datetime
import os
import socket

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from hwnas.tuning._slots import WORKER, is_lost, worker_name

NOW = datetime.datetime(2026, 1, 1)
HERE = socket.gethostname()


def trial(started: float, worker: str | None) -> FrozenTrial:
    """Return a running trial that started so many seconds ago."""
    made = optuna.trial.create_trial(state=TrialState.COMPLETE, value=0.0)
    made.state = TrialState.RUNNING
    made.datetime_start = NOW - datetime.timedelta(seconds=started)
    made.user_attrs = {} if worker is None else {WORKER: worker}
    return made


@pytest.mark.parametrize(
    ("started", "worker", "lost"),
    [
        (1, None, False),
        (100, None, True),
        # The clock was set back by a day after the trial had started.
        (-86_400, None, True),
        (1, "elsewhere:1:2", False),
        (7200, "elsewhere:1:2", True),
        (-86_400, "elsewhere:1:2", True),
        (-86_400, "this process", False),
        (1, "this process", False),
        (1, "an earlier process with its number", True),
    ],
)
def test_is_lost_by_worker_and_age(started: float, worker: str | None, lost: bool) -> None:
    # The names of the cases do not hold the number of this process, in which the processes of
    # pytest-xdist differ.
    names = {
        "this process": worker_name(),
        "an earlier process with its number": f"{HERE}:{os.getpid()}:0",
    }
    assert is_lost(trial(started, worker and names.get(worker, worker)), NOW) == lost
