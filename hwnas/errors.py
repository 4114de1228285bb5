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
    remedy : str, optional
        The command or the step that mends it.

    Examples
    --------
    >>> print(UserError("dataset.source: no such source 'guess'", remedy="dataset.source=auto"))
    dataset.source: no such source 'guess'. Try: dataset.source=auto
    """

    def __init__(self, problem: str, remedy: str | None = None) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem, remedy)

    def __str__(self) -> str:
        if self.remedy is None:
            return self.problem
        return f"{self.problem}. Try: {self.remedy}"


def command(arguments: str) -> str:
    """Return the shell command that runs hwnas with these arguments on this machine.

    Examples
    --------
    >>> command("fetch hwnas").endswith("hwnas fetch hwnas")
    True
    """
    # Imported here: most commands end without it.
    import shutil

    program = "hwnas" if shutil.which("hwnas") else "python -m hwnas"
    return f"{program} {arguments}"


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
        raise UserError(
            f"{key}={value:g}: more than {bound:g}{unit} is needed", remedy=f"{key}=null"
        )


def check_number(
    key: str, value: int, lowest: int, highest: int | None = None, remedy: str | None = None
) -> None:
    """Raise `UserError` unless a number of the configuration lies within its bounds.

    Examples
    --------
    >>> check_number("passes", 0, 1)
    Traceback (most recent call last):
    hwnas.errors.UserError: passes=0: at least 1 is needed. Try: passes=1
    """
    if value < lowest:
        raise UserError(
            f"{key}={value}: at least {lowest} is needed", remedy=remedy or f"{key}={lowest}"
        )
    if highest is not None and value > highest:
        raise UserError(
            f"{key}={value}: at most {highest} is possible", remedy=remedy or f"{key}={highest}"
        )
