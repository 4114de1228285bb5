"""Convert durations from text such as ``1h30min`` to seconds, and back."""

from __future__ import annotations

import re

from hwnas.errors import UserError

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(s|min|h|d)")


def seconds(key: str, text: str) -> float:
    """Return the seconds of a duration such as ``2h``, ``1.5h`` or ``1h30min``.

    Parameters
    ----------
    key : str
        The configuration key of the duration, for the error message.
    text : str
        One or more numbers, each followed by ``s``, ``min``, ``h`` or ``d``.

    Raises
    ------
    UserError
        If the text is not a duration, or if the duration is 0.

    Examples
    --------
    >>> seconds("budget", "1h30min"), seconds("budget", "45s")
    (5400.0, 45.0)
    """
    parts = _DURATION.findall(text)
    unmatched = _DURATION.sub("", text).strip()
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if unmatched or total <= 0:
        raise UserError(
            f"{key}={text}: not a duration above 0", remedy=f"{key}=2h, 90min, 45s or 1h30min"
        )
    return total


def duration(value: float) -> str:
    """Return the text of a duration in seconds, in its two largest units.

    Examples
    --------
    >>> duration(5400), duration(86400 * 2 + 100), duration(12.4), duration(0.04)
    ('1 h 30 min', '2 d', '12 s', '0.04 s')
    """
    if value < 1:
        return f"{value:.2g} s"
    whole = round(value)
    for large, small in (("d", "h"), ("h", "min"), ("min", "s")):
        if whole >= _UNITS[large]:
            count, rest = divmod(whole, int(_UNITS[large]))
            rest //= int(_UNITS[small])
            return f"{count} {large}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"
