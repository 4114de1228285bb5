"""Tuning in one process."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from optuna.pruners import ThresholdPruner
from optuna.samplers import RandomSampler, TPESampler
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from hwnas.errors import UserError
from hwnas.tuning import NoTuning, Tuner
from tests.tuning.worker import SPACE, Blend, X, Y, tune

CONF = Path(__file__).parents[2] / "conf"
CHOICES = sorted(path.stem for path in (CONF / "tuning").glob("*.yaml"))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_config_tunes(choice: str) -> None:
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


def test_the_first_trial_is_the_defaults() -> None:
    result = tune(None, 3)
    assert result.trials[0]["params"] == {"weight": 0.5}
    assert [row["trial"] for row in result.trials] == [0, 1, 2]


def test_a_default_outside_the_space_is_still_the_first_trial() -> None:
    predictor = Pipeline([("model", Blend(weight=2.0))])
    result = Tuner(RandomSampler, n_trials=4).tune(predictor, SPACE, X, Y, seed=0)

    assert result.trials[0]["params"] == {"weight": 2.0}
    assert all(0 <= row["params"]["weight"] <= 1 for row in result.trials[1:])


def test_defaults_that_nothing_beats_are_kept() -> None:
    predictor = Pipeline([("model", Blend(weight=1.0))])
    result = Tuner(RandomSampler, n_trials=10).tune(predictor, SPACE, X, Y, seed=0)
    assert result.best_params == {"weight": 1.0}
    assert result.best_value == pytest.approx(1.0)


@pytest.mark.parametrize("sampler", [RandomSampler, TPESampler])
def test_the_seed_decides_everything(sampler: Any) -> None:
    def params(seed: int) -> list[Any]:
        predictor = Pipeline([("model", Blend())])
        result = Tuner(sampler, n_trials=14).tune(predictor, SPACE, X, Y, seed=seed)
        return [row["params"] for row in result.trials]

    assert params(0) == params(0)
    assert params(0) != params(1)


def test_the_predictor_itself_is_left_as_it_is() -> None:
    predictor = Pipeline([("model", Blend())])
    tuned = Tuner(RandomSampler, n_trials=5).tune(predictor, SPACE, X, Y, seed=0).apply(predictor)
    assert predictor.get_params()["model__weight"] == 0.5
    assert tuned.get_params()["model__weight"] > 0.5


def test_nothing_to_tune() -> None:
    predictor = Pipeline([("model", Blend())])
    tuner = Tuner(RandomSampler)
    assert tuner.tune(predictor, {}, X, Y, seed=0).n_trials == 0
    assert tuner.tune(predictor, SPACE, X[:3], Y[:3], seed=0).best_params == {}
    assert NoTuning().tune(predictor, SPACE, X, Y, seed=0).apply(predictor) is not predictor


def test_weak_trials_are_pruned_after_a_fold_and_still_count() -> None:
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


def test_a_constant_prediction_never_wins() -> None:
    """τ of a constant is undefined: it counts as 0, not as the best value."""
    space = {"alpha": {"type": "categorical", "choices": [1.0, 1e300]}}
    X = np.random.default_rng(0).normal(size=(40, 2))
    predictor = Pipeline([("model", Ridge(alpha=1e300))])
    result = Tuner(RandomSampler, n_trials=8).tune(predictor, space, X, X[:, 0], seed=0)
    assert result.trials[0]["kendall_tau"] == 0.0
    assert result.best_params == {"alpha": 1.0}


def test_of_equally_good_trials_the_fastest_is_taken_on_request() -> None:
    class Slow(Blend):
        def fit(self, X: Any, y: Any) -> Slow:
            for _ in range(int(20_000 * self.weight)):
                self.fitted_ = len(X) == len(y)
            return self

    predictor = Pipeline([("model", Slow())])
    slack = partial(Tuner, RandomSampler, n_trials=10, tau_tolerance=2.0)
    fastest = slack(objectives=["kendall_tau", "fit_seconds"]).tune(predictor, SPACE, X, Y, seed=0)
    best = slack().tune(predictor, SPACE, X, Y, seed=0)

    by_time = min(fastest.trials, key=lambda row: row["fit_seconds"])
    assert fastest.best_params == by_time["params"]
    assert best.best_params == max(best.trials, key=lambda row: row["kendall_tau"])["params"]


def test_a_fit_that_fails_is_raised_and_its_trial_is_run_again(tmp_path: Path) -> None:
    class Failing(Blend):
        broken = True

        def fit(self, X: Any, y: Any) -> Failing:
            if self.broken and self.weight > 0.9:
                raise FloatingPointError("diverged")
            super().fit(X, y)
            return self

    predictor = Pipeline([("model", Failing())])
    tuner = Tuner(RandomSampler, n_trials=20, storage=str(tmp_path / "trials.journal"))
    with pytest.raises(FloatingPointError):
        tuner.tune(predictor, SPACE, X, Y, seed=0)
    Failing.broken = False
    result = tuner.tune(predictor, SPACE, X, Y, seed=0)
    assert [row["params"] for row in result.trials] == [
        row["params"] for row in tune(None, 20).trials
    ]


def test_the_time_limit_is_only_a_net(caplog: pytest.LogCaptureFixture) -> None:
    result = tune(None, 50, seconds=0.02, time_limit_seconds=0.2)
    assert 0 < result.n_trials < 50
    assert "time_limit_seconds" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_trials": 0}, "tuning=none"),
        ({"folds": 1}, "tuning.folds"),
        ({"time_limit_seconds": -1.0}, "tuning.time_limit_seconds=-1: more than 0 s"),
        (
            {"time_limit_seconds": 0},
            "tuning.time_limit_seconds=0: .*tuning.time_limit_seconds=null",
        ),
        ({"objectives": ["kendal_tau"]}, "did you mean 'kendall_tau'"),
        ({"objectives": ["fit_seconds"]}, "kendall_tau is not among them"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Tuner(RandomSampler, **options)
