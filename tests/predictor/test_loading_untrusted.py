"""A file from a stranger names nothing that is run, and misleads no compiled code."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwnas.encoding import OneHot
from hwnas.errors import UserError
from hwnas.predictor import Predictor, load_predictor
from hwnas.space import NASBench201
from tests.commands import python
from tests.predictor.crafted import crafted, model, refused
from tests.predictor.members import HELD_OUT, Member, additive, fitted


def test_good_file_is_loaded(good: Path) -> None:
    assert load_predictor(good).predict(HELD_OUT).shape == (len(HELD_OUT),)
    assert load_predictor(crafted(good, lambda *_: None)).space == NASBench201()


class TestNames:
    """What a file may name."""

    @pytest.mark.parametrize(
        "name",
        [
            "os.system",
            "subprocess.Popen",
            "builtins.eval",
            "hwnas.cli.main",
            "hwnas.predictor._archive.write",
            "hwnas.predictor.build",
            "hwnas.predictor.ngboost.NGBRegressor",
            "hwnas.predictor.best._estimator.Best",
            "sklearn.linear_model._ridge.Ridge",
            "sklearn.pipeline.Pipeline",
            "numpy.load",
            "Ridge",
            "",
            None,
            ["os", "system"],
            "os.system\n\x1b[31m",
        ],
    )
    def test_name_that_is_not_allowed_is_refused(self, good: Path, name: Any) -> None:
        line = refused(crafted(good, lambda document, _: model(document).update(type=name)))
        assert "names " in line
        assert "trusted=[" in line

    def test_file_that_names_os_system_runs_nothing(
        self, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ran: list[object] = []
        monkeypatch.setattr(os, "system", ran.append)
        proof = f"touch {tmp_path / 'proof'}"

        def name_it(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document).update(type="os.system", parameters={"command": proof}, fitted={})

        bad = crafted(good, name_it)
        assert "'os.system'" in refused(bad)
        with pytest.raises(
            UserError, match=r"'os\.system' is not an importable scikit-learn estimator"
        ):
            load_predictor(bad, trusted=["os.system"])
        assert not ran
        assert not (tmp_path / "proof").exists()

    def test_module_of_a_name_that_is_not_allowed_is_not_imported(
        self, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
        monkeypatch.syspath_prepend(tmp_path)
        refused(crafted(good, lambda document, _: model(document).update(type="trap.Model")))
        assert "trap" not in sys.modules

    def test_class_of_another_kind_is_refused(self, good: Path) -> None:
        encoding = "hwnas.encoding.OneHot"
        node = {"$estimator": {"type": encoding, "parameters": {}, "fitted": {}}}
        bad = crafted(good, lambda document, _: document.update(predictor=node))
        assert "something other than a predictor" in refused(bad)

    def test_numbers_that_fit_one_architecture_only_are_refused(self, good: Path) -> None:
        def change(document: dict[str, Any], members: dict[str, bytes]) -> None:
            del members
            document["predictor"]["$estimator"]["fitted"]["mean"] = [0.0, 0.0, 0.0]

        assert "does not hold a predictor" in refused(crafted(good, change))

    def test_predictor_without_fitted_state_is_refused(self, good: Path) -> None:
        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            document["predictor"]["$estimator"]["fitted"] = {}

        assert "NotFittedError" in refused(crafted(good, change))

    @pytest.mark.parametrize("name", ["predict", "__class__", "__sklearn_tags__", "fit"])
    def test_attribute_that_replaces_a_method_is_refused(self, good: Path, name: str) -> None:
        bad = crafted(good, lambda document, _: model(document)["fitted"].update({name: 1}))
        assert "has no fitted attribute" in refused(bad)

    def test_unknown_parameter_is_refused(self, good: Path) -> None:
        bad = crafted(good, lambda document, _: model(document)["parameters"].update(shell=1))
        assert "shell" in refused(bad)


class TestTrusted:
    """A model of the user's own."""

    SOURCE = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

class Median(RegressorMixin, BaseEstimator):
    level_ = None

    def fit(self, X, y):
        self.level_, self.seen_ = float(np.median(y)), {len(X): (1, np.arange(3))}
        return self

    def predict(self, X):
        return np.full(len(X), self.level_)
"""

    @pytest.fixture
    def own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        package = tmp_path / "my_models"
        package.mkdir()
        (package / "_median.py").write_text(self.SOURCE)
        (package / "__init__.py").write_text("from my_models._median import Median")
        monkeypatch.syspath_prepend(tmp_path)
        for name in ("my_models", "my_models._median"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        from my_models import Median  # type: ignore[import-not-found]

        predictor = Predictor(NASBench201(), OneHot(), Median())
        predictor.fit(HELD_OUT, additive(NASBench201(), HELD_OUT))
        predictor.save(tmp_path / "own.hwnas")
        return tmp_path / "own.hwnas"

    def test_own_model_is_loaded_only_if_trusted(self, own: Path) -> None:
        assert "my_models._median.Median" in refused(own)
        for trusted in (["my_models.Median"], ["my_models._median.Median"], "my_models.Median"):
            loaded = load_predictor(own, trusted=trusted)
            median = float(np.median(additive(NASBench201(), HELD_OUT)))
            np.testing.assert_allclose(loaded.predict(HELD_OUT[:2]), median)
            [(size, (one, array))] = loaded.pipeline_[-1].seen_.items()
            assert (size, one, array.tolist()) == (len(HELD_OUT), 1, [0, 1, 2])

    @pytest.mark.parametrize("name", ["my_models.Mean", "no_such.Model", "Median", "os.system"])
    def test_trusted_name_that_is_no_estimator_is_refused(self, own: Path, name: str) -> None:
        with pytest.raises(UserError, match="not an importable scikit-learn estimator") as refusal:
            load_predictor(own, trusted=[name])
        assert refusal.value.remedy

    def test_library_that_trusted_model_lacks_is_said_as_it_is(
        self, own: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "needy.py").write_text("import no_such_library")
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            load_predictor(own, trusted=["needy.Model"])


class TestCompiledCode:
    """Numbers that would send compiled code outside of its memory, or in circles."""

    def changed_array(self, name: str, field: str, value: float, tmp_path: Path) -> str:
        """Return what is said of a forest whose column has another last number."""
        fitted(Member(name, "default")).save(tmp_path / "good.hwnas")

        def change(document: dict[str, Any], members: dict[str, bytes]) -> None:
            member = document["trees"][field]["$array"]
            column = np.load(io.BytesIO(members[member])).astype(np.int64)
            column[-1 if field.startswith("n_") else 0] = value
            stream = io.BytesIO()
            np.save(stream, column)
            members[member] = stream.getvalue()

        return refused(crafted(tmp_path / "good.hwnas", change))

    @pytest.mark.parametrize("name", ["rf", "ngb"])
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("left_child", 10**6),
            ("left_child", -3),
            ("right_child", 0),
            ("feature", 10**6),
            ("feature", -2),
            ("n_features", 10**6),
            ("n_nodes", 0),
            ("n_nodes", 10**12),
        ],
    )
    def test_broken_tree_is_refused(
        self, name: str, field: str, value: int, tmp_path: Path
    ) -> None:
        assert "a tree" in self.changed_array(name, field, value, tmp_path).replace(
            "trees", "a tree"
        )

    def test_forest_of_fewer_features_than_its_trees_is_refused(self, tmp_path: Path) -> None:
        fitted(Member("rf", "default")).save(tmp_path / "good.hwnas")

        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["fitted"]["n_features_in_"] = 1

        assert "another number of features" in refused(crafted(tmp_path / "good.hwnas", change))

    @pytest.mark.parametrize("attribute", ["support_", "support_vectors_", "_dual_coef_"])
    def test_support_vectors_that_do_not_fit_are_refused(
        self, attribute: str, tmp_path: Path
    ) -> None:
        fitted(Member("svr", "default")).save(tmp_path / "good.hwnas")

        def change(document: dict[str, Any], members: dict[str, bytes]) -> None:
            stream = io.BytesIO()
            np.save(stream, np.zeros((1, 1)))
            members[model(document)["fitted"][attribute]["$array"]] = stream.getvalue()

        assert "contradictory shapes" in refused(crafted(tmp_path / "good.hwnas", change))

    @pytest.mark.parametrize(
        ("name", "before", "after"),
        [
            ("lgb", "left_child=", "left_child=99999 "),
            ("lgb", "split_feature=", "split_feature=99999 "),
            ("lgb", "num_leaves=", "num_leaves=9"),
            ("lgb", "num_leaves=", "num_leaves=3\nnum_leaves="),
            ("lgb", "num_cat=0", "num_cat=1"),
            ("lgb", "Tree=1\n", "Tree=7\n"),
            ("xgb", '"left_children":[', '"left_children":[99999,'),
            ("xgb", '"left_children":[1', '"left_children":[0'),
            ("xgb", '"left_children":[1', '"left_children":[99999'),
            ("xgb", '"num_feature":"70"', '"num_feature":"2"'),
            ("xgb", '"num_nodes":"', '"num_nodes":"1'),
            ("xgb", '"tree_info":[0', '"tree_info":[5'),
            ("xgb", '"num_class":"0"', '"num_class":"3"'),
            ("xgb", '"iteration_indptr":[0,1', '"iteration_indptr":[0,99999'),
        ],
    )
    def test_broken_booster_is_refused(
        self, name: str, before: str, after: str, tmp_path: Path
    ) -> None:
        fitted(Member(name, "default")).save(tmp_path / "good.hwnas")

        def change(_: dict[str, Any], members: dict[str, bytes]) -> None:
            [text] = [member for member in members if member.startswith("texts/")]
            assert before.encode() in members[text]
            members[text] = members[text].replace(before.encode(), after.encode())

        line = refused(crafted(tmp_path / "good.hwnas", change))
        assert "a booster" in line or "a tree" in line or "trees" in line

    def test_booster_is_no_path(self, tmp_path: Path) -> None:
        fitted(Member("xgb", "default")).save(tmp_path / "good.hwnas")

        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["fitted"]["booster"] = "/etc/hostname"

        assert "JSONDecodeError" in refused(crafted(tmp_path / "good.hwnas", change))


class TestLibraries:
    @pytest.mark.thorough
    def test_library_that_is_not_installed_is_said_as_it_is(self, tmp_path: Path) -> None:
        libraries = {
            "lgb": "lightgbm",
            "mlp_small": "torch",
            "ngb": "ngboost",
            "xgb": "xgboost",
        }
        for name in libraries:
            fitted(Member(name, "default")).save(tmp_path / name)
        # In a process that has imported none of them yet.
        script = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {list(libraries.values())}:
            raise ModuleNotFoundError("not installed", name=name)
sys.meta_path.insert(0, Absent())
from hwnas.predictor import load_predictor
for name in {list(libraries)}:
    try:
        load_predictor({str(tmp_path)!r} + "/" + name)
    except ModuleNotFoundError as error:
        print(error.name)
"""
        done = python("-c", script)
        assert done.stdout.split() == list(libraries.values()), done.stderr

    def test_other_version_of_a_library_is_named_where_it_does_not_fit(self, good: Path) -> None:
        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["parameters"]["new_parameter"] = 1
            document["libraries"] = {"sklearn": "99.1.0"}

        line = refused(crafted(good, change))
        assert line.endswith("Try: pip install scikit-learn==99.1.0")

    @pytest.mark.parametrize(
        "libraries", [{"sklearn": "1; rm -rf ~"}, {"evil": "1.0"}, {"os": "1.0.0"}, {"sklearn": 1}]
    )
    def test_words_of_the_file_do_not_get_into_a_command(
        self, good: Path, libraries: dict[str, Any]
    ) -> None:
        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["parameters"]["new_parameter"] = 1
            document["libraries"] = libraries

        assert "pip install" not in refused(crafted(good, change))
