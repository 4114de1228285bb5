"""What is wrong with a file is said in one line, and nothing is unpacked before it is checked."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwnas
from hwnas.errors import UserError
from hwnas.predictor import _archive, load_predictor
from hwnas.predictor._saving import VERSION
from tests.predictor.crafted import crafted, model, refused
from tests.predictor.members import HELD_OUT


class TestContainer:
    """What is not a saved predictor at all."""

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
    def test_file_of_another_kind_is_said(self, tmp_path: Path, content: bytes, said: str) -> None:
        (tmp_path / "x.hwnas").write_bytes(content)
        assert said in refused(tmp_path / "x.hwnas")

    def test_missing_file_and_folder_are_said(self, tmp_path: Path) -> None:
        assert "no such file" in refused(tmp_path / "none.hwnas")
        assert "is a folder" in refused(tmp_path)

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
    def test_truncated_file_is_incomplete(self, good: Path, kept: float) -> None:
        content = good.read_bytes()
        good.write_bytes(content[: int(kept * len(content))])
        assert "is incomplete or damaged" in refused(good)

    def test_any_damaged_byte_is_survived(self, good: Path) -> None:
        content = good.read_bytes()
        expected = load_predictor(good).predict(HELD_OUT)
        for place in range(0, len(content), 7):
            damaged = bytearray(content)
            damaged[place] ^= 0xFF
            good.write_bytes(damaged)
            # Some bytes, such as dates, mean nothing.
            with contextlib.suppress(UserError):
                loaded = load_predictor(good)
                np.testing.assert_array_equal(loaded.predict(HELD_OUT), expected)

    def test_zip_of_something_else_is_said(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("readme.txt", "hello")
        assert "without predictor.json" in refused(tmp_path / "x.zip")

    @pytest.mark.parametrize("content", ["{}", "[]", '{"format": "other"}', "1"])
    def test_other_format_is_said(self, tmp_path: Path, content: str) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("predictor.json", content)
        assert "another format" in refused(tmp_path / "x.zip")

    @pytest.mark.parametrize("content", ["{", "\xff", "[" * 100_000, "1" * 10_000])
    def test_broken_document_is_said(self, tmp_path: Path, content: str) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
            file.writestr("predictor.json", content)
        assert "restored" in refused(tmp_path / "x.zip")

    @pytest.mark.parametrize("version", [VERSION + 1, "2", None, 1.5])
    def test_newer_version_is_refused(self, good: Path, version: object) -> None:
        def newer(document: dict[str, Any], members: dict[str, bytes]) -> None:
            document.update(version=version, hwnas="9.0")
            members["something/new"] = b""

        line = refused(crafted(good, newer))
        assert "was saved by hwnas '9.0'" in line
        assert f"hwnas {hwnas.__version__} reads versions up to {VERSION}" in line
        assert line.endswith("Try: pip install --upgrade hwnas")


class TestMembers:
    """What the zip holds."""

    @pytest.mark.parametrize(
        "name", ["../../evil.npy", "/etc/evil", "arrays/../../x.npy", "..\\evil", "arrays/0.pkl"]
    )
    def test_name_outside_of_the_format_is_refused_and_nothing_written(
        self, good: Path, name: str
    ) -> None:
        before = sorted(good.parent.parent.rglob("*"))
        bad = crafted(good, lambda _, members: members.update({name: b"x"}))
        assert "holds a member named" in refused(bad)
        assert sorted(good.parent.parent.rglob("*")) == sorted([*before, bad])

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_two_members_of_one_name_are_refused(self, good: Path) -> None:
        with zipfile.ZipFile(good, "a") as file:
            file.writestr("arrays/0.npy", b"another")
        assert "two members with the same name" in refused(good)

    def test_pickled_array_is_refused_and_not_run(self, good: Path, tmp_path: Path) -> None:
        proof = tmp_path / "proof"

        class Evil:
            def __reduce__(self) -> tuple[Any, ...]:
                return proof.touch, ()

        stream = io.BytesIO()
        np.save(stream, np.array([Evil()], dtype=object), allow_pickle=True)
        bad = crafted(good, lambda _, members: members.update({"arrays/0.npy": stream.getvalue()}))
        assert "holds Python objects" in refused(bad)
        assert not proof.exists()

    def test_array_that_claims_another_size_is_refused(self, good: Path) -> None:
        header = io.BytesIO()
        shape = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
        np.lib.format.write_array_header_1_0(header, shape)
        bad = crafted(good, lambda _, members: members.update({"arrays/0.npy": header.getvalue()}))
        assert "does not have the size" in refused(bad)

    def test_array_used_twice_is_refused(self, good: Path) -> None:
        def twice(document: dict[str, Any], _: dict[str, bytes]) -> None:
            fitted_state = model(document)["fitted"]
            fitted_state["many"] = [fitted_state["coef_"]] * 1000

        assert "used twice" in refused(crafted(good, twice))

    def test_member_that_is_missing_is_said(self, good: Path) -> None:
        assert "is missing" in refused(crafted(good, lambda _, members: members.clear()))

    @pytest.mark.parametrize(
        ("limit", "said"),
        [
            ("MAX_MEMBER_BYTES", "arrays/0.npy"),
            ("MAX_TOTAL_BYTES", "takes 1 MB unpacked"),
            ("MAX_DOCUMENT_BYTES", "predictor.json"),
        ],
    )
    def test_bomb_is_refused_before_it_is_unpacked(
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

    def test_too_many_members_are_refused(
        self, good: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_archive, "MAX_MEMBERS", 1)
        assert "holds 2 members" in refused(good)

    def test_bomb_that_lies_about_its_size_is_refused(self, good: Path) -> None:
        size = 10**6
        bad = crafted(good, lambda _, members: members.update({"arrays/0.npy": bytes(size)}))
        content = bad.read_bytes()
        true, false = (n.to_bytes(4, "little") for n in (size, 100))
        assert content.count(true) == 2  # beside the content, and in the directory
        bad.write_bytes(content.replace(true, false))
        assert "is incomplete or damaged" in refused(bad)
