"""Marks for incomplete means: those over fewer datasets or seeds than others in the report."""

from __future__ import annotations

#: Explanation of the marks for a caption.
MARK_NOTE = "; a mean marked [n of m] covers fewer and cannot be compared with the others"


def mark(*counts: tuple[float, float, str]) -> str:
    """Return the mark of an incomplete mean; the empty string if the mean is complete.

    Parameters
    ----------
    *counts : tuple of (number, number, str)
        The number that the mean covers, the number that a complete mean covers, and of what.

    Examples
    --------
    >>> mark((1, 2, "datasets"), (3, 3, "seeds"))
    ' [1 of 2 datasets]'
    >>> mark((2, 2, "datasets"), (3, 3, "seeds"))
    ''
    """
    parts = [f"{int(n)} of {int(most)} {what}" for n, most, what in counts if n < most]
    return f" [{', '.join(parts)}]" if parts else ""
