"""Reading times and energy from what the command of a rig prints."""

from __future__ import annotations

import json
import re

import numpy as np

from hwnas.backend._backend import Runs
from hwnas.errors import UserError

_TIMES, _ENERGY, _MEMORY = "latency_ms", "energy_mJ", "peak_memory_bytes"
_NAMED = re.compile(rf"\s*({_TIMES}|{_ENERGY}|{_MEMORY})\s*[:=]?\s(.*)")
_EXAMPLE = f"a command that prints the line '{_TIMES} 1.25 1.27 1.26', one number a run"


def runs_in(printed: str, repeats: int) -> Runs:
    r"""Return the runs that a command prints.

    The command prints lines that begin with a name:

    - ``latency_ms``, and the milliseconds of each timed run;
    - ``energy_mJ``, and the mean energy of a run in millijoules (optional);
    - ``peak_memory_bytes``, and the memory that the network needs (optional).

    Other lines are ignored. A line may also be a JSON object with these names. If no line has a
    name and all are numbers, they are the milliseconds.

    Parameters
    ----------
    printed : str
    repeats : int
        Number of runs that the command was asked for.

    Raises
    ------
    UserError
        If there are no times, a value is not a number, or there is not one time a run.

    Examples
    --------
    >>> runs_in("board ready\nlatency_ms 1.5 1.25\nenergy_mJ 4", repeats=2)
    Runs(milliseconds=array([1.5 , 1.25]), millijoules=4.0, peak_bytes=None, fallback=None)
    >>> runs_in('{"latency_ms": [2.0]}', repeats=1).milliseconds
    array([2.])
    """
    lines = [line for line in printed.splitlines() if line.strip()]
    found: dict[str, list[float]] = {}
    for line in lines:
        found |= _values(line)
    if not found and lines and all(_are_numbers(line) for line in lines):
        found = {_TIMES: [number for line in lines for number in _numbers(line)]}
    times = found.get(_TIMES, [])
    if not times:
        last = f"its last line is {lines[-1]!r:.80}" if lines else "it prints nothing"
        raise UserError(f"backend.command prints no {_TIMES}; {last}", remedy=_EXAMPLE)
    if len(times) != repeats:
        raise UserError(
            f"backend.command prints {len(times)} times for {repeats} runs",
            remedy=f"{{repeats}} in the command, or repeats={len(times)}",
        )
    single = {name: values[0] for name, values in found.items() if values}
    return Runs(np.array(times), single.get(_ENERGY), single.get(_MEMORY))


def _values(line: str) -> dict[str, list[float]]:
    """Return the named values of a line."""
    if line.lstrip().startswith("{"):
        try:
            given = json.loads(line)
        except ValueError:
            return {}
        texts = {name: given[name] for name in (_TIMES, _ENERGY, _MEMORY) if name in given}
        return {
            name: _numbers(" ".join(map(str, value if isinstance(value, list) else [value])))
            for name, value in texts.items()
        }
    named = _NAMED.match(line)
    return {} if named is None else {named[1]: _numbers(named[2])}


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in re.split(r"[\s,;]+", text.strip()) if word]
    except ValueError:
        raise UserError(
            f"backend.command prints {text!r:.80}, which are not only numbers", remedy=_EXAMPLE
        ) from None


def _are_numbers(line: str) -> bool:
    return re.fullmatch(r"[\d.eE+\-\s,;]+", line) is not None
