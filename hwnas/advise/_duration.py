"""Durations as people write them."""

from __future__ import annotations

import re

from hwnas.errors import UserError

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(s|min|h|d)")


def seconds(key: str, text: str) -> float:
    """Read a duration such as ``2h``, ``1.5h`` or ``1h30min``.

    Parameters
    ----------
    key : str
        Names the value in an error.
    text : str
        Numbers, each followed by ``s``, ``min``, ``h`` or ``d``.

    Raises
    ------
    UserError
        If it is no duration, or 0.

    Examples
    --------
    >>> seconds("budget", "1h30min"), seconds("budget", "45s")
    (5400.0, 45.0)
    """
    parts = _DURATION.findall(text)
    rest = _DURATION.sub("", text).strip()
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if rest or total <= 0:
        raise UserError(f"{key}={text}: not a duration", remedy=f"{key}=2h, 90min, 45s or 1h30min")
    return total


def duration(value: float) -> str:
    """Write a duration in its two largest units.

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
