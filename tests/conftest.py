"""Fixtures of the whole suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# One thread a process: oversubscribed OpenMP makes boosting libraries 30 times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def hwnas_data() -> Path:
    """Folder with the real published tables; tests that need it skip without HWNAS_DATA."""
    folder = os.environ.get("HWNAS_DATA")
    if not folder:
        pytest.skip("HWNAS_DATA is not set: this test needs the published tables")
    return Path(folder)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for results that several tests read."""
    return tmp_path_factory.mktemp("outputs")
