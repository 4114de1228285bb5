"""Reading a pickle that may be hostile.

A pickle is a program that may call anything it can import. This reader imports nothing: it knows
the few names that NumPy numbers and arrays are written with, and refuses all others.
"""

from __future__ import annotations

import codecs
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError


def _dtype(code: object, align: bool = False, copy: bool = False) -> np.dtype[Any]:
    del align, copy
    dtype = np.dtype(str(code))
    if dtype.kind not in "biufSU":
        raise pickle.UnpicklingError(f"an array of {dtype}")
    return dtype


def _scalar(dtype: np.dtype[Any], data: bytes) -> object:
    return np.frombuffer(data, dtype, count=1)[0].item()


def _empty_array(subtype: type, shape: object, dtype: object) -> NDArray[Any]:
    # The content follows as the array's state, whose length NumPy checks against the shape.
    del shape, dtype
    if subtype is not np.ndarray:
        raise pickle.UnpicklingError(f"an array of type {subtype}")
    return np.empty(0)


def _encode(text: str, encoding: str) -> bytes:
    # How protocol 2 writes bytes.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding}")
    return codecs.latin_1_encode(text)[0]


_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    # numpy._core is NumPy 2's name of numpy.core.
    **{
        (module, name): function
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name, function in (("scalar", _scalar), ("_reconstruct", _empty_array))
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
