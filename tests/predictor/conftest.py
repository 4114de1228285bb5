"""The published tables that predictor tests fit to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.dataset._readers._hwnas import read_nasbench201
from hwnas.space import Architectures

Measured = Callable[[str], tuple[Architectures, NDArray[np.float64]]]


@pytest.fixture(scope="session")
def cifar10_latency(hwnas_data: Path) -> Measured:
    """Architectures in benchmark order and their latency in ms, by device of HW-NAS-Bench."""
    columns = read_nasbench201(hwnas_data / "HW-NAS-Bench-v1_0.pickle")

    def of(device: str) -> tuple[Architectures, NDArray[np.float64]]:
        values = columns.arrays[f"cifar10/{device}_latency"].astype(np.float64)
        return columns.architectures(), values

    return of
