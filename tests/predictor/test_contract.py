"""What every predictor keeps to, found by glob, in every preset."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from omegaconf import OmegaConf
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
    training,
)

#: (predictor, check): why it need not hold.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("svr", "global generator"): "scikit-learn draws a seed from it that LIBSVM does not use here",
}

SPACES = [NASBench201(), TransNASMicro(), TransNASMacro(), FBNet()]


def test_members_are_found_and_named_after_their_file() -> None:
    names = [path.stem for path in FOLDER.glob("*.yaml")]
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
def other_process(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float64]]:
    """Predictions of all members, fitted in a process of their own."""
    file = tmp_path_factory.mktemp("contract") / "predictions.npz"
    subprocess.run(
        [sys.executable, "-m", "tests.predictor.members", str(file)],
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    with np.load(file) as arrays:
        return dict(arrays)


class TestContract:
    """scikit-learn's contract for regressors, and this project's."""

    def test_clone_is_alike_and_unfitted(self, fitted: Predictor) -> None:
        copy = clone(fitted)
        assert not hasattr(copy, "pipeline_")
        assert repr(copy) == repr(fitted)

    def test_constructor_only_stores(self, member: Member) -> None:
        predictor = member.build()
        for part in (predictor, predictor.encoding, predictor.model):
            parameters = part.get_params(deep=False)
            copy = type(part)(**parameters)
            for name, value in copy.get_params(deep=False).items():
                assert value is parameters[name], f"{type(part).__name__}.{name}"
            if type(part).__module__.startswith("hwnas"):
                assert set(vars(copy)) == set(parameters)

    def test_parameters_round_trip(self, member: Member) -> None:
        predictor = member.build()
        parameters = predictor.get_params(deep=True)
        copy = clone(predictor).set_params(**parameters)
        assert repr(copy) == repr(predictor)

    def test_search_space_is_of_real_parameters_around_the_defaults(self, member: Member) -> None:
        # Tuning's first trial is the defaults, so they must be among what it can draw.
        config = member.config
        built = build(config.encoding, config.predictor.model, NASBench201(), seed=0)
        known = built.get_params(deep=True)
        for parameter in read(config.predictor.search_space):
            path = parameter_path(parameter.name)
            assert path in known
            assert parameter.stored(known[path]) is not None, f"{path}={known[path]}"

    def test_refit_forgets(self, member: Member, fitted: Predictor) -> None:
        predictor = member.build()
        X, y = training(predictor, n=40, seed=5)
        predictor.fit(X, 100 - y)
        predictor.fit(*training(predictor))
        np.testing.assert_array_equal(predictor.predict(HELD_OUT), fitted.predict(HELD_OUT))

    def test_fit_returns_itself_and_leaves_all_else_alone(self, member: Member) -> None:
        predictor = member.build()
        parameters = repr(predictor)
        generator = np.random.get_state(legacy=False)  # noqa: NPY002 (what must not change)
        assert predictor.fit(*training(predictor, n=20)) is predictor
        assert repr(predictor) == parameters
        if (member.name, "global generator") not in EXCEPTIONS:
            after = np.random.get_state(legacy=False)  # noqa: NPY002
            np.testing.assert_equal(after, generator)

    def test_row_order_does_not_matter(self, member: Member, fitted: Predictor) -> None:
        predictor = member.build()
        X, y = training(predictor)
        order = np.random.default_rng(4).permutation(len(X))
        predictor.fit(X[order], y[order])
        np.testing.assert_array_equal(predictor.predict(HELD_OUT), fitted.predict(HELD_OUT))

    def test_pickle_round_trip(self, fitted: Predictor) -> None:
        copy = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(copy.predict(HELD_OUT), fitted.predict(HELD_OUT))

    def test_same_seed_same_result_in_another_process(
        self, member: Member, fitted: Predictor, other_process: dict[str, NDArray[np.float64]]
    ) -> None:
        np.testing.assert_array_equal(fitted.predict(HELD_OUT), other_process[str(member)])

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_refuses_values_that_are_not_finite(self, member: Member, value: float) -> None:
        predictor = member.build()
        X, y = training(predictor)
        y[3] = value
        with pytest.raises(ValueError, match=f"1 of {len(y)} training measurements"):
            predictor.fit(X, y)

    def test_refuses_wrong_shapes_and_indices(self, fitted: Predictor) -> None:
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

    def test_predicts_every_row_by_itself(self, fitted: Predictor) -> None:
        alone = [float(fitted.predict(row[None])[0]) for row in HELD_OUT[:3]]
        np.testing.assert_allclose(fitted.predict(HELD_OUT)[:3], alone, rtol=1e-4)

    def test_knows_its_uncertainty_or_says_that_it_does_not(self, fitted: Predictor) -> None:
        if not fitted.knows_uncertainty:
            with pytest.raises(ValueError, match="does not know its uncertainty"):
                fitted.predict(HELD_OUT, return_std=True)
            return
        predicted, std = fitted.predict(HELD_OUT, return_std=True)
        np.testing.assert_allclose(predicted, fitted.predict(HELD_OUT), rtol=1e-6)
        assert std.shape == predicted.shape
        assert np.isfinite(std).all()
        assert (std > 0).all()

    def test_predicts_better_than_the_mean(self, fitted: Predictor) -> None:
        y = additive(fitted.space, HELD_OUT)
        predicted = fitted.predict(HELD_OUT)
        assert predicted.dtype == np.float64
        assert predicted.shape == y.shape
        assert np.sqrt(np.mean((predicted - y) ** 2)) < 0.9 * y.std()

    def test_unit_of_the_metric_does_not_matter(self, member: Member, fitted: Predictor) -> None:
        # Milliseconds or seconds: standardised values are the same up to rounding.
        predictor = member.build()
        X, y = training(predictor)
        in_seconds = predictor.fit(X, y / 1024).predict(HELD_OUT)
        np.testing.assert_allclose(in_seconds * 1024, fitted.predict(HELD_OUT), rtol=1e-6)

    @pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space.name))
    def test_fits_every_space_or_names_those_it_does(
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
