"""Safe reading of a pickle from an untrusted source.

A pickle is a program that may import and call any function. This reader imports nothing. It
substitutes its own classes for the few names that pickled NumPy numbers and arrays refer to, and
refuses all other names.
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
    """Substitute for ``numpy.dtype``, whose state a pickle could set to invalid sizes."""

    def __init__(self, code: object, *_: object) -> None:
        self.dtype = np.dtype(str(code))
        if self.dtype.kind not in "biufSUO":
            raise pickle.UnpicklingError(f"it contains numbers of type {self.dtype}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # The state is (version, byte order, ...). Plain numbers do not use the other entries.
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Substitute for ``numpy.ndarray``. ``numpy.array`` converts it to a real array."""

    def __init__(self, *_: object) -> None:
        self.content: NDArray[Any] = np.empty(0)

    def __setstate__(self, state: tuple[int, Any, _DType, bool, Any]) -> None:
        _, shape, dtype, fortran, data = state
        if dtype.dtype.kind == "O":
            # This reader has read the objects too, so they are plain values.
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
    # Pickle protocols 0 and 1 write bytes as text.
    return data.encode("latin1") if isinstance(data, str) else bytes(cast(bytes, data))


def _scalar(dtype: _DType, data: object) -> object:
    if dtype.dtype.kind == "O":
        raise pickle.UnpicklingError("it contains a NumPy number of type object")
    return np.frombuffer(_bytes(data), dtype.dtype, count=1)[0].item()


def _from_buffer(data: object, dtype: _DType, shape: object, order: str) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", data))
    return array


def _encode(text: str, encoding: str) -> bytes:
    # Pickle protocol 2 writes bytes as Latin-1 text and a call of codecs.encode.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it contains bytes encoded as {encoding}")
    return codecs.latin_1_encode(text)[0]


#: Substitutes for the names that pickled NumPy numbers and arrays refer to, by module and name.
SUBSTITUTES: dict[tuple[str, str], Callable[..., object]] = {
    # Pickled arrays pass this name to _reconstruct. _Array ignores it.
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    # NumPy 2 renamed numpy.core to numpy._core.
    **{
        (f"numpy.{core}.{name}", function): substitute
        for core in ("core", "_core")
        for name, function, substitute in (
            ("multiarray", "scalar", _scalar),
            ("multiarray", "_reconstruct", _Array),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        try:
            return SUBSTITUTES[module, name]
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
        NumPy numbers become Python numbers. Arrays become objects that ``numpy.array`` converts.

    Raises
    ------
    UserError
        If the pickle refers to any other name, or is damaged. No code in the pickle is run.
    """
    try:
        with path.open("rb") as stream:
            return _Unpickler(stream).load()
    # A damaged pickle can raise any exception. To the user, all of them mean that it is damaged.
    except Exception as error:
        if isinstance(error, EOFError) or "truncated" in str(error):
            raise UserError(f"{path} is cut off") from error
        reason = " ".join(str(error).split())
        raise UserError(
            f"{path}: refused, because it is not a pickle of plain values ({reason})"
        ) from error
