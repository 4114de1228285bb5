"""Reading a ``torch.save`` file that may be hostile."""

from __future__ import annotations

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from hwnas.errors import UserError
from hwnas.extras import missing_library, not_installed

#: NumPy numbers are the only objects besides plain values that such files may hold.
_NUMBERS = (np.float64, np.float32, np.int64, np.int32)


def load_torch(path: Path) -> Any:
    """Return the plain values, tensors and NumPy numbers of a file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UserError
        If the file asks for anything else, or is damaged. Nothing of it has run. Also if torch is
        not installed.
    """
    # Only here: torch takes seconds to import, and a converted table does without it.
    try:
        import torch
    except ModuleNotFoundError as error:
        if missing_library(error) is None:
            raise
        raise not_installed("torch", str(path)) from error

    # NumPy has no public name for the function that its numbers are pickled with.
    scalar = cast(Callable[..., Any], np.float64(0).__reduce__()[0])
    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *(type(np.dtype(number)) for number in _NUMBERS),
        collections.defaultdict,
        dict,
        list,
    ]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True)
    # A damaged file can fail in any way at all; every one of them means the same to the user.
    except Exception as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{path}: not a torch file of plain values, refused ({line})") from error
