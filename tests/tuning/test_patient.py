"""A database server that is restarted while trials are stored there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError

from hwnas.tuning import _patient


def unreachable() -> Exception:
    error = StorageInternalError("commit")
    error.__cause__ = OperationalError("SELECT 1", None, Exception("server closed"))
    return error


def direct() -> Exception:
    return OperationalError("SELECT 1", None, Exception("server closed"))


def pending() -> Exception:
    error = StorageInternalError("commit")
    error.__cause__ = PendingRollbackError("roll back first")
    return error


def failing(times: int, error: Callable[[], Exception]) -> Callable[[], int]:
    calls = iter(range(times + 1))

    def method() -> int:
        number = next(calls)
        if number < times:
            raise error()
        return number

    return method


@pytest.mark.parametrize("error", [unreachable, direct, pending])
def test_patient_server_that_comes_back_is_asked_again(
    error: Callable[[], Exception],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_patient, "_RETRY_SECONDS", 0.0)
    caplog.set_level(logging.WARNING)
    assert _patient.call_patiently(failing(3, error))() == 3
    assert caplog.text.count("does not answer") == 1


def test_patient_server_that_stays_away_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_patient, "_RETRY_SECONDS", 0.0)
    with pytest.raises(StorageInternalError):
        _patient.call_patiently(failing(10**6, unreachable), seconds=0.0)()


def test_patient_other_error_raises_at_once() -> None:
    other: Any = IntegrityError("INSERT", None, Exception("duplicate"))
    with pytest.raises(IntegrityError):
        _patient.call_patiently(failing(1, lambda: other))()


def test_patient_storage_has_the_trials_of_the_other_one() -> None:
    inner = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=_patient.patient(inner))
    study.enqueue_trial({"x": 0.5})
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert study.best_params == {"x": min(t.params["x"] for t in study.trials)}
    assert len(inner.get_all_trials(0)) == 3
