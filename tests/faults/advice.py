"""The remedies that the program prints, taken from its messages."""

from __future__ import annotations

import shlex

from tests.commands import Finished

_TRY = "Try: "


def one_line(run: Finished) -> str:
    """Return the only line on standard error of a command that ended with exit code 2."""
    assert run.returncode == 2, run
    lines = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, run.stderr
    assert "Traceback" not in run.stderr
    return lines[0].removeprefix("error: ")


def remedy(message: str) -> str:
    """Return what a message advises."""
    assert _TRY in message, message
    return message.rpartition(_TRY)[2]


def followed(arguments: list[str], advice: str) -> list[str]:
    """Return a command line with an advice of overrides in place of those of the same keys."""
    given = shlex.split(advice)
    keys = {_key(each) for each in given}
    kept = [each for each in arguments if _key(each) not in keys]
    return [*kept, *given]


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
