"""The CPU time of grid points, and launcher tasks of equal cost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.study import GridPoint, Outcome
from hwnas.study._cost import Costs, balanced


def point(predictor: str, n_train: int, seed: int) -> GridPoint:
    axes = {"predictor": predictor, "n_train": n_train}
    return GridPoint((f"predictor={predictor}", f"n_train={n_train}"), seed, axes)


def finished(seconds: float) -> Outcome:
    return Outcome(0, "done", ({"cpu_seconds": seconds}, {"cpu_seconds": seconds}))


def test_costs_are_means_of_a_kind_and_unknown_kinds_are_counted() -> None:
    costs = Costs.of(
        {
            point("mlp", 11, 0): finished(4.0),
            point("mlp", 11, 1): finished(6.0),
            point("ridge", 11, 0): finished(1.0),
            # An earlier run had computed this result.
            point("ridge", 55, 0): finished(0.0),
        }
    )
    assert costs.spent == 11.0
    assert costs.of_point(point("mlp", 11, 7)) == 5.0
    assert costs.of_point(point("ridge", 55, 1)) is None
    left = [point("mlp", 11, 2), point("ridge", 11, 1), point("ridge", 55, 1)]
    assert costs.total(left) == (6.0, 1)


@pytest.mark.parametrize("n_groups", [1, 3, 9])
def test_balanced_equal_costs_gives_groups_of_equal_size(n_groups: int) -> None:
    groups = balanced([0.0] * 9, n_groups)
    assert [len(group) for group in groups] == [9 // n_groups] * n_groups


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 8))
def test_balanced_every_item_is_in_one_group_and_no_group_is_far_above_the_mean(
    costs: list[float], n_groups: int
) -> None:
    groups = balanced(costs, n_groups)
    assert sorted(item for group in groups for item in group) == list(range(len(costs)))
    assert all(group for group in groups)
    assert all(a < b for group in groups for a, b in pairwise(group))
    # Graham's bound: the mean, plus the most expensive item.
    most = max(sum(costs[i] for i in group) for group in groups)
    assert most <= sum(costs) / len(groups) + max(costs) + 1e-9
