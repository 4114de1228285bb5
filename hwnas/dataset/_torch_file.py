"""Safe reading of a ``torch.save`` file from an untrusted source."""

from __future__ import annotations

import collections
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._unpickle import SUBSTITUTES
from hwnas.errors import UserError
from hwnas.extras import missing_library, not_installed

#: The name, in an error message of torch, that a file asks for and must not import.
_REFUSED = re.compile(r"GLOBAL ([\w.]+)")


def load_torch(path: Path) -> Any:
    """Return the plain values, tensors, NumPy numbers and NumPy arrays of a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object
        NumPy numbers become Python numbers. Tensors and arrays become objects that `as_floats`
        converts.

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

    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
        *((substitute, ".".join(name)) for name, substitute in SUBSTITUTES.items()),
        collections.defaultdict,
        dict,
        list,
    ]
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(allowed):
            # Torch warns of a pickle protocol that it did not write itself.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    # A damaged file can raise any exception. To the user, all of them mean that it is damaged.
    except Exception as error:
        if isinstance(error, EOFError) or "unexpected EOF" in str(error):
            raise UserError(f"{path} is cut off") from error
        # Torch's own message is long and coloured, and it explains how to run the file's code.
        refused = _REFUSED.search(str(error))
        reason = f"it asks for {refused.group(1)}" if refused else type(error).__name__
        raise UserError(
            f"{path}: refused, because it is not a torch file of plain values ({reason})"
        ) from error


def as_floats(values: Any) -> NDArray[np.float64]:
    """Return numbers of a torch file as an array.

    Parameters
    ----------
    values : tensor, array, or sequence of numbers, tensors or None
        Tensors may require gradients and have any floating-point type. None becomes NaN.

    Returns
    -------
    array of float64
        Its shape is that of `values`.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        If `values` has something other than numbers, or rows of different lengths.
    """
    if isinstance(values, list | tuple):
        values = [_detached(value) for value in values]
    return np.array(_detached(values), dtype=np.float64)


def _detached(value: Any) -> Any:
    """Return a tensor or an array as an array of NumPy, and any other value unchanged."""
    # Torch is not imported here: a value that has this method is a tensor.
    if hasattr(value, "detach"):
        return value.detach().double().numpy()
    return np.asarray(value) if hasattr(value, "__array__") else value
