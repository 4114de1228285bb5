"""The published tables that predictor tests fit to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from hwnas.dataset import HWNASBench
from hwnas.encoding import OneHot
from hwnas.paths import Paths
from hwnas.predictor import Predictor
from hwnas.space import Architectures, NASBench201
from tests.predictor.members import additive, draw

Measured = Callable[[str], tuple[Architectures, NDArray[np.float64]]]


@pytest.fixture(scope="session")
def cifar10_latency(hwnas_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Architectures in benchmark order and their latency in ms, by device of HW-NAS-Bench."""
    paths = Paths(hwnas_data, tmp_path_factory.mktemp("cache"), Path("outputs"))
    columns = {column.name: column for column in HWNASBench.columns(paths)}

    def of(device: str) -> tuple[Architectures, NDArray[np.float64]]:
        column = columns[f"cifar10/{device}_latency"]
        assert column.architectures is not None
        return column.architectures, column.values

    return of


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A saved predictor, of ridge, for tests that tamper with it."""
    X = draw(NASBench201(), 40, seed=0)
    predictor = Predictor(NASBench201(), OneHot(), Ridge()).fit(X, additive(NASBench201(), X))
    predictor.save(tmp_path / "good.hwnas")
    return tmp_path / "good.hwnas"
