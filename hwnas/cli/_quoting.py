"""Arguments as users type them, written so that Hydra's grammar reads them."""

from __future__ import annotations

import re
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

_ARGUMENT = re.compile(r"(?P<key>[~+]{0,2}[\w./@-]+)=(?P<value>.*)", re.DOTALL)
_HOME = re.compile(r"~(?=/|$)")


def readable(argument: str) -> str:
    """Return an argument that Hydra reads: a value that it cannot read becomes a quoted string.

    Hydra's grammar has no place for letters such as ü, parentheses, spaces or braces in a plain
    value. A folder that starts with ``~`` is written out, for Hydra uses some of them itself.

    Examples
    --------
    >>> readable("n_train=25")
    'n_train=25'
    >>> readable("paths.outputs=results (new)")
    "paths.outputs='results (new)'"
    >>> readable("backend.command=ssh pi ./bench {onnx}")
    "backend.command='ssh pi ./bench {onnx}'"
    """
    match = _ARGUMENT.fullmatch(argument)
    if match is None:
        return argument
    key, value = match["key"], match["value"]
    if key.startswith("paths."):
        value = _HOME.sub(lambda _: str(Path.home()), value, count=1)
    plain = f"{key}={value}"
    if _reads(plain):
        return plain
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    quoted = f"{key}='{escaped}'"
    return quoted if _reads(quoted) else argument


def _reads(argument: str) -> bool:
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        return False
    return True
