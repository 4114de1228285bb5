"""Trials in a database whose server may be restarted in the middle of tuning."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError

log = logging.getLogger(__name__)

#: How long a worker waits for a server that does not answer any more, how long for one that has not
#: answered yet and may not exist, and the time between two attempts.
PATIENCE_SECONDS = 60.0
OPENING_SECONDS = 10.0
_RETRY_SECONDS = 0.5
_UNREACHABLE = (OperationalError, InterfaceError, PendingRollbackError)


def patient(storage: BaseStorage) -> BaseStorage:
    """Return a storage that waits for the server of another one while it is being restarted.

    Parameters
    ----------
    storage : BaseStorage
        In a database.
    """
    # The methods that every storage has. All others call these.
    methods = {
        name: _method(call_patiently(getattr(storage, name)))
        for name in BaseStorage.__abstractmethods__
    }
    kind: Callable[[], BaseStorage] = type("PatientStorage", (BaseStorage,), methods)
    return kind()


def _method(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _, *given, **named: call(*given, **named)


def call_patiently(
    method: Callable[..., Any], seconds: float = PATIENCE_SECONDS
) -> Callable[..., Any]:
    """Return a function that calls a method again while the server cannot be reached.

    If the server ended after it had done what the call asked for, the call happens twice. Slots
    expect that: a trial that was enqueued twice runs once, and one whose start was recorded without
    the name of a worker counts as lost.

    Parameters
    ----------
    method : callable
    seconds : float
        How long it waits for the server.
    """

    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        end = time.monotonic() + seconds
        waited = False
        while True:
            try:
                return method(*given, **named)
            except (SQLAlchemyError, StorageInternalError) as error:
                if not _is_unreachable(error) or time.monotonic() > end:
                    raise
                if not waited:
                    log.warning("tuning.storage: the database does not answer; trying again")
                waited = True
                time.sleep(_RETRY_SECONDS)

    return call


def _is_unreachable(error: BaseException | None) -> bool:
    """Return whether an error, or one that led to it, is of the connection."""
    while error is not None:
        if isinstance(error, _UNREACHABLE):
            return True
        error = error.__cause__ or error.__context__
    return False
