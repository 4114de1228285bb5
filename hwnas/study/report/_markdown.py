"""Means over fewer data sets or seeds than the others: they are marked wherever they stand."""

from __future__ import annotations

#: What a caption says of marks.
UNLIKE = "; a mean marked [n of m] is over fewer: not to be compared with the others"


def mark(*counts: tuple[float, float, str]) -> str:
    """Say what a mean lacks; nothing where it is over as many as the others.

    Parameters
    ----------
    *counts : tuple of (number, most, str)
        How many it is over, the most that a mean of the table is over, and what they are.

    Examples
    --------
    >>> mark((1, 2, "data sets"), (3, 3, "seeds"))
    ' [1 of 2 data sets]'
    >>> mark((2, 2, "data sets"), (3, 3, "seeds"))
    ''
    """
    fewer = [f"{int(n)} of {int(most)} {what}" for n, most, what in counts if n < most]
    return f" [{', '.join(fewer)}]" if fewer else ""
