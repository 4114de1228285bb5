"""The candidate set of a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.selection import CandidateSet
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
