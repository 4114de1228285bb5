"""The contract of all predictors; each file of conf/predictor is tested."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf
from scipy.stats import betabinom
from sklearn.base import clone

from hwnas.errors import UserError
from hwnas.predictor import Predictor, build
from hwnas.space import CellSpace, FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro
from hwnas.tuning._result import parameter_path
from hwnas.tuning._search_space import read
from tests.predictor.members import (
    FOLDER,
    HELD_OUT,
    Member,
    additive,
    draw,
    fitted,
    members,
    noisy,
    training,
)

#: Checks that a predictor may fail, with the reason: {(predictor, check): reason}.
EXCEPTIONS: dict[tuple[str, str], str] = {
    (
        "svr",
        "global generator",
    ): "scikit-learn draws a seed from it, which LIBSVM does not use here",
}

SPACES = [NASBench201(), TransNASMicro(), TransNASMacro(), FBNet()]


def test_predictor_yaml_name_equals_file_name() -> None:
    names = [path.stem for path in FOLDER.glob("[!_]*.yaml")]
    assert len(names) >= 10
    for name in names:
        assert OmegaConf.load(FOLDER / f"{name}.yaml").name == name
    assert {name for name, _ in EXCEPTIONS} <= set(names)


@pytest.fixture(scope="module", params=members(), ids=str)
def member(request: pytest.FixtureRequest) -> Member:
    found: Member = request.param
    return found


@pytest.fixture(scope="module", name="fitted")
def fitted_member(member: Member) -> Predictor:
    return fitted(member)


@pytest.fixture(scope="module")
def calibrated(member: Member) -> Predictor:
    """Return the member, fitted to noisy measurements and calibrated where it needs that."""
    predictor = member.build()
    X, _ = training(predictor)
    predictor.fit(X, noisy(predictor.space, X, seed=1))
    if predictor.training_design() is None:
        return predictor.calibrate(folds=3)
    more = draw(predictor.space, 60, seed=3)
    return predictor.calibrate_on(more, noisy(predictor.space, more, seed=3))


class TestContract:
    """The contract of scikit-learn for regressors and that of this project."""

    def test_clone_fitted_predictor_is_equal_and_unfitted(self, fitted: Predictor) -> None:
        copy = clone(fitted)
        assert not hasattr(copy, "pipeline_")
        assert repr(copy) == repr(fitted)

    def test_constructor_any_parameters_stores_them_unchanged(self, member: Member) -> None:
        predictor = member.build()
        for part in (predictor, predictor.encoding, predictor.model):
            parameters = part.get_params(deep=False)
            copy = type(part)(**parameters)
            for name, value in copy.get_params(deep=False).items():
                assert value is parameters[name], f"{type(part).__name__}.{name}"
            if type(part).__module__.startswith("hwnas"):
                assert set(vars(copy)) == set(parameters)

    def test_set_params_result_of_get_params_changes_nothing(self, member: Member) -> None:
        predictor = member.build()
        parameters = predictor.get_params(deep=True)
        copy = clone(predictor).set_params(**parameters)
        assert repr(copy) == repr(predictor)

    def test_search_space_parameters_exist_and_ranges_contain_the_defaults(
        self, member: Member
    ) -> None:
        # The first trial of tuning has the default values, so the ranges must contain them.
        config = member.config
        built = build(config.encoding, config.predictor.model, NASBench201(), seed=0)
        known = built.get_params(deep=True)
        for parameter in read(config.predictor.search_space):
            path = parameter_path(parameter.name)
            assert path in known
            assert parameter.stored(known[path]) is not None, f"{path}={known[path]}"

    def test_fit_second_time_forgets_the_first(self, member: Member, fitted: Predictor) -> None:
        predictor = member.build()
        X, y = training(predictor, n=40, seed=5)
        predictor.fit(X, 100 - y)
        predictor.fit(*training(predictor))
        np.testing.assert_array_equal(predictor.predict(HELD_OUT), fitted.predict(HELD_OUT))

    def test_fit_returns_self_and_keeps_parameters_and_global_generator(
        self, member: Member
    ) -> None:
        predictor = member.build()
        parameters = repr(predictor)
        generator = np.random.get_state(legacy=False)  # noqa: NPY002 (the generator that must not change)
        assert predictor.fit(*training(predictor, n=20)) is predictor
        assert repr(predictor) == parameters
        if (member.name, "global generator") not in EXCEPTIONS:
            after = np.random.get_state(legacy=False)  # noqa: NPY002
            np.testing.assert_equal(after, generator)

    def test_fit_shuffled_rows_predicts_the_same(self, member: Member, fitted: Predictor) -> None:
        predictor = member.build()
        X, y = training(predictor)
        order = np.random.default_rng(4).permutation(len(X))
        predictor.fit(X[order], y[order])
        np.testing.assert_array_equal(predictor.predict(HELD_OUT), fitted.predict(HELD_OUT))

    def test_pickle_fitted_predictor_predicts_the_same(self, fitted: Predictor) -> None:
        copy = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(copy.predict(HELD_OUT), fitted.predict(HELD_OUT))

    @pytest.mark.thorough
    def test_fit_same_seed_in_another_process_predicts_the_same(
        self, member: Member, fitted: Predictor, other_process: Path
    ) -> None:
        with np.load(other_process / "fitted.npz") as arrays:
            np.testing.assert_array_equal(fitted.predict(HELD_OUT), arrays[str(member)])

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_fit_value_not_finite_raises(self, member: Member, value: float) -> None:
        predictor = member.build()
        X, y = training(predictor)
        y[3] = value
        with pytest.raises(ValueError, match=f"1 of {len(y)} training measurements"):
            predictor.fit(X, y)

    def test_fit_and_predict_wrong_shape_or_index_raises(self, fitted: Predictor) -> None:
        X, y = training(fitted)
        unfitted = clone(fitted)
        for wrong_X, wrong_y in [
            (X[:, :5], y),
            (X, y[:-1]),
            (X, y[:, None]),
            (X[0], y),
            (X[:0], y[:0]),
            (X + 0.5, y),
            (X + 5, y),
        ]:
            with pytest.raises(ValueError, match=r".+"):
                unfitted.fit(wrong_X, wrong_y)
        with pytest.raises(ValueError, match="expected shape"):
            fitted.predict(X[:, :5])

    def test_predict_single_row_equals_row_among_many(self, fitted: Predictor) -> None:
        alone = [float(fitted.predict(row[None])[0]) for row in HELD_OUT[:3]]
        np.testing.assert_allclose(fitted.predict(HELD_OUT)[:3], alone, rtol=1e-4)

    def test_predict_return_std_gives_positive_std_or_raises(self, fitted: Predictor) -> None:
        if not fitted.knows_uncertainty:
            with pytest.raises(ValueError, match="cannot return standard deviations"):
                fitted.predict(HELD_OUT, return_std=True)
            return
        predicted, std = fitted.predict(HELD_OUT, return_std=True)
        np.testing.assert_allclose(predicted, fitted.predict(HELD_OUT), rtol=1e-6)
        assert std.shape == predicted.shape
        assert np.isfinite(std).all()
        assert (std > 0).all()

    def test_predict_interval_any_predictor_is_ordered_repeatable_and_named(
        self, calibrated: Predictor
    ) -> None:
        narrow = calibrated.predict_interval(HELD_OUT, coverage=0.5)
        wide = calibrated.predict_interval(HELD_OUT, coverage=0.9)
        for lower, upper in (narrow, wide):
            assert lower.shape == upper.shape == (len(HELD_OUT),)
            assert np.isfinite(lower).all()
            assert (lower < upper).all()
        assert (wide[0] <= narrow[0]).all()
        assert (narrow[1] <= wide[1]).all()
        np.testing.assert_array_equal(calibrated.predict_interval(HELD_OUT, coverage=0.5), narrow)
        own = calibrated.interval_source_ == "predictive distribution"
        assert own == calibrated.has_own_interval

    def test_predict_interval_from_residuals_holds_its_coverage(
        self, calibrated: Predictor
    ) -> None:
        if calibrated.residuals_ is None:
            # The model states its own uncertainty. A result says how often its intervals hold.
            assert calibrated.has_own_interval
            return
        X = draw(calibrated.space, 400, seed=1)
        lower, upper = calibrated.predict_interval(X, coverage=0.9)
        true = noisy(calibrated.space, X, seed=2)
        n_held = int(((lower <= true) & (true <= upper)).sum())
        # Of n exchangeable residuals the k-th smallest covers a new one with the probability
        # Beta(k, n + 1 - k).
        n = len(calibrated.residuals_)
        k = int(np.ceil(0.9 * (n + 1)))
        assert n_held >= betabinom(len(X), k, n + 1 - k).ppf(0.001)

    def test_predict_held_out_architectures_is_better_than_the_mean(
        self, fitted: Predictor
    ) -> None:
        y = additive(fitted.space, HELD_OUT)
        predicted = fitted.predict(HELD_OUT)
        assert predicted.dtype == np.float64
        assert predicted.shape == y.shape
        assert np.sqrt(np.mean((predicted - y) ** 2)) < 0.9 * y.std()

    def test_fit_values_in_another_unit_predicts_the_same(
        self, member: Member, fitted: Predictor
    ) -> None:
        # Standardised values do not depend on the unit, up to rounding.
        predictor = member.build()
        X, y = training(predictor)
        in_seconds = predictor.fit(X, y / 1024).predict(HELD_OUT)
        np.testing.assert_allclose(in_seconds * 1024, fitted.predict(HELD_OUT), rtol=1e-6)

    @pytest.mark.thorough
    @pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space.name))
    def test_build_any_space_fits_or_raises_with_supported_spaces(
        self, member: Member, space: SearchSpace
    ) -> None:
        if not isinstance(space, CellSpace) and member.needs_cells:
            with pytest.raises(UserError, match="only on nasbench201, transnas_micro") as refusal:
                member.build(space)
            assert "\n" not in str(refusal.value)
            return
        predictor = member.build(space)
        X, y = training(predictor, n=5)
        held_out = draw(space, 5, seed=2)
        assert np.isfinite(predictor.fit(X, y).predict(held_out)).all()
