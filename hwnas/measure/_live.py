"""Measuring a few architectures now: what verification does with ``selection.verify=device``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.backend import Backend
from hwnas.dataset import Local
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.measure._latency import summary
from hwnas.measure._machine import machine_facts
from hwnas.network import build
from hwnas.seeding import generator
from hwnas.space import Architectures, SearchSpace

_LOG = logging.getLogger(__name__)

_INSTEAD = "selection.verify=table"


#: Takes architectures, shape (n, n_positions), and returns their values, shape (n,).
LiveMeasure = Callable[[Architectures], NDArray[np.float64]]


def live_measure(dataset: object) -> LiveMeasure | None:
    """Return a function that measures architectures as those of a dataset were measured.

    Parameters
    ----------
    dataset : object
        What one of ``conf/dataset`` instantiates.

    Returns
    -------
    callable or None
        Takes architectures, array of int8, shape (n, n_positions), and returns their values in the
        metric's unit, shape (n,). It raises `UserError` if the metric is counted from the network,
        or this machine lacks the unit that was measured. None if the dataset was not measured with
        ``hwnas measure``: its device is not at hand.
    """
    return partial(_measure, dataset) if isinstance(dataset, Local) else None


def _measure(dataset: Local, architectures: Architectures) -> NDArray[np.float64]:
    facts = dataset.how_measured()
    backend = backend_of(dataset.backend, facts["settings"])
    return measure_live(dataset.space, architectures, backend, facts, dataset.statistic)


def measure_live(
    space: SearchSpace,
    architectures: Architectures,
    backend: Backend,
    facts: Mapping[str, Any],
    statistic: str,
    passes: int = 4,
) -> NDArray[np.float64]:
    """Time architectures on this machine, as those of a table were timed.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    backend : Backend
    facts : mapping
        Of the table's latency: ``settings`` and ``machines``. Another machine than the table's is
        warned about, for its values do not compare.
    statistic : {"minimum", "median"}
        Of the runs in a pass.
    passes : int
        Each takes all architectures in a fresh random order.

    Returns
    -------
    array of float64, shape (n,)
        Milliseconds: the median over passes, as in the table.
    """
    here, there = machine_facts()["cpu"], {machine["cpu"] for machine in facts["machines"]}
    if there != {here}:
        _LOG.warning("verified on %s, the table is of %s", here, ", ".join(sorted(there)))
    settings = facts["settings"]
    image_set = ImageSet(**settings["image_set"])
    times = np.empty((passes, len(architectures)))
    for number in range(passes):
        order = generator(settings["seed"], "live", number).permutation(len(architectures))
        for row in order:
            network = build(
                space, architectures[row].tolist(), image_set, dead_edges=False, **settings["sizes"]
            )
            prepared = backend.prepare(
                network, settings["batch_size"], settings["threads"], settings["seed"]
            )
            prepared(settings["warm_up"])
            times[number, row] = summary(prepared(settings["repeats"]))[statistic]
    return np.asarray(np.median(times, axis=0))


def backend_of(name: str, settings: Mapping[str, Any]) -> Backend:
    """Return a backend of ``conf/backend`` as it was set when a table was measured.

    Parameters
    ----------
    name : str
    settings : mapping
        Of the table's latency.

    Raises
    ------
    UserError
        If this machine has not the unit that was measured.
    """
    from hydra import compose
    from hydra.utils import instantiate

    node = compose(f"backend/{name}").backend
    stored = {key: settings[key] for key in node if key in settings}
    backend: Backend = instantiate(node, **stored)
    try:
        here = backend.facts()
    except UserError as error:
        # Its own remedy is a key of the measurement, not of the run that verifies.
        raise UserError(error.problem, remedy=_INSTEAD) from error
    for key in backend.unit_facts:
        if key in settings and here.get(key) != settings[key]:
            raise UserError(
                f"the table was measured with {key}={settings[key]}, here it is {here.get(key)}",
                remedy=_INSTEAD,
            )
    return backend
