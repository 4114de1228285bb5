"""The candidate set of a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwnas.dataset import Provenance, Table
from hwnas.errors import UserError
from hwnas.selection import CandidateSet, MinAccuracy, Selector
from hwnas.space import NASBench201
from tests.tables import made_table

SPACE = NASBench201()


def small_table() -> Table:
    """Return a table whose rows are in descending order of the search space."""
    architectures = SPACE.enumerate()[::500][::-1]
    n = len(architectures)
    return made_table(architectures, np.arange(n, dtype=np.float64), np.linspace(10.0, 90.0, n))


def test_candidate_set_without_copies_has_every_row() -> None:
    whole = small_table()
    candidates = CandidateSet.of(whole).measured().by_rank()
    assert whole.accuracy is not None
    # The order of the search space is the reverse of the table's.
    np.testing.assert_array_equal(candidates.accuracy, whole.accuracy[::-1])
    np.testing.assert_array_equal(candidates.cost, whole.values[::-1])


def test_candidate_set_with_copies_has_each_network_once() -> None:
    whole = small_table()
    rank = whole.space.rank(whole.architectures)
    copied = replace(whole, representative=np.repeat(rank[1::2], 2))
    assert CandidateSet.of(copied).by_rank().cost.tolist() == list(range(len(whole) - 1, 0, -2))


def test_candidate_set_without_accuracies_raises() -> None:
    without = replace(small_table(), accuracy=None)
    with pytest.raises(UserError, match=r"hwnas fetch nasbench201"):
        CandidateSet.of(without)


def test_candidate_set_value_only_on_a_copy_has_the_copy() -> None:
    whole = small_table()
    rank = whole.space.rank(whole.architectures)
    values = whole.values.copy()
    values[1] = np.nan
    copied = replace(whole, values=values, representative=np.repeat(rank[1::2], 2))
    candidates = CandidateSet.of(copied)
    assert candidates.rows[:3].tolist() == [0, 3, 5]
    assert len(candidates.measured()) == len(candidates)


def test_by_accuracy_unsorted_candidates_are_descending() -> None:
    assert np.all(np.diff(CandidateSet.of(small_table()).by_accuracy().accuracy) <= 0)


def test_candidate_set_min_accuracy_leaves_out_lower_ones() -> None:
    whole = small_table()
    assert CandidateSet.of(whole, 50.0).accuracy.min() >= 50.0
    assert len(CandidateSet.of(whole, 10.0)) == len(whole)
    with pytest.raises(UserError, match=r"the highest is 90 %") as raised:
        CandidateSet.of(whole, 90.5)
    assert "selection.min_accuracy=45" in str(raised.value)


@pytest.mark.parametrize(
    ("min_accuracy", "details", "bound"),
    [
        ("twice_chance", {"classes": 10}, 20.0),
        ("twice_chance", {"classes": 120}, 200 / 120),
        ("twice_chance", {"score": "test_ssim"}, None),
        (None, {"classes": 10}, None),
        (55.5, {}, 55.5),
    ],
)
def test_selector_min_accuracy_gives_the_bound(
    min_accuracy: MinAccuracy, details: dict[str, Any], bound: float | None
) -> None:
    provenance = Provenance("measured", "x", "", details=details)
    assert Selector(min_accuracy=min_accuracy).lowest_accuracy(provenance) == bound


@pytest.mark.parametrize("bad", [-1, 101, True, "high"])
def test_selector_min_accuracy_no_percentage_raises(bad: Any) -> None:
    with pytest.raises(UserError, match="percentage"):
        Selector(min_accuracy=bad)
