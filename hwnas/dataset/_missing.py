"""The values that count as missing in every file of measurements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Words that files have in place of a number that is missing, in lower case.
MISSING_WORDS = frozenset(
    {
        *("", "-", "--", "?", "na", "n/a", "#n/a", "<na>", "nan", "null", "none"),
        *("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"),
        *("oom", "out of memory", "error", "fail", "failed", "crash", "crashed", "timeout"),
    }
)


def missing_as_nan(values: Any) -> NDArray[np.float64]:
    """Return a copy of measured values with NaN in place of those that are missing.

    A measurement is missing if it is NaN, infinite or negative. Published files mark a failed
    measurement with -1.

    Parameters
    ----------
    values : array-like of float, shape (n,)

    Returns
    -------
    array of float64, shape (n,)

    Examples
    --------
    >>> missing_as_nan([2.5, -1, float("inf"), None]).tolist()
    [2.5, nan, nan, nan]
    """
    array = np.array(values, dtype=np.float64)
    array[~np.isfinite(array) | (array < 0)] = np.nan
    return array
