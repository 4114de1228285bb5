"""Checks of what a backend returns, which may be a user's own class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import Backend, Prepared
from hwnas.errors import UserError


def facts_of(backend: Backend) -> dict[str, Any]:
    """Return the facts of a backend.

    Raises
    ------
    UserError
        If `facts` is no method, or returns no dict with names as keys.
    """
    method = backend.facts
    facts: object = method() if callable(method) else method
    if not callable(method) or not isinstance(facts, Mapping) or not _are_names(facts):
        given = "is no method" if not callable(method) else f"returns {facts!r:.60}"
        raise UserError(
            f"{_name(backend)}: facts {given}, not a dict of names and values",
            remedy="def facts(self): return {'board': 'A1'}",
        )
    return dict(facts)


def times_of(backend: Backend, prepared: Prepared, repeats: int) -> NDArray[np.float64]:
    """Run a prepared network, and return the milliseconds of every run, shape (repeats,).

    Raises
    ------
    UserError
        If the timer returns no list or array of that many positive numbers.
    """
    returned: object = prepared(repeats)
    try:
        times = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError):
        times = np.empty(0)
    if times.shape != (repeats,) or not (np.isfinite(times) & (times >= 0)).all():
        raise UserError(
            f"{_name(backend)}: the timer of prepare returns {returned!r:.60} for {repeats} runs, "
            "not that many milliseconds",
            remedy="return an array of one number a run, as hwnas.backend.time_calls does",
        )
    return times


def _are_names(facts: Mapping[Any, Any]) -> bool:
    return all(isinstance(key, str) for key in facts)


def _name(backend: Backend) -> str:
    return f"backend {type(backend).__module__}.{type(backend).__qualname__}"
