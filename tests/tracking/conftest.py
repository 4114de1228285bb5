"""Runs that several tests read back. Starting W&B takes seconds, so they are made once a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="package", autouse=True)
def _no_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the user's key and settings, and keep W&B's own files out of the home folder."""
    folder = tmp_path_factory.mktemp("wandb")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
            patch.delenv(variable, raising=False)
        patch.setenv("NETRC", str(folder / "no-netrc"))
        for variable in ("WANDB_CONFIG_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR"):
            patch.setenv(variable, str(folder))
        yield


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return a small picture."""
    import numpy as np
    from PIL import Image

    path = tmp_path / "fronts.png"
    Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(path)
    return path
