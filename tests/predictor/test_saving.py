"""Saving and loading of predictors, in this process and in another one."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion

from hwnas.encoding import OneHot, OperationCounts
from hwnas.errors import UserError
from hwnas.predictor import Predictor, build, load_predictor
from hwnas.space import FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro
from tests.predictor.members import HELD_OUT, Member, additive, draw, fitted, members, training
from tests.predictor.saved_files import FOLDER, KEPT, predicted

#: Models of libraries that no file in conf/ names, with parameters that need special handling.
OTHER_MODELS: dict[str, dict[str, Any]] = {
    "lightgbm.LGBMRegressor": {"boosting_type": "dart", "min_data_in_leaf": 2, "verbose": -1},
    "sklearn.cross_decomposition.PLSRegression": {},
    "sklearn.ensemble.ExtraTreesRegressor": {"n_estimators": 5, "random_state": 0},
    "sklearn.kernel_ridge.KernelRidge": {"kernel": "rbf"},
    "sklearn.linear_model.ARDRegression": {},
    "sklearn.linear_model.ElasticNet": {"alpha": 0.01},
    "sklearn.linear_model.ElasticNetCV": {},
    "sklearn.linear_model.HuberRegressor": {"max_iter": 1000},
    "sklearn.linear_model.Lars": {"n_nonzero_coefs": 5},
    "sklearn.linear_model.Lasso": {"alpha": 0.01},
    "sklearn.linear_model.LassoCV": {},
    "sklearn.linear_model.LassoLars": {"alpha": 0.01},
    "sklearn.linear_model.OrthogonalMatchingPursuit": {},
    "sklearn.linear_model.QuantileRegressor": {"alpha": 0.001},
    "sklearn.linear_model.RidgeCV": {},
    "sklearn.linear_model.SGDRegressor": {"random_state": 0},
    "sklearn.linear_model.TheilSenRegressor": {"random_state": 0, "max_subpopulation": 50},
    "sklearn.neighbors.KNeighborsRegressor": {"weights": "distance"},
    "sklearn.neural_network.MLPRegressor": {"random_state": 0, "max_iter": 20},
    "sklearn.svm.LinearSVR": {"random_state": 0},
    "sklearn.svm.NuSVR": {"kernel": "poly"},
    "sklearn.tree.DecisionTreeRegressor": {"max_leaf_nodes": 6},
    "sklearn.tree.ExtraTreeRegressor": {"random_state": 0},
    "xgboost.XGBRegressor": {"booster": "dart", "n_estimators": 5},
}


def ridge() -> Predictor:
    X = draw(NASBench201(), 40, seed=0)
    return Predictor(NASBench201(), OneHot(), Ridge()).fit(X, additive(NASBench201(), X))


@pytest.mark.thorough
@pytest.mark.parametrize("member", members(), ids=str)
def test_load_predictor_in_another_process_predicts_the_same(
    member: Member, other_process: Path
) -> None:
    expected = predicted(fitted(member), HELD_OUT)
    with np.load(other_process / "loaded.npz") as arrays:
        np.testing.assert_allclose(arrays[str(member)], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("member", members(), ids=str)
def test_load_predictor_loaded_member_can_be_cloned_and_saved_again(
    member: Member, tmp_path: Path
) -> None:
    fitted(member).save(tmp_path / "first.hwnas")
    loaded = load_predictor(tmp_path / "first.hwnas")
    assert repr(clone(loaded)) == repr(clone(fitted(member)))
    loaded.save(tmp_path / "second.hwnas")
    again = load_predictor(tmp_path / "second.hwnas")
    np.testing.assert_array_equal(predicted(again, HELD_OUT), predicted(loaded, HELD_OUT))


@pytest.mark.parametrize("name", ["best", "gp", "lgb", "mlp_small", "ngb", "rf", "xgb"])
def test_fit_loaded_predictor_predicts_like_a_new_one(name: str, tmp_path: Path) -> None:
    original = fitted(Member(name, "default"))
    original.save(tmp_path / "any.hwnas")
    loaded = load_predictor(tmp_path / "any.hwnas")
    X, y = training(loaded, n=40, seed=5)
    loaded.fit(X, 100 - y).fit(*training(loaded))
    np.testing.assert_array_equal(loaded.predict(HELD_OUT), original.predict(HELD_OUT))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("target", OTHER_MODELS)
def test_load_predictor_library_model_predicts_the_same(target: str, tmp_path: Path) -> None:
    model = {"_target_": target, **OTHER_MODELS[target]}
    predictor = build({"_target_": "hwnas.encoding.Structure"}, model, NASBench201(), seed=0)
    predictor.fit(*training(predictor))
    predictor.save(tmp_path / "model.hwnas")
    loaded = load_predictor(tmp_path / "model.hwnas")
    np.testing.assert_array_equal(loaded.predict(HELD_OUT), predictor.predict(HELD_OUT))
    # The model does not predict the mean of the training measurements for all architectures.
    assert np.ptp(loaded.predict(HELD_OUT)) > 0.1


@pytest.mark.parametrize("space", [TransNASMicro(), TransNASMacro(), FBNet()], ids=repr)
@pytest.mark.parametrize("name", ["best", "lut", "rf"])
def test_load_predictor_any_space_restores_the_space(
    name: str, space: SearchSpace, tmp_path: Path
) -> None:
    predictor = Member(name, "default").build(space)
    predictor.fit(*training(predictor, n=20))
    predictor.save(tmp_path / "any.hwnas")
    loaded = load_predictor(tmp_path / "any.hwnas")
    held_out = draw(space, 20, seed=1)
    assert loaded.space == space
    np.testing.assert_array_equal(predicted(loaded, held_out), predicted(predictor, held_out))


@pytest.mark.parametrize("name", ["best", "gp"])
def test_save_gaussian_process_holds_no_square_matrix(name: str, tmp_path: Path) -> None:
    n = 300
    predictor = Member(name, "default").build()
    predictor.fit(*training(predictor, n=n))
    predictor.save(tmp_path / "process.hwnas")
    assert (tmp_path / "process.hwnas").stat().st_size < 8 * n * n / 20


@pytest.mark.slow
@pytest.mark.parametrize("member", members(), ids=str)
def test_save_1366_measurements_takes_5_mb_and_loads_in_a_second(
    member: Member, tmp_path: Path
) -> None:
    config = member.config
    predictor = build(config.encoding, config.predictor.model, NASBench201(), seed=0)
    X, y = training(predictor, n=1366)
    # With noise a tree needs a leaf for every measurement.
    predictor.fit(X, y + np.random.default_rng(0).normal(size=len(y)))
    file = tmp_path / "full.hwnas"
    predictor.save(file)
    assert file.stat().st_size < 5e6
    # Of this process: others may be busy.
    start = time.process_time()
    loaded = load_predictor(file)
    assert time.process_time() - start < 1
    np.testing.assert_allclose(predicted(loaded, HELD_OUT), predicted(predictor, HELD_OUT))


@pytest.mark.slow
def test_save_forest_of_15000_measurements_takes_30_mb(tmp_path: Path) -> None:
    config = Member("rf", "default").config
    predictor = build(config.encoding, config.predictor.model, NASBench201(), seed=0)
    X, y = training(predictor, n=15_000)
    predictor.fit(X, y + np.random.default_rng(0).normal(size=len(y)))
    predictor.save(tmp_path / "full.hwnas")
    assert (tmp_path / "full.hwnas").stat().st_size < 30e6


class TestMetadata:
    def test_load_predictor_metadata_equals_saved(self, tmp_path: Path) -> None:
        metadata = {
            "metric": "latency",
            "unit": "ms",
            "scores": {"kendall": 0.9, "undefined": float("nan")},
            "sizes": [5, 11],
        }
        ridge().save(tmp_path / "m.hwnas", metadata=metadata)
        loaded = load_predictor(tmp_path / "m.hwnas").metadata_
        assert np.isnan(loaded["scores"].pop("undefined"))
        del metadata["scores"]["undefined"]  # type: ignore[attr-defined]
        assert loaded == metadata

    def test_save_loaded_predictor_adds_metadata_and_fit_empties_it(self, tmp_path: Path) -> None:
        file = tmp_path / "m.hwnas"
        ridge().save(file, metadata={"unit": "ms"})
        loaded = load_predictor(file)
        loaded.save(file, metadata={"metric": "latency"})
        assert load_predictor(file).metadata_ == {"unit": "ms", "metric": "latency"}
        loaded.fit(HELD_OUT, additive(NASBench201(), HELD_OUT))
        assert loaded.metadata_ == {}

    def test_save_function_in_metadata_raises(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"metadata\['score'\] is of type builtins.function"):
            ridge().save(tmp_path / "m.hwnas", metadata={"score": additive})


class TestFile:
    def test_save_equal_predictors_gives_equal_bytes(self, tmp_path: Path) -> None:
        for name in "ab":
            ridge().save(tmp_path / name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_save_any_member_names_no_private_module(self, tmp_path: Path) -> None:
        for member in members():
            fitted(member).save(tmp_path / str(member))
            with zipfile.ZipFile(tmp_path / str(member)) as file:
                document = file.read("predictor.json").decode()
            types = {part.split('"')[0] for part in document.split('"type": "')[1:]}
            assert types
            assert not [word for word in types if "._" in word]
            assert json.loads(document)["format"] == "hwnas predictor"

    def test_load_predictor_float32_weights_stay_float32(self, tmp_path: Path) -> None:
        fitted(Member("mlp_small", "default")).save(tmp_path / "mlp")
        loaded = load_predictor(tmp_path / "mlp")
        assert {weight.dtype for weight in loaded.pipeline_[-1].weights_} == {np.dtype("float32")}

    def test_load_predictor_forest_feature_importances_are_nan(self, tmp_path: Path) -> None:
        fitted(Member("rf", "default")).save(tmp_path / "rf")
        loaded = load_predictor(tmp_path / "rf")
        assert np.isnan(loaded.pipeline_[-1].feature_importances_).all()

    def test_load_predictor_feature_union_predicts_the_same(self, tmp_path: Path) -> None:
        union = FeatureUnion([("a", OneHot()), ("b", OperationCounts())])
        X = draw(NASBench201(), 40, seed=0)
        predictor = Predictor(NASBench201(), union, Ridge()).fit(X, additive(NASBench201(), X))
        predictor.save(tmp_path / "union")
        loaded = load_predictor(tmp_path / "union")
        np.testing.assert_array_equal(loaded.predict(HELD_OUT), predictor.predict(HELD_OUT))

    def test_save_and_load_path_with_tilde_uses_home_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        ridge().save("~/mine.hwnas")
        assert (tmp_path / "mine.hwnas").is_file()
        assert load_predictor("~/mine.hwnas").space == NASBench201()

    def test_save_folder_cannot_be_created_raises(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(UserError, match="cannot be written"):
            ridge().save(tmp_path / "file" / "mine.hwnas")

    def test_save_unfitted_predictor_raises(self, tmp_path: Path) -> None:
        with pytest.raises(NotFittedError):
            clone(ridge()).save(tmp_path / "unfitted.hwnas")

    def test_save_unsupported_model_raises_with_attribute_and_writes_nothing(
        self, tmp_path: Path
    ) -> None:
        X = draw(NASBench201(), 40, seed=0)
        predictor = Predictor(NASBench201(), OneHot(), GradientBoostingRegressor())
        predictor.fit(X, additive(NASBench201(), X))
        with pytest.raises(UserError, match=r"GradientBoostingRegressor\._") as refusal:
            predictor.save(tmp_path / "boosting.hwnas")
        assert "saved_state" in str(refusal.value)
        assert not list(tmp_path.iterdir())


class TestKeptFiles:
    """Files that this and earlier versions wrote, see `tests/predictor/saved_files.py`."""

    @pytest.mark.parametrize("file", sorted(FOLDER.glob("*.hwnas")), ids=lambda file: file.stem)
    def test_load_predictor_file_of_any_version_predicts_the_same(self, file: Path) -> None:
        predictor = load_predictor(file)
        known = predictor.metadata_
        # Other processors may round 32-bit numbers differently.
        np.testing.assert_allclose(
            predicted(predictor, known["architectures"]), known["predicted"], rtol=1e-5
        )

    def test_kept_files_cover_all_kinds_and_take_300_kb(self) -> None:
        kept = {file.stem.partition("-")[2] for file in FOLDER.glob("*.hwnas")}
        assert kept >= set(KEPT)
        assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 300_000
