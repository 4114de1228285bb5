"""Measurement of a few architectures during an experiment, for ``selection.verify=device``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend import Backend, facts_of, runs_of
from hwnas.dataset import Local
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.measure._latency import summary
from hwnas.measure._machine import machine_facts
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
    backend = backend_of(dataset.backend, facts["settings"])
    return time_on_device(dataset.space, architectures, backend, facts, dataset.statistic)


def time_on_device(
    space: SearchSpace,
    architectures: Architectures,
    backend: Backend,
    facts: Mapping[str, Any],
    statistic: str,
    passes: int = 4,
) -> NDArray[np.float64]:
    """Time architectures on this machine with the settings that a table was measured with.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    backend : Backend
    facts : mapping
        The ``settings`` and ``machines`` of the table's latency. If a machine has another CPU than
        this machine, a warning is logged, because their latencies cannot be compared.
    statistic : {"minimum", "median"}
        Statistic of the timed runs in a pass.
    passes : int
        Number of passes, each in its own random order.

    Returns
    -------
    array of float64, shape (n,)
        Milliseconds: the median over passes, as in the table.
    """
    cpu, table_cpus = machine_facts()["cpu"], {machine["cpu"] for machine in facts["machines"]}
    if table_cpus != {cpu}:
        _LOG.warning(
            "architectures are verified on %s, but the table was measured on %s",
            cpu,
            ", ".join(sorted(table_cpus)),
        )
    settings = facts["settings"]
    image_set = ImageSet(**settings["image_set"])
    times = np.empty((passes, len(architectures)))
    for number in range(passes):
        # The purpose "live" stays as it was, so that a seed keeps its order.
        order = generator(settings["seed"], "live", number).permutation(len(architectures))
        for row in order:
            network = build(
                space, architectures[row].tolist(), image_set, dead_edges=False, **settings["sizes"]
            )
            prepared = backend.prepare(
                network, settings["batch_size"], settings["threads"], settings["seed"]
            )
            prepared(settings["warm_up"])
            runs = runs_of(backend, prepared, settings["repeats"])
            times[number, row] = summary(runs.milliseconds)[statistic]
    return np.asarray(np.median(times, axis=0))


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
