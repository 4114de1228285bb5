"""Image sets for the tests of networks."""

from __future__ import annotations

import pytest

from hwnas.image_set import ImageSet


@pytest.fixture(scope="session")
def cifar10() -> ImageSet:
    return ImageSet("cifar10", resolution=32, classes=10)
