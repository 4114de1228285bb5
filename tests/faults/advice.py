"""The remedies that the program prints, taken from its messages."""

from __future__ import annotations

import os
import re
import shlex
from itertools import takewhile

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
    return _replaced(arguments, shlex.split(advice))


def _replaced(arguments: list[str], given: list[str]) -> list[str]:
    """Return the arguments with overrides in place of those of the same keys."""
    keys = {_key(each) for each in given}
    kept = [each for each in arguments if _key(each) not in keys]
    return [*kept, *given]


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def remedied(arguments: list[str], message: str) -> list[list[str]]:
    """Return the command lines that an error advises in place of these arguments."""
    if found := re.search(r"did you mean '([^']+)'", message):
        return [_renamed(arguments, message, found[1])]
    advice = remedy(message)
    if found := re.fullmatch(r"leave (\S+) out", advice):
        return [[each for each in arguments if _key(each) != _key(found[1])]]
    ways = [_overrides(way) for way in re.split(r",? or (?=\S+=)", advice)]
    # An advice takes the place of the override that the error names first.
    kept = [each for each in arguments if not message.startswith(f"{each}: ")]
    return [_replaced(kept, way) for way in ways if way]


def _renamed(arguments: list[str], message: str, name: str) -> list[str]:
    """Return the arguments with the name that an error suggests."""
    mistaken = message.partition(": ")[0]
    wrong = next(each for each in arguments if _key(each) == _key(mistaken))
    key, _, value = wrong.partition("=")
    if "no such key" in message:
        right = f"{name}={value}"
    else:
        # Of a dotted name, the suggestion is the part that is not found.
        right = f"{key}={name}"
        if "." in value:
            right = f"{key}={value.rpartition('.')[0]}.{name}"
    return [right if each == wrong else each for each in arguments]


def _overrides(advice: str) -> list[str]:
    """Return the overrides at the start of an advice, without the explanation behind them."""
    words = [word.rstrip(",") for word in shlex.split(os.path.expandvars(advice))]
    return list(takewhile(lambda word: word == "-m" or "=" in word, words))
