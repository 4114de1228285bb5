"""Which draws the front dominates."""

from __future__ import annotations

import numpy as np
import pytest

from hwnas.search._refine import _dominated


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_dominated_is_what_the_comparison_with_every_member_says(n_objectives: int) -> None:
    rng = np.random.default_rng(0)
    front = np.unique(rng.integers(3, 9, (7, n_objectives)).astype(float), axis=0)
    points = rng.integers(0, 9, (300, n_objectives)).astype(float)
    expected = [bool((front <= point).all(axis=1).any()) for point in points]
    assert _dominated(points, front).tolist() == expected
    assert 0 < sum(expected) < len(expected)
