"""The exception for a user's mistake, and checks of configuration values that raise it."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(Exception):
    """A mistake in the command line, the configuration or a data file.

    The command line prints it in one line, without a traceback, and exits with code 2.

    Parameters
    ----------
    problem : str
        What is wrong, with the file, configuration key or value concerned.
    remedy : str, optional
        An override, a command or a step that corrects the mistake.

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
        remedy = "" if self.remedy is None else f". Try: {self.remedy}"
        return "".join(map(_printable, f"{self.problem}{remedy}"))


def _printable(character: str) -> str:
    """Return a character as a message shows it.

    A message quotes the user's file, which may come from a stranger, and whose escape sequences
    would reach the terminal.
    """
    if character == "\n":
        return " "
    return character if character.isprintable() else ascii(character)[1:-1]


def command(arguments: str) -> str:
    """Return the shell command that runs hwnas with `arguments` on this machine.

    It starts with ``hwnas`` where that program is on the search path, otherwise with
    ``python -m hwnas``.

    Examples
    --------
    >>> command("fetch hwnas").endswith("hwnas fetch hwnas")
    True
    """
    # Imported here because most commands end without an error message.
    import shutil

    program = "hwnas" if shutil.which("hwnas") else "python -m hwnas"
    return f"{program} {arguments}"


def nearest(word: str, known: list[str]) -> str:
    """Return a hint that names the known word closest to `word` and lists all known words.

    Examples
    --------
    >>> nearest("latncy", ["latency", "energy"])
    "did you mean 'latency'? known: energy, latency"
    """
    # The standard library's matcher suffices for the names of configuration keys.
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(sorted(known))}"


def check_choice(key: str, value: str, known: Iterable[str], where: object = "") -> None:
    """Raise `UserError` if the value of a configuration key is none of the known values.

    Parameters
    ----------
    key : str
        Dotted key of the configuration.
    value : str
    known : iterable of str
        The values that are allowed.
    where : object
        The place that the known values belong to, for the message.

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
    """Raise `UserError` if the value of a configuration key is not above `bound`.

    The remedy sets the key to null, so the key must be optional.

    Parameters
    ----------
    key : str
        Dotted key of the configuration.
    value, bound : float
    unit : str
        Unit of the bound with a leading space, for the message.

    Examples
    --------
    >>> check_above("tuning.time_limit_seconds", -1, 0, " s")
    Traceback (most recent call last):
    hwnas.errors.UserError: tuning.time_limit_seconds=-1: more than 0 s is needed. ...
    """
    # "not >" instead of "<=" also raises for NaN.
    if not value > bound:
        raise UserError(
            f"{key}={value:g}: more than {bound:g}{unit} is needed", remedy=f"{key}=null"
        )


def check_number(
    key: str, value: int, lowest: int, highest: int | None = None, remedy: str | None = None
) -> None:
    """Raise `UserError` if the value of a configuration key lies outside its bounds.

    Parameters
    ----------
    key : str
        Dotted key of the configuration.
    value : int
    lowest, highest : int
        The bounds, both inclusive. Without `highest` there is no upper bound.
    remedy : str, optional
        Default: an override that sets the key to the bound.

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
