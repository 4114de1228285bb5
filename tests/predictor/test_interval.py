"""Tests of intervals from held-out residuals, and of their place in a saved predictor."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.base import RegressorMixin
from sklearn.linear_model import BayesianRidge, Ridge

from hwnas.encoding import OneHot, Operations
from hwnas.errors import UserError
from hwnas.predictor import Predictor, fewest_residuals, load_predictor
from hwnas.predictor._interval import Residuals
from hwnas.predictor.lut import LookupTable
from hwnas.space import NASBench201
from tests.predictor.members import HELD_OUT, draw, noisy

SPACE = NASBench201()
SAVED = Path(__file__).parent / "saved"
X = draw(SPACE, 60, seed=0)
Y = noisy(SPACE, X, seed=0)


def ridge(n: int = 60) -> Predictor:
    return Predictor(SPACE, OneHot(), Ridge()).fit(X[:n], Y[:n])


def test_interval_exchangeable_residuals_hold_exactly_the_coverage() -> None:
    # 49 residuals and a new one: it lies within the 40th smallest with probability 40/50.
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        drawn = rng.standard_cauchy(50)
        residuals = Residuals(np.zeros(49), drawn[:49], folds=None)
        lower, upper = residuals.interval(np.zeros(1), coverage=0.8)
        held += bool(lower[0] <= drawn[49] <= upper[0])
    low, high = binom(2000, 0.8).interval(0.999)
    assert low <= held <= high


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_interval_fewer_residuals_than_needed_is_infinite(coverage: float) -> None:
    n = fewest_residuals(coverage)
    enough = Residuals(np.zeros(n), np.ones(n), folds=5)
    assert enough.interval(np.zeros(2), coverage)[1].tolist() == [1.0, 1.0]
    few = Residuals(np.zeros(n - 1), np.ones(n - 1), folds=5) if n > 1 else None
    if few is not None:
        assert few.interval(np.zeros(2), coverage)[0].tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("model", [Ridge(), BayesianRidge()])
def test_predict_with_bounds_and_its_interval_lie_within_them(
    model: RegressorMixin, tmp_path: Path
) -> None:
    low, high = np.quantile(Y, [0.3, 0.7])
    free = Predictor(SPACE, OneHot(), model).fit(X, Y).calibrate()
    bounded = Predictor(SPACE, OneHot(), model, bounds=(low, high)).fit(X, Y).calibrate()
    bounded.save(tmp_path / "bounded.hwnas")
    loaded = load_predictor(tmp_path / "bounded.hwnas")
    expected = free.predict(HELD_OUT)
    assert ((expected < low) | (expected > high)).any()
    assert np.array_equal(loaded.predict(HELD_OUT), np.clip(expected, low, high))
    for bound in loaded.predict_interval(HELD_OUT):
        assert (low <= bound).all()
        assert (bound <= high).all()


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, 90.0])
def test_predict_interval_coverage_outside_0_to_1_raises(coverage: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        ridge().predict_interval(HELD_OUT, coverage)


def test_predict_interval_not_calibrated_calibrates_first() -> None:
    lazy, explicit = ridge(), ridge().calibrate()
    assert lazy.interval_source_ is None
    bounds = lazy.predict_interval(HELD_OUT)
    np.testing.assert_array_equal(bounds, explicit.predict_interval(HELD_OUT))
    assert lazy.interval_source_ == "conformal, 5 folds, 60 residuals"


def test_calibrate_shuffled_rows_gives_the_same_interval() -> None:
    order = np.random.default_rng(4).permutation(len(X))
    shuffled = Predictor(SPACE, OneHot(), Ridge()).fit(X[order], Y[order])
    np.testing.assert_array_equal(
        shuffled.predict_interval(HELD_OUT), ridge().predict_interval(HELD_OUT)
    )


def test_calibrate_equal_functions_are_in_one_fold() -> None:
    # A copy in another fold would be predicted by a model that was fitted to its twin.
    twins = np.repeat(X[:10], 2, axis=0)
    values = np.repeat(Y[:10], 2)
    predictor = Predictor(SPACE, OneHot(), Ridge(alpha=1e-9)).fit(twins, values).calibrate()
    assert predictor.residuals_ is not None
    errors = np.abs(predictor.residuals_.measured - predictor.residuals_.predicted)
    assert errors.min() > 1e-3
    assert np.abs(predictor.predict(twins) - values).max() < 1e-3


def test_calibrate_one_function_raises() -> None:
    dead = SPACE.enumerate()[:1].repeat(10, axis=0)
    with pytest.raises(UserError, match=r"of one function.*Try: predictor\.calibrate_on"):
        Predictor(SPACE, OneHot(), Ridge()).fit(dead, np.arange(10.0)).calibrate()


def test_fit_again_forgets_the_residuals() -> None:
    predictor = ridge().calibrate()
    predictor.fit(X[:30], Y[:30])
    assert predictor.residuals_ is None
    predictor.predict_interval(HELD_OUT)
    assert predictor.interval_source_ == "conformal, 5 folds, 30 residuals"


def test_predict_interval_lookup_table_needs_further_measurements() -> None:
    lut = Predictor(SPACE, Operations(), LookupTable())
    design = lut.training_design()
    assert design is not None
    lut.fit(design, noisy(SPACE, design, seed=1))
    with pytest.raises(UserError, match=r"25 training measurements.*calibrate_on") as caught:
        lut.predict_interval(HELD_OUT)
    assert "\n" not in str(caught.value)
    lower, upper = lut.calibrate_on(X, Y).predict_interval(HELD_OUT)
    assert (lower < upper).all()
    assert lut.interval_source_ == "split conformal, 60 held-out measurements"


class TestSaved:
    def test_load_predictor_calibrated_gives_the_same_interval(self, tmp_path: Path) -> None:
        saved = ridge().calibrate()
        saved.save(tmp_path / "one.hwnas")
        loaded = load_predictor(tmp_path / "one.hwnas")
        assert loaded.interval_source_ == saved.interval_source_
        np.testing.assert_array_equal(
            loaded.predict_interval(HELD_OUT), saved.predict_interval(HELD_OUT)
        )

    @pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
    def test_predict_interval_older_file_without_residuals_raises(self, version: str) -> None:
        old = load_predictor(SAVED / f"{version}-ridge.hwnas")
        with pytest.raises(UserError, match=r"saved without residuals.*Try: predictor\.calib") as e:
            old.predict_interval(HELD_OUT)
        assert "\n" not in str(e.value)

    def test_predict_interval_older_file_with_own_distribution_works(self) -> None:
        lower, upper = load_predictor(SAVED / "0.1.0-gp.hwnas").predict_interval(HELD_OUT)
        assert (lower < upper).all()

    @pytest.mark.parametrize(
        "residuals",
        [
            {"predicted": [1.0], "measured": [1.0, 2.0], "folds": 5},
            {"predicted": [{"$float": "nan"}], "measured": [1.0], "folds": 5},
            {"predicted": [1.0], "measured": [1.0], "folds": "five"},
            {"predicted": [], "measured": [], "folds": 5},
        ],
    )
    def test_load_predictor_damaged_residuals_raises(
        self, residuals: dict[str, object], tmp_path: Path
    ) -> None:
        path = tmp_path / "one.hwnas"
        ridge().save(path)
        with zipfile.ZipFile(path) as file:
            contents = {name: file.read(name) for name in file.namelist()}
        document = json.loads(contents["predictor.json"])
        document["predictor"]["$estimator"]["fitted"]["residuals"] = residuals
        contents["predictor.json"] = json.dumps(document).encode()
        with zipfile.ZipFile(path, "w") as file:
            for name, content in contents.items():
                file.writestr(name, content)
        with pytest.raises(UserError, match="does not hold a predictor"):
            load_predictor(path)
