"""Verification on the device: measuring architectures with the settings of a table."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.backend import Prepared
from hwnas.dataset import HELP, Local
from hwnas.errors import UserError
from hwnas.measure import device_measure
from hwnas.measure._device import measure_on_device
from hwnas.metric import Metric
from hwnas.network import Network
from hwnas.paths import Paths
from hwnas.space import NASBench201

SPACE = NASBench201()


class Clock:
    """A backend whose times are the network's number of layers plus a drift, in milliseconds.

    Within one call, each run takes 1 ms less than the run before it.
    """

    name = "clock"
    unit_facts: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.runs = 0

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        assert (batch_size, threads, seed) == (1, 1, 7)

        def run(repeats: int) -> NDArray[np.float64]:
            self.runs += repeats
            return len(network.nodes) + np.arange(repeats, 0.0, -1.0)

        return run

    def facts(self) -> dict[str, str]:
        return {}


def facts(cpu: str) -> dict[str, Any]:
    return {
        "settings": {
            "batch_size": 1, "threads": 1, "warm_up": 2, "repeats": 3, "seed": 7, "sizes": {},
            "image_set": {"name": "cifar10", "resolution": 32, "classes": 10},
        },
        "machines": [{"cpu": cpu}],
    }  # fmt: skip


def test_measure_on_device_two_passes_times_each_architecture_in_each_pass(
    caplog: pytest.LogCaptureFixture,
) -> None:
    X = np.array([[0, 0, 0, 1, 0, 0], [3, 3, 3, 3, 3, 3]], dtype=np.int8)
    backend = Clock()
    with caplog.at_level(logging.WARNING):
        minimum = measure_on_device(SPACE, X, backend, facts("another CPU"), "minimum", passes=2)
        median = measure_on_device(SPACE, X, backend, facts("another CPU"), "median", passes=2)
    assert backend.runs == 2 * 2 * 2 * (2 + 3)
    assert minimum[0] < minimum[1]
    assert median - minimum == pytest.approx([1.0, 1.0])
    assert "another CPU" in caplog.text


def test_local_measure_counted_metric_raises(tmp_path: Any) -> None:
    local = Local("cpu", Metric("flops", "FLOPs"), SPACE, Paths(tmp_path, tmp_path, tmp_path))
    measure = device_measure(local)
    assert measure is not None
    with pytest.raises(UserError, match="nothing to measure"):
        measure(SPACE.enumerate()[:1])


def test_device_measure_published_table_returns_none(tmp_path: Any) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    assert device_measure(HELP("1080ti_1", Metric("latency", "ms"), SPACE, paths)) is None
