"""Published tables for tests of predictors."""

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
from tests.commands import python
from tests.predictor.members import additive, draw, fitted, members

Measured = Callable[[str], tuple[Architectures, NDArray[np.float64]]]


@pytest.fixture(scope="session")
def cifar10_latency(hwnas_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Return a function that gives architectures and latencies in ms of a device.

    The architectures are in benchmark order. The latencies are those of HW-NAS-Bench.
    """
    paths = Paths(hwnas_data, tmp_path_factory.mktemp("cache"), Path("outputs"))
    columns = {column.name: column for column in HWNASBench.columns(paths)}

    def of(device: str) -> tuple[Architectures, NDArray[np.float64]]:
        column = columns[f"cifar10/{device}_latency"]
        assert column.architectures is not None
        return column.architectures, column.values

    return of


@pytest.fixture(scope="session")
def other_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with predictions of another process.

    ``loaded.npz`` has those of all members, fitted and saved in this process, and ``fitted.npz``
    those of all members, fitted in the other one. One process does both, because it takes seconds
    to import the libraries.
    """
    folder = tmp_path_factory.mktemp("other_process")
    for member in members():
        fitted(member).save(folder / f"{member}.hwnas")
    module = "tests.predictor.saved_files"
    done = python("-m", module, "predict", str(folder), PYTHONHASHSEED="1")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A saved predictor, of ridge, for tests that tamper with it."""
    X = draw(NASBench201(), 40, seed=0)
    predictor = Predictor(NASBench201(), OneHot(), Ridge()).fit(X, additive(NASBench201(), X))
    predictor.save(tmp_path / "good.hwnas")
    return tmp_path / "good.hwnas"
