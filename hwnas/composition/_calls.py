"""Explanations of a ``_target_`` that does not exist, or that does not take what it is given."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import packages_distributions
from typing import Any

from hwnas.errors import UserError, nearest

_LOST = re.compile(r"Error locating target '(?P<name>[^']*)'")
_CALLED = re.compile(r"call to target '(?P<name>[^']+)'")
_UNEXPECTED = re.compile(r"unexpected keyword argument '(?P<name>\w+)'")
_MISSING = re.compile(r"missing \d+ required [\w-]+ arguments?: '(?P<name>\w+)'")
#: The key of the node that a message of Hydra or OmegaConf is about.
FULL_KEY = re.compile(r"full_key: (\S+)")


def call_problem(text: str, given: Mapping[str, str], removed: list[str]) -> str | None:
    """Return what is wrong with a call that Hydra could not make; None if it does not show.

    Parameters
    ----------
    text : str
        The message of Hydra and its cause.
    given : mapping of str to str
        The overrides by key.
    removed : list of str
        The keys that ``~`` removed.
    """
    lost = _LOST.search(text)
    if lost is not None:
        return _no_target(lost["name"], text, given)
    called, unexpected, missing = (p.search(text) for p in (_CALLED, _UNEXPECTED, _MISSING))
    if called is not None and unexpected is not None:
        name = unexpected["name"]
        key = next((each for each in given if each.rpartition(".")[2] == name), None)
        if key is not None:
            problem = f"{key}={given[key]}: {called['name']} does not take {name}"
            hint = nearest(name, parameters(_resolved(called["name"])))
            return str(UserError(f"{problem}; {hint}", remedy=f"leave {key} out"))
    if called is not None and missing is not None:
        key = next((each for each in removed if each.rpartition(".")[2] == missing["name"]), None)
        if key is not None:
            problem = f"~{key}: {called['name']} needs {missing['name']}"
            return str(UserError(problem, remedy=f"leave ~{key} out"))
    return None


def parameters(of: Any) -> list[str]:
    """Return the names of the parameters of a class or function; none if it does not say."""
    try:
        return list(inspect.signature(of).parameters)
    except (TypeError, ValueError):
        return []


def _resolved(name: str) -> Any:
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        return None


def _no_target(name: str, text: str, given: Mapping[str, str]) -> str:
    """Return a message about a ``_target_`` that does not exist, with a similar name."""
    # OmegaConf's key is not complete for a predictor's model, which is instantiated by itself.
    keys = [key for key, value in given.items() if value == name]
    node = FULL_KEY.search(text)
    key = keys[0] if keys else f"{node.group(1)}._target_" if node else "_target_"
    where, _, own = name.rpartition(".")
    if not where:
        problem = f"{key}={name}: not the full name of a class"
        return str(UserError(problem, remedy=f"leave {key} out" if keys else None))
    # The name before the last dot is a module, or a class if the target is its method.
    parent, lacking = _nearest_parent(where)
    if parent is None:
        close = get_close_matches(lacking, packages_distributions(), n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return f"{key}={name}: there is no module {lacking}{hint}"
    if lacking:
        known = [each for each in _modules_of(parent) if each[0] != "_"]
        return f"{key}={name}: {parent.__name__} has no {lacking}; {nearest(lacking, known)}"
    known = [n for n, value in vars(parent).items() if n[0] != "_" and callable(value)]
    return f"{key}={name}: {where} has no {own}; {nearest(own, known)}"


def _nearest_parent(where: str) -> tuple[Any, str]:
    """Return the longest start of a dotted name that exists, and the part behind it."""
    parts = where.split(".")
    for n in range(len(parts), 0, -1):
        found = _resolved(".".join(parts[:n]))
        if found is not None:
            return found, parts[n] if n < len(parts) else ""
    return None, parts[0]


def _modules_of(parent: Any) -> list[str]:
    return [each.name for each in pkgutil.iter_modules(getattr(parent, "__path__", []))]
