"""The one exception for a user's mistake: it says what is wrong, where, and what mends it."""

from __future__ import annotations


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
