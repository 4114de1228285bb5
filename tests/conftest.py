"""Fixtures of the whole suite."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.commands import Hwnas, in_process
from tests.composing import compose_fast

# One thread a process: oversubscribed OpenMP makes boosting libraries 30 times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Processes that a test starts need not compile the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The tests do not see the YAMLs of the user who runs them. Some tests list all options when pytest
# collects them, which is before any fixture.
_CONF = tempfile.TemporaryDirectory(prefix="hwnas-conf-")
os.environ["HWNAS_CONF"] = _CONF.name
# A busy machine is not a fault of the code that is tested.
settings.register_profile("hwnas", deadline=None)
settings.load_profile("hwnas")


def pytest_collection_finish() -> None:
    """Collect garbage seldom: looking through all that is imported took a tenth of the suite."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def _composing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compose_fast(patch)
        yield


@pytest.fixture
def hwnas() -> Hwnas:
    """Return a function that runs ``hwnas <arguments>`` in this process, without official files."""
    return in_process


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
