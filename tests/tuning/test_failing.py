"""Predictors that raise an error, predict NaN or hang in a trial: the other trials go on."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from numpy.typing import NDArray
from optuna.samplers import RandomSampler, TPESampler
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from hwnas.errors import UserError
from hwnas.tuning import Tuner, TuningResult
from tests.tuning.worker import SPACE, Blend, X, Y, tune


class Raises(Blend):
    """Fails with a high weight."""

    def fit(self, X: NDArray[Any], y: NDArray[np.float64]) -> Raises:
        if self.weight > 0.7:
            raise FloatingPointError("diverged")
        super().fit(X, y)
        return self


class PredictsNaN(Blend):
    """Predicts NaN with a high weight."""

    def predict(self, X: NDArray[Any]) -> NDArray[np.float64]:
        return super().predict(X) if self.weight <= 0.7 else np.full(len(X), np.nan)


class Hangs(Blend):
    """Does not return with a high weight."""

    def fit(self, X: NDArray[Any], y: NDArray[np.float64]) -> Hangs:
        if self.weight > 0.7:
            time.sleep(600)
        super().fit(X, y)
        return self


def tuned(model: Blend, **options: Any) -> TuningResult:
    given: dict[str, Any] = {"sampler": RandomSampler, "n_trials": 8} | options
    tuner = Tuner(**given)
    return tuner.tune(Pipeline([("model", model)]), SPACE, X, Y, seed=0)


def check(result: TuningResult) -> None:
    """Check that the trials of high weights failed, and that nothing else changed."""
    whole = tune(None, 8)
    assert result.n_trials == 8
    assert [row["params"] for row in result.trials] == [row["params"] for row in whole.trials]
    for row, without in zip(result.trials, whole.trials, strict=True):
        failed = row["params"]["weight"] > 0.7
        assert row["state"] == ("failed" if failed else "complete")
        assert row["kendall_tau"] == (None if failed else without["kendall_tau"])
    weights = [row["params"]["weight"] for row in whole.trials]
    assert 0.5 < max(weights) > 0.7, "no trial failed"
    assert result.best_params == {"weight": max(weight for weight in weights if weight <= 0.7)}


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Raises(), "FloatingPointError: diverged"),
        (PredictsNaN(), "values that are NaN or infinite cannot be scored"),
    ],
)
def test_tune_predictor_that_fails_in_a_trial_the_others_go_on(
    model: Blend, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    check(tuned(model))
    assert reason in caplog.text


@pytest.mark.parametrize("model", [Raises, PredictsNaN])
def test_tune_failed_trials_are_not_run_again(model: Callable[[], Blend], tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    first, second = (tuned(model(), storage=storage) for _ in range(2))
    assert second.reused
    assert second.trials == first.trials


@pytest.mark.thorough
def test_tune_predictor_that_hangs_in_a_trial_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check(tuned(Hangs(), trial_seconds=2.0))
    assert "it took longer than tuning.trial_seconds=2" in caplog.text


def test_tune_limited_trials_score_as_unlimited_ones() -> None:
    assert tuned(Blend(), trial_seconds=60.0).best_value == tune(None, 8).best_value


@pytest.mark.parametrize("model", [Raises, PredictsNaN])
def test_tune_predictor_that_always_fails_raises_one_line(model: Callable[..., Blend]) -> None:
    space = {"weight": {"type": "float", "low": 0.8, "high": 1.0}}
    predictor = Pipeline([("model", model(weight=0.9))])
    with pytest.raises(UserError, match=r"failed in all 3 trials .*Try: tuning=none") as error:
        Tuner(RandomSampler, n_trials=3).tune(predictor, space, X, Y, seed=0)
    assert "\n" not in str(error.value)


def test_tune_value_that_the_model_refuses_raises() -> None:
    space = {"alpha": {"type": "float", "low": -2.0, "high": -1.0}}
    with pytest.raises(UserError, match="reaches values that the model refuses"):
        Tuner(RandomSampler, n_trials=3).tune(Pipeline([("model", Ridge())]), space, X, Y, seed=0)


def _interrupt(*_: Any) -> float:
    raise KeyboardInterrupt


_TELL = optuna.Study.tell


def _interrupt_after_the_scores(study: optuna.Study, trial: Any, *more: Any, **options: Any) -> Any:
    if isinstance(trial, optuna.Trial) and "outcome" in trial.user_attrs:
        raise KeyboardInterrupt
    return _TELL(study, trial, *more, **options)


@pytest.mark.parametrize(
    "killed",
    [
        ("hwnas.tuning._objective.Objective.run", _interrupt),
        ("optuna.Study.tell", _interrupt_after_the_scores),
    ],
    ids=["before its run", "after its scores"],
)
@pytest.mark.parametrize("sampler", [RandomSampler, TPESampler])
def test_tune_lost_trial_runs_again_before_later_ones(
    sampler: Any, killed: tuple[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwnas.tuning import _slots

    whole = tuned(Blend(), sampler=sampler, n_trials=16)
    storage = str(tmp_path / "trials.journal")
    tuned(Blend(), sampler=sampler, n_trials=12, storage=storage)
    # The worker of the thirteenth trial is killed after it took it, or before it ends it.
    with monkeypatch.context() as patch:
        patch.setattr(_slots, "worker_name", lambda: f"{socket.gethostname()}:1:0")
        patch.setattr(*killed)
        with pytest.raises(KeyboardInterrupt):
            tuned(Blend(), sampler=sampler, n_trials=16, storage=storage)
    resumed = tuned(Blend(), sampler=sampler, n_trials=16, storage=storage)
    trials = [
        [{k: v for k, v in row.items() if k != "fit_seconds"} for row in result.trials]
        for result in (resumed, whole)
    ]
    assert trials[0] == trials[1]
