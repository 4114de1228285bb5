"""Safe reading of a ``torch.save`` file from an untrusted source."""

from __future__ import annotations

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from hwnas.errors import UserError
from hwnas.extras import missing_library, not_installed

#: Types of the NumPy numbers that may occur in a file beside plain values and tensors.
_NUMBERS = (np.float64, np.float32, np.int64, np.int32)


def load_torch(path: Path) -> Any:
    """Return the plain values, tensors and NumPy numbers of a file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UserError
        If the file contains any other object or is damaged, or if torch is not installed. No code
        in the file is run.
    """
    # Imported here because torch takes seconds to import, and a cached table does not need it.
    try:
        import torch
    except ModuleNotFoundError as error:
        if missing_library(error) is None:
            raise
        raise not_installed("torch", str(path)) from error

    # NumPy has no public name for the function that unpickles its numbers.
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
    # A damaged file can raise any exception. To the user, all of them mean that it is damaged.
    except Exception as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"{path}: refused, because it is not a torch file of plain values ({line})"
        ) from error
