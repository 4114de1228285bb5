"""Malicious and damaged pickles and torch files raise a one-line error, and none of them runs."""

from __future__ import annotations

import os
import pickle
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from hwnas.dataset._torch_file import as_floats, load_torch
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


def test_bomb_plain_pickle_load_runs_command(tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    pickle.loads(pickle.dumps(Bomb(f"touch {flag}")))
    assert flag.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_unpickle_code_raises_without_running_it(tmp_path: Path, protocol: int) -> None:
    flag, path = tmp_path / "ran", tmp_path / "evil.pickle"
    path.write_bytes(pickle.dumps({"nasbench201": [Bomb(f"touch {flag}")]}, protocol))
    with pytest.raises(UserError, match=r"evil\.pickle.*posix\.system") as error:
        unpickle(path)
    assert not flag.exists()
    assert "\n" not in str(error.value)


def test_unpickle_other_numpy_name_raises(tmp_path: Path) -> None:
    path = tmp_path / "evil.pickle"
    path.write_bytes(pickle.dumps(Tool()))
    with pytest.raises(UserError, match="load"):
        unpickle(path)


@pytest.mark.parametrize("attribute", ["eval", "getattr", "__import__"])
def test_unpickle_builtin_raises(tmp_path: Path, attribute: str) -> None:
    path = tmp_path / "evil.pickle"
    path.write_bytes(f"cbuiltins\n{attribute}\n(S'1'\ntR.".encode())
    with pytest.raises(UserError, match=f"builtins.{attribute}"):
        unpickle(path)


def test_unpickle_code_in_object_array_raises(tmp_path: Path) -> None:
    flag, path = tmp_path / "ran", tmp_path / "objects.pickle"
    path.write_bytes(pickle.dumps(np.array([{"a": 1}, None], dtype=object)))
    assert list(np.array(unpickle(path))) == [{"a": 1}, None]
    path.write_bytes(pickle.dumps(np.array([Bomb(f"touch {flag}")], dtype=object)))
    with pytest.raises(UserError, match=r"posix\.system"):
        unpickle(path)
    assert not flag.exists()


def test_unpickle_malicious_dtype_state_changes_no_numpy_dtype(tmp_path: Path) -> None:
    """The pickle tries to set the state of NumPy's float64 type."""
    path = tmp_path / "type.pickle"
    state = pickle.dumps(np.dtype(">f8"), protocol=2)
    path.write_bytes(
        state.replace(b"X\x02\x00\x00\x00f8q\x01\x89\x88", b"X\x02\x00\x00\x00f8q\x01\x89\x89")
    )
    assert b"\x89\x89" in path.read_bytes()
    unpickle(path)
    assert np.dtype("f8").isnative


@pytest.mark.parametrize("length", [1, 9])
def test_unpickle_array_of_wrong_length_raises(tmp_path: Path, length: int) -> None:
    path = tmp_path / "length.pickle"
    whole = pickle.dumps(np.arange(4, dtype="i1"), protocol=4)
    path.write_bytes(
        whole.replace(b"C\x04\x00\x01\x02\x03", b"C" + bytes([length]) + bytes(length))
    )
    with pytest.raises(UserError, match=r"length\.pickle"):
        unpickle(path)


@pytest.mark.parametrize("protocol", range(6))
def test_unpickle_plain_values_and_numpy_numbers_are_equal(tmp_path: Path, protocol: int) -> None:
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
def test_unpickle_truncated_file_raises(tmp_path: Path, fraction: float) -> None:
    whole = pickle.dumps({"a": list(range(10_000))})
    path = tmp_path / "cut.pickle"
    path.write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(UserError, match=r"cut\.pickle"):
        unpickle(path)


@pytest.mark.parametrize("new_format", [True, False])
def test_load_torch_code_raises_without_running_it(tmp_path: Path, new_format: bool) -> None:
    flag, path = tmp_path / "ran", tmp_path / "evil.pth"
    torch.save([Bomb(f"touch {flag}")], path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(UserError, match=r"evil\.pth") as error:
        load_torch(path)
    assert not flag.exists()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("new_format", [True, False])
def test_load_torch_numpy_numbers_are_equal(tmp_path: Path, new_format: bool) -> None:
    path = tmp_path / "numbers.pth"
    torch.save(
        {"time": np.float64(0.25), "list": [np.float32(0.5), 1]},
        path,
        _use_new_zipfile_serialization=new_format,
    )
    assert load_torch(path) == {"time": 0.25, "list": [0.5, 1]}


def test_load_torch_truncated_file_raises(tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    torch.save(list(range(1000)), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match=r"cut\.pt"):
        load_torch(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Bomb("true"), "it asks for posix.system"),
        (np.array([Bomb("true")], dtype=object), "it asks for posix.system"),
        (Path("a"), "it asks for pathlib"),
    ],
)
def test_load_torch_refused_content_has_no_text_of_torch(
    tmp_path: Path, content: object, reason: str
) -> None:
    path = tmp_path / "evil.pth"
    torch.save(content, path)
    with pytest.raises(UserError) as error:
        load_torch(path)
    message = str(error.value)
    assert reason in message
    # Torch explains, with colours, how to run the code in the file.
    assert message.isprintable()
    assert "weights_only" not in message


@pytest.mark.parametrize("data", [b"text", pickle.dumps([1]), b"PK\x03\x04" + bytes(50)])
def test_load_torch_other_file_has_no_text_of_torch(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.pth"
    path.write_bytes(data)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(UserError, match=r"other\.pth") as error:
            load_torch(path)
    assert warned == []
    assert str(error.value).isprintable()
    assert "weights_only" not in str(error.value)


def test_load_torch_arrays_are_equal(tmp_path: Path) -> None:
    path = tmp_path / "arrays.pth"
    arrays = [np.arange(6.0).reshape(2, 3).T, np.arange(3, dtype=">f4"), np.array([1, None])]
    torch.save(arrays, path)
    for read, array in zip(load_torch(path), arrays, strict=True):
        np.testing.assert_array_equal(np.array(read), array)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None, 2.5], [1.0, np.nan, 2.5]),
        (torch.tensor([1.0, 2.5], requires_grad=True), [1.0, 2.5]),
        ([torch.tensor(1.0, requires_grad=True), 2.5], [1.0, 2.5]),
        (torch.tensor([1.0, 2.5], dtype=torch.bfloat16), [1.0, 2.5]),
        ((np.float32(1.0), np.array(2.5)), [1.0, 2.5]),
        (np.array([[1, 2]]), [[1.0, 2.0]]),
    ],
)
def test_as_floats_each_kind_of_number_is_equal(values: object, expected: object) -> None:
    np.testing.assert_array_equal(as_floats(values), expected)
