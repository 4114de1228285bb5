"""Measurement of a few architectures during an experiment, for ``selection.verify=device``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend import Backend, facts_of
from hwnas.dataset import ONE_VALUE, Local
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.measure._energy import Wattmeter, wattmeter_of
from hwnas.measure._machine import machine_facts
from hwnas.measure._pass import measure_pass, reason_to_leave_out
from hwnas.measure._settings import settings_of
from hwnas.network import build
from hwnas.seeding import generator
from hwnas.space import Architectures, SearchSpace

_LOG = logging.getLogger(__name__)

_REMEDY = "selection.verify=table"


#: A function from architectures, shape (n, n_positions), to measured values, shape (n,).
DeviceMeasure = Callable[[Architectures], NDArray[np.float64]]


def device_measure(dataset: object) -> DeviceMeasure | None:
    """Return a function that measures architectures with the settings of a dataset.

    Parameters
    ----------
    dataset : object
        A dataset that a YAML of ``conf/dataset`` instantiates.

    Returns
    -------
    callable or None
        Takes architectures, array of int8, shape (n, n_positions), and returns their values in the
        metric's unit, shape (n,). It raises `UserError` if the metric is counted from the network,
        or if this machine lacks the unit that was measured. None if the dataset was not measured
        with ``hwnas measure``, because hwnas cannot run networks on its device.
    """
    return partial(_measure, dataset) if isinstance(dataset, Local) else None


def _measure(dataset: Local, architectures: Architectures) -> NDArray[np.float64]:
    facts = dataset.how_measured()
    backend = backend_of(dataset.backend, settings_of(facts))
    quantity = dataset.quantity
    value = quantity if quantity in ONE_VALUE else dataset.statistic
    return measure_on_device(dataset.space, architectures, backend, facts, value)


def measure_on_device(
    space: SearchSpace,
    architectures: Architectures,
    backend: Backend,
    facts: Mapping[str, Any],
    value: str,
    passes: int = 4,
) -> NDArray[np.float64]:
    """Measure architectures on this machine with the settings that a table was measured with.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    backend : Backend
    facts : mapping
        The ``settings`` and ``machines`` of the table's latency. If a machine has another CPU than
        this machine, a warning is logged, because their latencies cannot be compared.
    value : str
        The value of a pass: ``"minimum"`` or ``"median"`` of the timed runs, or an energy.
    passes : int
        Number of passes, each in its own random order.

    Returns
    -------
    array of float64, shape (n,)
        The median over passes, as in the table.

    Raises
    ------
    UserError
        If an architecture cannot be measured as the table was.
    """
    cpu, table_cpus = machine_facts()["cpu"], {machine["cpu"] for machine in facts["machines"]}
    if table_cpus != {cpu}:
        _LOG.warning(
            "architectures are verified on %s, but the table was measured on %s",
            cpu,
            ", ".join(sorted(table_cpus)),
        )
    settings = settings_of(facts)
    image_set = ImageSet(**settings["image_set"])
    wattmeter = _wattmeter(backend, settings) if value.startswith("energy") else None
    measured = np.empty((passes, len(architectures)))
    for number in range(passes):
        # The purpose "live" stays as it was, so that a seed keeps its order.
        order = generator(settings["seed"], "live", number).permutation(len(architectures))
        for row in order:
            network = build(
                space, architectures[row].tolist(), image_set, dead_edges=False, **settings["sizes"]
            )
            values = measure_pass(network, backend, settings, wattmeter, value)
            reason = reason_to_leave_out(values)
            if reason is not None:
                raise UserError(
                    f"{space.to_strings(architectures[row : row + 1])[0]} cannot be compared with "
                    f"the table: {reason}",
                    remedy=_REMEDY,
                )
            measured[number, row] = values[value]
    return np.asarray(np.median(measured, axis=0))


def _wattmeter(backend: Backend, settings: Mapping[str, Any]) -> Wattmeter | None:
    try:
        return wattmeter_of(backend, settings["energy_seconds"])
    except UserError as error:
        # The meter's remedy is an override of `hwnas measure`.
        raise UserError(error.problem, remedy=_REMEDY) from error


def backend_of(name: str, settings: Mapping[str, Any]) -> Backend:
    """Return a backend of ``conf/backend`` with the settings of a table.

    Parameters
    ----------
    name : str
    settings : mapping
        The settings of the table's latency.

    Raises
    ------
    UserError
        If this machine lacks the unit that was measured.
    """
    from hydra import compose
    from hydra.utils import instantiate

    node = compose(f"backend/{name}").backend
    stored = {key: settings[key] for key in node if key in settings}
    backend: Backend = instantiate(node, **stored)
    try:
        facts = facts_of(backend)
    except UserError as error:
        # The backend's remedy is an override of `hwnas measure`, which `hwnas run` lacks.
        raise UserError(error.problem, remedy=_REMEDY) from error
    for key in backend.unit_facts:
        if key in settings and facts.get(key) != settings[key]:
            raise UserError(
                f"the table was measured with {key}={settings[key]}, but on this machine it is "
                f"{facts.get(key)}",
                remedy=_REMEDY,
            )
    return backend
