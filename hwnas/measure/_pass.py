"""The measurement of one network in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwnas.backend import Backend, Runs, runs_of
from hwnas.errors import UserError
from hwnas.measure._energy import Wattmeter
from hwnas.network import Network


def measure_pass(
    network: Network,
    backend: Backend,
    settings: Mapping[str, Any],
    wattmeter: Wattmeter | None = None,
    wanted: str | None = None,
) -> dict[str, Any]:
    """Build a network, run it, and return the values for its record.

    Parameters
    ----------
    network : Network
    backend : Backend
    settings : mapping
        ``batch_size``, ``threads``, ``seed``, ``warm_up`` and ``repeats`` of the measurement.
    wattmeter : Wattmeter, optional
        Measures the energy. Without it the energy is the one that the backend returns, if any.
    wanted : str, optional
        A value that the record must have, such as ``"energy"``.

    Returns
    -------
    dict of str to float or str
        ``median``, ``mad`` and ``minimum`` of the times in milliseconds. Where they were measured,
        also ``energy`` (mJ), ``peak_memory`` (bytes) and the values of `Wattmeter.values_of`.
        ``fallback`` is the reason if the network did not run as the backend's facts say.

    Raises
    ------
    UserError
        If nothing measures the wanted value.
    """
    prepared = backend.prepare(
        network, settings["batch_size"], settings["threads"], settings["seed"]
    )
    if settings["warm_up"]:
        prepared(settings["warm_up"])
    values = values_of(runs_of(backend, prepared, settings["repeats"]))
    if wattmeter is not None:
        values |= wattmeter.values_of(prepared, values["median"])
    if wanted is not None and wanted not in values:
        raise UserError(
            f"backend={backend.name} measures no {wanted} on this unit", remedy="metric=latency"
        )
    return values


def reason_to_leave_out(record: Mapping[str, Any]) -> str | None:
    """Return why a table must leave out a record, or None if the table may have it.

    A record is left out if its network failed, or if it did not run as the backend's facts say.
    """
    reason: str | None = record.get("failed") or record.get("fallback")
    return reason


def values_of(runs: Runs) -> dict[str, Any]:
    """Return the values that the record of a pass has: the time's, and what else was measured.

    Examples
    --------
    >>> values_of(Runs(np.array([2.0, 1.0, 4.0]), millijoules=30.0))
    {'median': 2.0, 'mad': 1.0, 'minimum': 1.0, 'energy': 30.0}
    """
    more = {
        "energy": runs.millijoules,
        "peak_memory": runs.peak_bytes,
        "fallback": runs.fallback,
    }
    known = {name: value for name, value in more.items() if value is not None}
    return summary(runs.milliseconds) | known


def summary(milliseconds: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    """Return median, median absolute deviation and minimum of the runs in one pass.

    Examples
    --------
    >>> summary(np.array([2.0, 1.0, 4.0]))
    {'median': 2.0, 'mad': 1.0, 'minimum': 1.0}
    """
    median = float(np.median(milliseconds))
    return {
        "median": median,
        "mad": float(np.median(np.abs(milliseconds - median))),
        "minimum": float(milliseconds.min()),
    }
