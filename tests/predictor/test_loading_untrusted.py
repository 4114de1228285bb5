"""Loading of malicious and damaged files: no code runs, and the error is one line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import hwnas
from hwnas.encoding import OneHot
from hwnas.errors import UserError
from hwnas.predictor import Predictor, _archive, load_predictor
from hwnas.space import NASBench201
from tests.commands import python
from tests.predictor.members import HELD_OUT, Member, additive, draw, fitted

Change = Callable[[dict[str, Any], dict[str, bytes]], object]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Return the path of a valid file, a saved ridge regression."""
    X = draw(NASBench201(), 40, seed=0)
    predictor = Predictor(NASBench201(), OneHot(), Ridge()).fit(X, additive(NASBench201(), X))
    predictor.save(tmp_path / "good.hwnas")
    return tmp_path / "good.hwnas"


def crafted(file: Path, change: Change) -> Path:
    """Write a copy of a file, after `change` has changed its document and other members."""
    with zipfile.ZipFile(file) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    document = json.loads(members.pop("predictor.json"))
    change(document, members)
    bad = file.with_name("bad.hwnas")
    with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("predictor.json", json.dumps(document))
        for name, content in members.items():
            opened.writestr(name, content)
    return bad


def refused(file: Path, **arguments: Any) -> str:
    """Return the error message of loading a file; check that it is one line with a remedy."""
    with pytest.raises(UserError) as refusal:
        load_predictor(file, **arguments)
    line = str(refusal.value)
    assert line.isprintable()
    assert line.startswith(f"{file}: ")
    assert refusal.value.remedy
    return line


def model(document: dict[str, Any]) -> dict[str, Any]:
    """Return the node of the fitted model in a document."""
    found: dict[str, Any] = document["predictor"]["$estimator"]["fitted"]["model"]["$estimator"]
    return found


def test_load_predictor_valid_file_is_loaded(good: Path) -> None:
    assert load_predictor(good).predict(HELD_OUT).shape == (len(HELD_OUT),)
    assert load_predictor(crafted(good, lambda *_: None)).space == NASBench201()


class TestNames:
    """Files that name classes, attributes or parameters that are not allowed."""

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
    def test_load_predictor_class_not_allowed_raises(self, good: Path, name: Any) -> None:
        line = refused(crafted(good, lambda document, _: model(document).update(type=name)))
        assert "names " in line
        assert "trusted=[" in line

    def test_load_predictor_file_names_os_system_runs_nothing(
        self, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ran: list[object] = []
        monkeypatch.setattr(os, "system", ran.append)
        proof = f"touch {tmp_path / 'proof'}"

        def name_it(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document).update(type="os.system", parameters={"command": proof}, fitted={})

        bad = crafted(good, name_it)
        assert "'os.system'" in refused(bad)
        with pytest.raises(UserError, match=r"'os\.system' is not an importable scikit-learn"):
            load_predictor(bad, trusted=["os.system"])
        assert not ran
        assert not (tmp_path / "proof").exists()

    def test_load_predictor_class_not_allowed_is_not_imported(
        self, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
        monkeypatch.syspath_prepend(tmp_path)
        refused(crafted(good, lambda document, _: model(document).update(type="trap.Model")))
        assert "trap" not in sys.modules

    def test_load_predictor_encoding_instead_of_predictor_raises(self, good: Path) -> None:
        encoding = "hwnas.encoding.OneHot"
        node = {"$estimator": {"type": encoding, "parameters": {}, "fitted": {}}}
        bad = crafted(good, lambda document, _: document.update(predictor=node))
        assert "something other than a predictor" in refused(bad)

    def test_load_predictor_without_fitted_state_raises(self, good: Path) -> None:
        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            document["predictor"]["$estimator"]["fitted"] = {}

        assert "NotFittedError" in refused(crafted(good, change))

    @pytest.mark.parametrize("name", ["predict", "__class__", "__sklearn_tags__", "fit"])
    def test_load_predictor_attribute_replaces_method_raises(self, good: Path, name: str) -> None:
        bad = crafted(good, lambda document, _: model(document)["fitted"].update({name: 1}))
        assert "has no fitted attribute" in refused(bad)

    def test_load_predictor_unknown_parameter_raises(self, good: Path) -> None:
        bad = crafted(good, lambda document, _: model(document)["parameters"].update(shell=1))
        assert "shell" in refused(bad)


class TestTrusted:
    """Files with a class that the user has written."""

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

    def test_load_predictor_users_model_is_loaded_only_if_trusted(self, own: Path) -> None:
        assert "my_models._median.Median" in refused(own)
        for trusted in (["my_models.Median"], ["my_models._median.Median"], "my_models.Median"):
            loaded = load_predictor(own, trusted=trusted)
            median = float(np.median(additive(NASBench201(), HELD_OUT)))
            np.testing.assert_allclose(loaded.predict(HELD_OUT[:2]), median)
            [(size, (one, array))] = loaded.pipeline_[-1].seen_.items()
            assert (size, one, array.tolist()) == (len(HELD_OUT), 1, [0, 1, 2])

    @pytest.mark.parametrize("name", ["my_models.Mean", "no_such.Model", "Median", "os.system"])
    def test_load_predictor_trusted_name_of_no_estimator_raises(self, own: Path, name: str) -> None:
        with pytest.raises(
            UserError, match="is not an importable scikit-learn estimator"
        ) as refusal:
            load_predictor(own, trusted=[name])
        assert refusal.value.remedy

    def test_load_predictor_trusted_model_lacks_library_raises_module_not_found(
        self, own: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "needy.py").write_text("import no_such_library")
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            load_predictor(own, trusted=["needy.Model"])


class TestContainer:
    """Files that are not saved predictors, or damaged ones."""

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is not a saved predictor"),
            (b"architecture,latency_ms\n", "is not a saved predictor"),
            (b"\n<!DOCTYPE html><html>Sign in</html>", "is a web page"),
            (b"<html>" + b" " * 10_000, "is a web page"),
            (b"PK\x03\x04 and then it broke off", "is incomplete or damaged"),
        ],
    )
    def test_load_predictor_other_file_raises_with_its_kind(
        self, tmp_path: Path, content: bytes, said: str
    ) -> None:
        (tmp_path / "x.hwnas").write_bytes(content)
        assert said in refused(tmp_path / "x.hwnas")

    def test_load_predictor_missing_file_or_folder_raises(self, tmp_path: Path) -> None:
        assert "no such file" in refused(tmp_path / "none.hwnas")
        assert "is a folder" in refused(tmp_path)

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
    def test_load_predictor_truncated_file_raises(self, good: Path, kept: float) -> None:
        content = good.read_bytes()
        good.write_bytes(content[: int(kept * len(content))])
        assert "is incomplete or damaged" in refused(good)

    def test_load_predictor_damaged_byte_raises_or_changes_nothing(self, good: Path) -> None:
        content = good.read_bytes()
        expected = load_predictor(good).predict(HELD_OUT)
        for place in range(0, len(content), 7):
            damaged = bytearray(content)
            damaged[place] ^= 0xFF
            good.write_bytes(damaged)
            # Some bytes have no influence, for example those of dates.
            with contextlib.suppress(UserError):
                loaded = load_predictor(good)
                np.testing.assert_array_equal(loaded.predict(HELD_OUT), expected)

    def test_load_predictor_zip_without_document_raises(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("readme.txt", "hello")
        assert "without predictor.json" in refused(tmp_path / "x.zip")

    @pytest.mark.parametrize("content", ["{}", "[]", '{"format": "other"}', "1"])
    def test_load_predictor_document_of_another_format_raises(
        self, tmp_path: Path, content: str
    ) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("predictor.json", content)
        assert "another format" in refused(tmp_path / "x.zip")

    @pytest.mark.parametrize("content", ["{", "\xff", "[" * 100_000, "1" * 10_000])
    def test_load_predictor_broken_document_raises(self, tmp_path: Path, content: str) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("predictor.json", content)
        assert "restored" in refused(tmp_path / "x.zip")

    @pytest.mark.parametrize("version", [2, "2", None, 1.5])
    def test_load_predictor_newer_version_raises_with_upgrade_command(
        self, good: Path, version: object
    ) -> None:
        def newer(document: dict[str, Any], members: dict[str, bytes]) -> None:
            document.update(version=version, hwnas="9.0")
            members["something/new"] = b""

        line = refused(crafted(good, newer))
        assert "was saved by hwnas '9.0'" in line
        assert f"hwnas {hwnas.__version__} reads versions up to 1" in line
        assert line.endswith("Try: pip install --upgrade hwnas")


class TestMembers:
    """Files whose zip archive holds wrong members."""

    @pytest.mark.parametrize(
        "name", ["../../evil.npy", "/etc/evil", "arrays/../../x.npy", "..\\evil", "arrays/0.pkl"]
    )
    def test_load_predictor_foreign_member_raises_and_writes_nothing(
        self, good: Path, name: str
    ) -> None:
        before = sorted(good.parent.parent.rglob("*"))
        bad = crafted(good, lambda _, members: members.update({name: b"x"}))
        assert "holds a member named" in refused(bad)
        assert sorted(good.parent.parent.rglob("*")) == sorted([*before, bad])

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_load_predictor_two_members_with_one_name_raises(self, good: Path) -> None:
        with zipfile.ZipFile(good, "a") as file:
            file.writestr("arrays/0.npy", b"another")
        assert "two members with the same name" in refused(good)

    def test_load_predictor_pickled_array_raises_and_runs_nothing(
        self, good: Path, tmp_path: Path
    ) -> None:
        proof = tmp_path / "proof"

        class Evil:
            def __reduce__(self) -> tuple[Any, ...]:
                return proof.touch, ()

        stream = io.BytesIO()
        np.save(stream, np.array([Evil()], dtype=object), allow_pickle=True)
        bad = crafted(good, lambda _, members: members.update({"arrays/0.npy": stream.getvalue()}))
        assert "holds Python objects" in refused(bad)
        assert not proof.exists()

    def test_load_predictor_array_declares_wrong_size_raises(self, good: Path) -> None:
        header = io.BytesIO()
        shape = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
        np.lib.format.write_array_header_1_0(header, shape)
        bad = crafted(good, lambda _, members: members.update({"arrays/0.npy": header.getvalue()}))
        assert "does not have the size" in refused(bad)

    def test_load_predictor_array_used_twice_raises(self, good: Path) -> None:
        def twice(document: dict[str, Any], _: dict[str, bytes]) -> None:
            fitted_state = model(document)["fitted"]
            fitted_state["many"] = [fitted_state["coef_"]] * 1000

        assert "used twice" in refused(crafted(good, twice))

    def test_load_predictor_missing_member_raises(self, good: Path) -> None:
        assert "is missing" in refused(crafted(good, lambda _, members: members.clear()))

    @pytest.mark.parametrize(
        ("limit", "said"),
        [
            ("MAX_MEMBER_BYTES", "arrays/0.npy"),
            ("MAX_TOTAL_BYTES", "takes 1 MB unpacked"),
            ("MAX_DOCUMENT_BYTES", "predictor.json"),
        ],
    )
    def test_load_predictor_size_above_limit_raises_before_unpacking(
        self, good: Path, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
    ) -> None:
        size = 2**20
        monkeypatch.setattr(_archive, limit, size // 2)

        def bomb(document: dict[str, Any], members: dict[str, bytes]) -> None:
            if limit == "MAX_DOCUMENT_BYTES":
                document["metadata"] = " " * size
            else:
                members["arrays/0.npy"] = bytes(size)

        bad = crafted(good, bomb)
        assert bad.stat().st_size < 10_000
        assert said in refused(bad)

    def test_load_predictor_too_many_members_raises(
        self, good: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_archive, "MAX_MEMBERS", 1)
        assert "holds 2 members" in refused(good)

    def test_load_predictor_member_larger_than_declared_raises(self, good: Path) -> None:
        size = 10**6
        bad = crafted(good, lambda _, members: members.update({"arrays/0.npy": bytes(size)}))
        content = bad.read_bytes()
        true, false = (n.to_bytes(4, "little") for n in (size, 100))
        assert content.count(true) == 2  # in the header of the member, and in the directory
        bad.write_bytes(content.replace(true, false))
        assert "is incomplete or damaged" in refused(bad)


class TestCompiledCode:
    """Files whose numbers would let compiled code read outside of its memory or loop for ever."""

    def changed_array(self, name: str, field: str, value: float, tmp_path: Path) -> str:
        """Return the error message for a forest in which one number of a column is `value`."""
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
    def test_load_predictor_broken_tree_raises(
        self, name: str, field: str, value: int, tmp_path: Path
    ) -> None:
        assert "a tree" in self.changed_array(name, field, value, tmp_path).replace(
            "trees", "a tree"
        )

    def test_load_predictor_forest_with_fewer_features_than_trees_raises(
        self, tmp_path: Path
    ) -> None:
        fitted(Member("rf", "default")).save(tmp_path / "good.hwnas")

        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["fitted"]["n_features_in_"] = 1

        assert "another number of features" in refused(crafted(tmp_path / "good.hwnas", change))

    @pytest.mark.parametrize("attribute", ["support_", "support_vectors_", "_dual_coef_"])
    def test_load_predictor_contradictory_support_vectors_raises(
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
    def test_load_predictor_broken_booster_raises(
        self, name: str, before: str, after: str, tmp_path: Path
    ) -> None:
        fitted(Member(name, "default")).save(tmp_path / "good.hwnas")

        def change(_: dict[str, Any], members: dict[str, bytes]) -> None:
            [text] = [member for member in members if member.startswith("texts/")]
            assert before.encode() in members[text]
            members[text] = members[text].replace(before.encode(), after.encode())

        line = refused(crafted(tmp_path / "good.hwnas", change))
        assert "a booster" in line or "a tree" in line or "trees" in line

    def test_load_predictor_booster_is_a_path_raises(self, tmp_path: Path) -> None:
        fitted(Member("xgb", "default")).save(tmp_path / "good.hwnas")

        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["fitted"]["booster"] = "/etc/hostname"

        assert "JSONDecodeError" in refused(crafted(tmp_path / "good.hwnas", change))


class TestLibraries:
    def test_load_predictor_library_not_installed_raises_module_not_found(
        self, tmp_path: Path
    ) -> None:
        libraries = {
            "lgb": "lightgbm",
            "mlp_small": "torch",
            "ngb": "ngboost",
            "xgb": "xgboost",
        }
        for name in libraries:
            fitted(Member(name, "default")).save(tmp_path / name)
        # In another process, which has not imported the libraries yet.
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

    def test_load_predictor_other_library_version_raises_with_pip_command(self, good: Path) -> None:
        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["parameters"]["new_parameter"] = 1
            document["libraries"] = {"sklearn": "99.1.0"}

        line = refused(crafted(good, change))
        assert line.endswith("Try: pip install scikit-learn==99.1.0")

    @pytest.mark.parametrize(
        "libraries", [{"sklearn": "1; rm -rf ~"}, {"evil": "1.0"}, {"os": "1.0.0"}, {"sklearn": 1}]
    )
    def test_load_predictor_invalid_library_versions_are_not_in_the_remedy(
        self, good: Path, libraries: dict[str, Any]
    ) -> None:
        def change(document: dict[str, Any], _: dict[str, bytes]) -> None:
            model(document)["parameters"]["new_parameter"] = 1
            document["libraries"] = libraries

        assert "pip install" not in refused(crafted(good, change))
