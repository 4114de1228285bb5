"""Tests of tuning in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from optuna.pruners import ThresholdPruner
from optuna.samplers import RandomSampler, TPESampler
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from hwnas.composition import options, register
from hwnas.console import Meter
from hwnas.errors import UserError
from hwnas.tuning import NoTuning, Tuner, TuningResult, _tuner
from tests.tuning.worker import SPACE, Blend, X, Y, tune

CONF = Path(__file__).parents[2] / "conf"
CHOICES = options("tuning")


@pytest.mark.parametrize("choice", CHOICES)
def test_tune_each_config_finds_the_best_weight(choice: str) -> None:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+tuning={choice}"])
    tuner = instantiate(cfg.tuning)
    result = tuner.tune(Pipeline([("model", Blend())]), SPACE, X, Y, seed=0)

    if choice == "none":
        assert result.best_params == {}
        assert result.n_trials == 0
    else:
        assert result.n_trials == cfg.tuning.n_trials
        assert result.best_params["weight"] > 0.9
        assert result.best_value > 0.95


def test_tune_first_trial_scores_the_defaults() -> None:
    result = tune(None, 3)
    assert result.trials[0]["params"] == {"weight": 0.5}
    assert [row["trial"] for row in result.trials] == [0, 1, 2]


def test_tune_default_outside_the_space_is_the_first_trial() -> None:
    predictor = Pipeline([("model", Blend(weight=2.0))])
    result = Tuner(RandomSampler, n_trials=4).tune(predictor, SPACE, X, Y, seed=0)

    assert result.trials[0]["params"] == {"weight": 2.0}
    assert all(0 <= row["params"]["weight"] <= 1 for row in result.trials[1:])


def test_tune_shows_trials_and_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Meter] = []

    @contextmanager
    def progress(*given: Any) -> Iterator[Meter]:
        shown.append(Meter(*given))
        yield shown[-1]

    monkeypatch.setattr(_tuner, "progress", progress)
    result = tune(None, 5)
    assert [meter.text for meter in shown] == [f"5 of 5 trials, best τ {result.best_value:.4f}"]


def test_tune_best_defaults_are_kept() -> None:
    predictor = Pipeline([("model", Blend(weight=1.0))])
    result = Tuner(RandomSampler, n_trials=10).tune(predictor, SPACE, X, Y, seed=0)
    assert result.best_params == {"weight": 1.0}
    assert result.best_value == pytest.approx(1.0)


@pytest.mark.parametrize("sampler", [RandomSampler, TPESampler])
def test_tune_same_seed_runs_the_same_trials(sampler: Any) -> None:
    def params(seed: int) -> list[Any]:
        predictor = Pipeline([("model", Blend())])
        result = Tuner(sampler, n_trials=14).tune(predictor, SPACE, X, Y, seed=seed)
        return [row["params"] for row in result.trials]

    assert params(0) == params(0)
    assert params(0) != params(1)


def test_tune_predictor_is_not_changed() -> None:
    predictor = Pipeline([("model", Blend())])
    tuned = Tuner(RandomSampler, n_trials=5).tune(predictor, SPACE, X, Y, seed=0).apply(predictor)
    assert predictor.get_params()["model__weight"] == 0.5
    assert tuned.get_params()["model__weight"] > 0.5


def test_tune_empty_space_or_few_measurements_runs_no_trial() -> None:
    predictor = Pipeline([("model", Blend())])
    tuner = Tuner(RandomSampler)
    assert tuner.tune(predictor, {}, X, Y, seed=0).n_trials == 0
    assert tuner.tune(predictor, SPACE, X[:3], Y[:3], seed=0).best_params == {}
    assert NoTuning().tune(predictor, SPACE, X, Y, seed=0).apply(predictor) is not predictor


def test_tune_pruned_trials_skip_folds_and_count() -> None:
    calls: list[float] = []

    class Counting(Blend):
        def fit(self, X: Any, y: Any) -> Counting:
            calls.append(self.weight)
            super().fit(X, y)
            return self

    predictor = Pipeline([("model", Counting())])
    pruner = ThresholdPruner(lower=0.5)
    result = Tuner(RandomSampler, pruner, n_trials=12).tune(predictor, SPACE, X, Y, seed=0)
    pruned = [row for row in result.trials if row["state"] == "pruned"]

    assert result.n_trials == 12
    assert pruned
    assert all(calls.count(row["params"]["weight"]) < 3 for row in pruned)
    assert result.best_value is not None
    assert result.best_value > 0.5


def test_tune_constant_prediction_scores_0() -> None:
    """τ of a constant prediction is undefined and counts as 0."""
    space = {"alpha": {"type": "categorical", "choices": [1.0, 1e300]}}
    X = np.random.default_rng(0).normal(size=(40, 2))
    predictor = Pipeline([("model", Ridge(alpha=1e300))])
    result = Tuner(RandomSampler, n_trials=8).tune(predictor, space, X, X[:, 0], seed=0)
    assert result.trials[0]["kendall_tau"] == 0.0
    assert result.best_params == {"alpha": 1.0}


def test_tune_fit_seconds_objective_takes_the_fastest_within_tolerance() -> None:
    class Slow(Blend):
        def fit(self, X: Any, y: Any) -> Slow:
            for _ in range(int(20_000 * self.weight)):
                self.fitted_ = len(X) == len(y)
            return self

    predictor = Pipeline([("model", Slow())])
    tolerant = partial(Tuner, RandomSampler, n_trials=10, tau_tolerance=2.0)
    both = tolerant(objectives=["kendall_tau", "fit_seconds"])
    fastest = both.tune(predictor, SPACE, X, Y, seed=0)
    best = tolerant().tune(predictor, SPACE, X, Y, seed=0)

    by_time = min(fastest.trials, key=lambda row: row["fit_seconds"])
    assert fastest.best_params == by_time["params"]
    assert best.best_params == max(best.trials, key=lambda row: row["kendall_tau"])["params"]


def test_tune_time_limit_ends_the_search_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    result = tune(None, 50, seconds=0.02, time_limit_seconds=0.2)
    assert 0 < result.n_trials < 50
    assert "time_limit_seconds" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_trials": 0}, "tuning=none"),
        ({"folds": 1}, "tuning.folds"),
        ({"training_share": 0.0}, "tuning.training_share=0: it must be above 0"),
        ({"n_finalists": 0}, "tuning.n_finalists"),
        ({"time_limit_seconds": -1.0}, "tuning.time_limit_seconds=-1: more than 0 s"),
        (
            {"time_limit_seconds": 0},
            "tuning.time_limit_seconds=0: .*tuning.time_limit_seconds=null",
        ),
        ({"objectives": ["kendal_tau"]}, "did you mean 'kendall_tau'"),
        ({"objectives": ["fit_seconds"]}, "kendall_tau is missing"),
    ],
)
def test_tuner_invalid_option_raises(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Tuner(RandomSampler, **options)


class Trained(Blend):
    """A model whose trainings can be shortened. It records how long each was."""

    seen: ClassVar[list[tuple[float, int]]] = []

    def __init__(self, weight: float = 0.5, epochs: int = 100) -> None:
        super().__init__(weight)
        self.epochs = epochs

    def shortened(self, share: float) -> dict[str, Any]:
        return {"epochs": round(share * self.epochs)}

    def fit(self, X: Any, y: Any) -> Trained:
        self.seen.append((self.weight, self.epochs))
        super().fit(X, y)
        return self


class Holder(BaseEstimator):
    """A predictor with the attribute `model`, as `hwnas.predictor.Predictor` has it."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> Holder:
        self.model_ = clone(self.model).fit(X, y)
        return self

    def predict(self, X: Any) -> Any:
        return self.model_.predict(X)


def tune_shortened(**changed: Any) -> TuningResult:
    Trained.seen.clear()
    tuner = Tuner(RandomSampler, n_trials=12, folds=2, training_share=0.2, n_finalists=3)
    return replace(tuner, **changed).tune(Holder(Trained()), SPACE, X, Y, seed=0)


def test_tune_short_trainings_find_what_the_last_trials_train_in_full() -> None:
    result = tune_shortened()
    assert [epochs for _, epochs in Trained.seen] == [20] * 9 * 2 + [100] * 3 * 2
    assert [row["state"] for row in result.trials] == ["short"] * 9 + ["complete"] * 3
    short, full = result.trials[:9], result.trials[9:]
    best = sorted(short[1:], key=lambda row: -row["kendall_tau"])[:2]
    # The defaults are a finalist whatever their score.
    assert [row["params"] for row in full] == [row["params"] for row in (short[0], *best)]
    assert result.best_value == max(row["kendall_tau"] for row in full)


@pytest.mark.parametrize("n_fits", [7, 20])
def test_tune_stopped_in_any_round_goes_on_with_the_same_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_fits: int
) -> None:
    storage = str(tmp_path / "trials.journal")
    fit = Trained.fit

    def stopped(self: Trained, X: Any, y: Any) -> Trained:
        if len(self.seen) == n_fits:
            raise KeyboardInterrupt
        return fit(self, X, y)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trained, "fit", stopped)
        tune_shortened(storage=storage)
    again = tune_shortened(storage=storage)
    assert [row["params"] for row in again.trials] == [
        row["params"] for row in tune_shortened().trials
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"training_share": 1.0},
        {"n_trials": 8},
        {"objectives": ("kendall_tau", "fit_seconds")},
    ],
)
def test_tune_full_trainings_asked_for_or_few_trials_shortens_none(changed: Any) -> None:
    result = tune_shortened(**changed)
    assert {epochs for _, epochs in Trained.seen} == {100}
    assert {row["state"] for row in result.trials} == {"complete"}
