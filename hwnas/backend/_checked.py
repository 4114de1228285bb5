"""Checks of what a backend returns, which may be a user's own class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend._backend import Backend, Prepared, Runs
from hwnas.errors import UserError


def facts_of(backend: Backend) -> dict[str, Any]:
    """Return the facts of a backend.

    Raises
    ------
    UserError
        If `facts` is not a method, or returns no dict with names as keys.
    """
    method = backend.facts
    facts: object = method() if callable(method) else method
    if not callable(method) or not isinstance(facts, Mapping) or not _are_names(facts):
        given = "is not a method" if not callable(method) else f"returns {facts!r:.60}"
        raise UserError(
            f"{_name(backend)}: facts {given}, not a dict of names and values",
            remedy="def facts(self): return {'board': 'A1'}",
        )
    return dict(facts)


def runs_of(backend: Backend, prepared: Prepared, repeats: int) -> Runs:
    """Run a prepared network, and return what the backend measured, with one time a run.

    Raises
    ------
    UserError
        If the timer returns no list or array of that many positive numbers, or an energy or a
        memory that is not a positive number.
    """
    returned: object = prepared(repeats)
    runs = returned if isinstance(returned, Runs) else Runs(_times(backend, returned, repeats))
    for field in ("millijoules", "peak_bytes"):
        value = getattr(runs, field)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UserError(
                f"{_name(backend)}: the timer of prepare returns {field}={value}, not a positive "
                "number",
                remedy=f"return None as {field} where it was not measured",
            )
    return replace(runs, milliseconds=_times(backend, runs.milliseconds, repeats))


def _times(backend: Backend, returned: object, repeats: int) -> NDArray[np.float64]:
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
