"""Fixtures of the dataset tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwnas.paths import Paths
from tests.dataset.official import folders


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Return empty folders."""
    return folders(tmp_path)


@pytest.fixture(scope="session")
def real(hwnas_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Return the folders of the published tables, with a cache for the whole session."""
    folder = tmp_path_factory.mktemp("real")
    return Paths(hwnas_data, folder / "cache", folder / "outputs")
