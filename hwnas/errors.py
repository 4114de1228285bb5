"""The one exception for a user's mistake: it says what is wrong, where, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(Exception):
    """A mistake in the command line, the configuration or a data file.

    The entry points print it as one line and exit with code 2, without a traceback.

    Parameters
    ----------
    problem : str
        What is wrong, naming the file, key or value.
    mend : str, optional
        The command or the step that mends it.

    Examples
    --------
    >>> print(UserError("dataset.source: no such source 'guess'", mend="dataset.source=auto"))
    dataset.source: no such source 'guess'. To mend it: dataset.source=auto
    """

    def __init__(self, problem: str, mend: str | None = None) -> None:
        self.problem = problem
        self.mend = mend
        super().__init__(problem, mend)

    def __str__(self) -> str:
        if self.mend is None:
            return self.problem
        return f"{self.problem}. To mend it: {self.mend}"


def nearest(word: str, known: list[str]) -> str:
    """Say which known name is meant, and list them all.

    Examples
    --------
    >>> nearest("latncy", ["latency", "energy"])
    "did you mean 'latency'? known: energy, latency"
    """
    # The standard library's matcher is enough for names of config keys.
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(sorted(known))}"


def check_choice(key: str, value: str, known: Iterable[str], where: object = "") -> None:
    """Raise `UserError` naming the known values unless the configuration's value is one of them.

    Examples
    --------
    >>> check_choice("dataset.statistic", "mean", ["median", "minimum"])
    Traceback (most recent call last):
    hwnas.errors.UserError: dataset.statistic: no 'mean'; ...known: median, minimum
    """
    names = list(known)
    if value not in names:
        place = f" in {where}" if where else ""
        raise UserError(f"{key}: no {value!r}{place}; {nearest(str(value), names)}")


def check_above(key: str, value: float, bound: float, unit: str = "") -> None:
    """Raise `UserError` unless a limit of the configuration lies above a bound.

    Examples
    --------
    >>> check_above("tuning.time_limit_seconds", -1, 0, " s")
    Traceback (most recent call last):
    hwnas.errors.UserError: tuning.time_limit_seconds=-1: more than 0 s is needed. ...
    """
    # So that NaN is refused too.
    if not value > bound:
        raise UserError(f"{key}={value:g}: more than {bound:g}{unit} is needed", mend=f"{key}=null")


def check_number(
    key: str, value: int, lowest: int, highest: int | None = None, mend: str | None = None
) -> None:
    """Raise `UserError` unless a number of the configuration lies within its bounds.

    Examples
    --------
    >>> check_number("passes", 0, 1)
    Traceback (most recent call last):
    hwnas.errors.UserError: passes=0: at least 1 is needed. To mend it: passes=1
    """
    if value < lowest:
        raise UserError(
            f"{key}={value}: at least {lowest} is needed", mend=mend or f"{key}={lowest}"
        )
    if highest is not None and value > highest:
        raise UserError(
            f"{key}={value}: at most {highest} is possible", mend=mend or f"{key}={highest}"
        )
