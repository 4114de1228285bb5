"""Arguments as users type them, written so that Hydra's grammar reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

_ARGUMENT = re.compile(r"(?P<key>[~+]{0,2}\w[\w./@-]*)=(?P<value>.*)", re.DOTALL)
_HOME = re.compile(r"~(?=/|$)")
_CLOSING = {"[": "]", "{": "}", "(": ")"}
_QUOTES = "'\""


def readable(arguments: Sequence[str]) -> list[str]:
    """Return a command line that Hydra reads: a value that it cannot read becomes a quoted string.

    Hydra's grammar has no place for letters such as ü, parentheses or braces in a plain value. In
    the paths of a run, ``~`` at the start becomes the home folder, for Hydra uses some of them
    itself. A list stays a list, and with ``-m`` a comma still separates the values of a sweep.
    What is malformed (a list that is not closed) is left for Hydra to refuse.

    Examples
    --------
    >>> readable(["n_train=25", "paths.outputs=results (new)"])
    ['n_train=25', "paths.outputs='results (new)'"]
    >>> readable(["backend.command=ssh pi ./bench {onnx}"])
    ["backend.command='ssh pi ./bench {onnx}'"]
    >>> readable(["-m", "study=a#1,b#2"])
    ['-m', "study='a#1','b#2'"]
    """
    several = not {"-m", "--multirun"}.isdisjoint(arguments)
    return [_readable_argument(argument, several) for argument in arguments]


def _readable_argument(argument: str, several: bool) -> str:
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        return argument
    key, value = match["key"], match["value"]
    values = list(_parts(value)) if several else [value]
    if key.startswith("paths."):
        values = [_HOME.sub(lambda _: str(Path.home()), each, count=1) for each in values]
    plain = ",".join(values)
    return f"{key}={plain if _reads(plain) else ','.join(map(_readable_value, values))}"


def _readable_value(value: str) -> str:
    if _reads(value) or value[:1] in [*_QUOTES]:
        return value
    if value.startswith("["):
        # Not closed: it is not a list, and not meant as text either.
        inside = value[1:-1] if value.endswith("]") else None
        elements = [] if inside is None else [_readable_value(each) for each in _parts(inside)]
        return value if inside is None else f"[{','.join(elements)}]"
    if value.startswith("{") and "}" not in value:
        return value
    return QuotedString(value, Quote.single).with_quotes()


def _parts(text: str) -> Iterator[str]:
    """Split at the commas that lie outside of brackets and quotes."""
    start, open_brackets, quote = 0, list[str](), ""
    for i, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        elif character == "," and not open_brackets:
            yield text[start:i]
            start = i + 1
    yield text[start:]


def _reads(value: str) -> bool:
    try:
        # Which values are read does not depend on the key.
        OverridesParser.create().parse_override(f"key={value}")
    except HydraException:
        return False
    return True
