"""The choice of training measurements by the posterior variance of `best`."""

from __future__ import annotations

import numpy as np
import pytest

from hwnas.predictor.best import choose_design
from hwnas.space import Architectures, Choices, FBNet, NASBench201, SearchSpace

MOBILE = Choices(
    "mobile",
    {
        "resolution": [160, 192, 224],
        "depth": [2, 3],
        "kind": ["a", "b"],
        "kernel": {"choices": [3, 5, 7], "when": "depth >= 3"},
    },
)


def cells(n: int) -> Architectures:
    return NASBench201().sample(n, np.random.default_rng(0))


@pytest.mark.parametrize("space", [NASBench201(), FBNet(), MOBILE], ids=lambda space: space.name)
def test_choose_design_shorter_is_the_beginning_of_longer(space: SearchSpace) -> None:
    drawn = space.sample(60, np.random.default_rng(0))
    long = choose_design(space, drawn, 12)
    assert len(set(long.tolist())) == 12
    assert choose_design(space, drawn, 5).tolist() == long[:5].tolist()


def test_choose_design_measured_continues_as_if_they_were_chosen() -> None:
    drawn = cells(60)
    whole = choose_design(NASBench201(), drawn, 8)
    left = np.setdiff1d(np.arange(60), whole[:4])
    rows = choose_design(NASBench201(), drawn[left], 4, measured=drawn[whole[:4]])
    assert left[rows].tolist() == whole[4:].tolist()


def test_choose_design_copy_of_a_measured_architecture_comes_last() -> None:
    drawn = np.unique(cells(30), axis=0)
    rows = choose_design(NASBench201(), drawn, len(drawn), measured=drawn[:1])
    assert rows[0] != 0
    assert rows.tolist().index(0) > len(drawn) // 2


def test_choose_design_starts_with_the_extremes_of_the_cost() -> None:
    dear, cheap = np.full((1, 6), 3), np.full((1, 6), 1)
    drawn = np.concatenate([cells(40), dear, cheap]).astype(np.int8)
    assert 40 in choose_design(NASBench201(), drawn, 3)


def test_choose_design_too_few_candidates_is_refused() -> None:
    with pytest.raises(ValueError, match="4 of 3 candidates"):
        choose_design(NASBench201(), cells(3), 4)
