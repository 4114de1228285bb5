"""Hostile and damaged pickles and torch files never run, and end in one line."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from hwnas.dataset._torch_file import load_torch
from hwnas.dataset._unpickle import unpickle
from hwnas.errors import UserError


class Bomb:
    """Runs a command when a plain pickle.load reads it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


class Tool:
    """Asks for an attribute of an allowed name."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return np.load, ("anything.npy",)


def test_the_bomb_is_one(tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    pickle.loads(pickle.dumps(Bomb(f"touch {flag}")))
    assert flag.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, protocol: int) -> None:
    flag, path = tmp_path / "ran", tmp_path / "evil.pickle"
    path.write_bytes(pickle.dumps({"nasbench201": [Bomb(f"touch {flag}")]}, protocol))
    with pytest.raises(UserError, match=r"evil\.pickle.*posix\.system") as error:
        unpickle(path)
    assert not flag.exists()
    assert "\n" not in str(error.value)


def test_names_of_numpy_outside_the_list_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pickle"
    path.write_bytes(pickle.dumps(Tool()))
    with pytest.raises(UserError, match="load"):
        unpickle(path)


@pytest.mark.parametrize("attribute", ["eval", "getattr", "__import__"])
def test_builtins_are_refused(tmp_path: Path, attribute: str) -> None:
    path = tmp_path / "evil.pickle"
    path.write_bytes(f"cbuiltins\n{attribute}\n(S'1'\ntR.".encode())
    with pytest.raises(UserError, match=f"builtins.{attribute}"):
        unpickle(path)


def test_arrays_of_objects_hold_only_what_the_rest_may_hold(tmp_path: Path) -> None:
    flag, path = tmp_path / "ran", tmp_path / "objects.pickle"
    path.write_bytes(pickle.dumps(np.array([{"a": 1}, None], dtype=object)))
    assert list(np.array(unpickle(path))) == [{"a": 1}, None]
    path.write_bytes(pickle.dumps(np.array([Bomb(f"touch {flag}")], dtype=object)))
    with pytest.raises(UserError, match=r"posix\.system"):
        unpickle(path)
    assert not flag.exists()


def test_a_hostile_type_changes_nothing_outside(tmp_path: Path) -> None:
    """The state of NumPy's own float64 would be set, byte order first."""
    path = tmp_path / "type.pickle"
    state = pickle.dumps(np.dtype(">f8"), protocol=2)
    path.write_bytes(
        state.replace(b"X\x02\x00\x00\x00f8q\x01\x89\x88", b"X\x02\x00\x00\x00f8q\x01\x89\x89")
    )
    assert b"\x89\x89" in path.read_bytes()
    unpickle(path)
    assert np.dtype("f8").isnative


@pytest.mark.parametrize("length", [1, 9])
def test_an_array_of_the_wrong_length_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "length.pickle"
    whole = pickle.dumps(np.arange(4, dtype="i1"), protocol=4)
    path.write_bytes(
        whole.replace(b"C\x04\x00\x01\x02\x03", b"C" + bytes([length]) + bytes(length))
    )
    with pytest.raises(UserError, match=r"length\.pickle"):
        unpickle(path)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_and_numbers_of_numpy_are_read(tmp_path: Path, protocol: int) -> None:
    content = OrderedDict(
        scalar=np.float64(0.1),
        small=np.float32(0.5),
        array=np.arange(6.0).reshape(2, 3),
        whole=np.arange(3, dtype=np.int64),
        swapped=np.arange(3, dtype=">f4"),
        transposed=np.arange(6.0).reshape(2, 3).T,
        plain=[{"a": 1, "b": None}, "text", (1.5, True)],
    )
    path = tmp_path / "numbers.pickle"
    path.write_bytes(pickle.dumps(content, protocol))
    read = unpickle(path)
    assert isinstance(read, OrderedDict)
    assert read["scalar"] == 0.1
    assert read["small"] == 0.5
    for name in ("array", "whole", "swapped", "transposed"):
        np.testing.assert_array_equal(read[name], content[name])
    assert read["plain"] == content["plain"]


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_pickle_is_named(tmp_path: Path, fraction: float) -> None:
    whole = pickle.dumps({"a": list(range(10_000))})
    path = tmp_path / "cut.pickle"
    path.write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(UserError, match=r"cut\.pickle"):
        unpickle(path)


@pytest.mark.parametrize("new_format", [True, False])
def test_a_torch_file_that_runs_code_is_refused(tmp_path: Path, new_format: bool) -> None:
    flag, path = tmp_path / "ran", tmp_path / "evil.pth"
    torch.save([Bomb(f"touch {flag}")], path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(UserError, match=r"evil\.pth") as error:
        load_torch(path)
    assert not flag.exists()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("new_format", [True, False])
def test_numbers_of_numpy_in_a_torch_file_are_read(tmp_path: Path, new_format: bool) -> None:
    path = tmp_path / "numbers.pth"
    torch.save(
        {"time": np.float64(0.25), "list": [np.float32(0.5), 1]},
        path,
        _use_new_zipfile_serialization=new_format,
    )
    assert load_torch(path) == {"time": 0.25, "list": [0.5, 1]}


def test_a_truncated_torch_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    torch.save(list(range(1000)), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match=r"cut\.pt"):
        load_torch(path)
