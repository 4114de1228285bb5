"""Reading a pickle that may be hostile.

A pickle is a program that may call anything it can import. This reader imports nothing: it has
stand-ins for the few names that NumPy numbers and arrays are written with, and refuses all others.
"""

from __future__ import annotations

import codecs
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError


class _DType:
    """Stands for ``numpy.dtype``, whose own state could be set to anything, sizes included."""

    def __init__(self, code: object, *_: object) -> None:
        self.dtype = np.dtype(str(code))
        if self.dtype.kind not in "biufSUO":
            raise pickle.UnpicklingError(f"numbers of type {self.dtype}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # (version, byte order, and what plain numbers have none of)
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands for ``numpy.ndarray``: a sequence, or with more axes something to convert."""

    def __init__(self, *_: object) -> None:
        self.content: NDArray[Any] = np.empty(0)

    def __setstate__(self, state: tuple[int, Any, _DType, bool, Any]) -> None:
        _, shape, dtype, fortran, data = state
        if dtype.dtype.kind == "O":
            # Its objects were read by the rules of this module, as everything else.
            self.content = np.empty(len(data), dtype=object)
            self.content[:] = data
        else:
            self.content = np.frombuffer(_bytes(data), dtype.dtype).copy()
        self.content = self.content.reshape(shape, order="F" if fortran else "C")

    def __len__(self) -> int:
        return len(self.content)

    def __getitem__(self, index: int) -> object:
        return self.content[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        del copy
        return np.asarray(self.content, dtype)


def _bytes(data: object) -> bytes:
    # Protocol 0 and 1 write them as text.
    return data.encode("latin1") if isinstance(data, str) else bytes(cast(bytes, data))


def _scalar(dtype: _DType, data: object) -> object:
    if dtype.dtype.kind == "O":
        raise pickle.UnpicklingError("an object as a NumPy number")
    return np.frombuffer(_bytes(data), dtype.dtype, count=1)[0].item()


def _from_buffer(data: object, dtype: _DType, shape: object, order: str) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", data))
    return array


def _encode(text: str, encoding: str) -> bytes:
    # How protocol 2 writes bytes.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding}")
    return codecs.latin_1_encode(text)[0]


_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    # The first argument of _reconstruct, which the array above has no use for.
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    # numpy._core is NumPy 2's name of numpy.core.
    **{
        (f"numpy.{core}.{name}", function): stand_in
        for core in ("core", "_core")
        for name, function, stand_in in (
            ("multiarray", "scalar", _scalar),
            ("multiarray", "_reconstruct", _Array),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def unpickle(path: Path) -> object:
    """Read a pickle of plain values and NumPy numbers.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object
        NumPy numbers are Python's, arrays are sequences that ``numpy.array`` takes.

    Raises
    ------
    UserError
        If the pickle asks for anything else, or is damaged. Nothing of it has run.
    """
    try:
        with path.open("rb") as stream:
            return _Unpickler(stream).load()
    # A damaged pickle can fail in any way at all; every one of them means the same to the user.
    except Exception as error:
        raise UserError(f"{path}: not a pickle of plain values, refused ({error})") from error
