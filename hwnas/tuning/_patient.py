"""Trials in a database whose server may be restarted in the middle of tuning."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.exc import InterfaceError, OperationalError

log = logging.getLogger(__name__)

#: How long a worker waits for a server that does not answer, and the time between two attempts.
PATIENCE_SECONDS = 60.0
_RETRY_SECONDS = 0.5
_UNREACHABLE = (OperationalError, InterfaceError)


def _patient(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that is called again while the server cannot be reached.

    If the server ended after it had done what the call asked for, the call happens twice. Slots
    expect that: a trial that was enqueued twice runs once, and one whose start was recorded without
    the name of a worker counts as lost.
    """

    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        end = time.monotonic() + PATIENCE_SECONDS
        waited = False
        while True:
            try:
                return method(*given, **named)
            except (*_UNREACHABLE, StorageInternalError) as error:
                if not _is_unreachable(error) or time.monotonic() > end:
                    raise
                if not waited:
                    log.warning("tuning.storage: the database does not answer; trying again")
                waited = True
                time.sleep(_RETRY_SECONDS)

    return call


def _is_unreachable(error: BaseException) -> bool:
    """Return whether an error, or the one that caused it, is of the connection."""
    cause = error.__cause__
    return isinstance(error, _UNREACHABLE) or isinstance(cause, _UNREACHABLE)


class PatientStorage(RDBStorage):
    """Optuna's storage in a database, which waits for a server that is being restarted.

    Parameters
    ----------
    url : str
        The URL of the database.
    """

    def __init__(self, url: str) -> None:
        # A connection that broke meanwhile is replaced before it is used.
        super().__init__(url, engine_kwargs={"pool_pre_ping": True})


for _name in sorted(BaseStorage.__abstractmethods__):
    setattr(PatientStorage, _name, _patient(getattr(RDBStorage, _name)))
