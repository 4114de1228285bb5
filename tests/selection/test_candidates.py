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


def table() -> Table:
    architectures = SPACE.enumerate()[::500][::-1]
    n = len(architectures)
    return made_table(architectures, np.arange(n, dtype=np.float64), np.linspace(10.0, 90.0, n))


def test_candidates_each_measured_holds_every_row() -> None:
    whole = table()
    candidates = CandidateSet.of(whole).measured().by_rank()
    assert whole.accuracy is not None
    # In the order of the space, which is the table's from behind.
    np.testing.assert_array_equal(candidates.accuracy, whole.accuracy[::-1])
    np.testing.assert_array_equal(candidates.cost, whole.values[::-1])


def test_candidates_copies_are_one_network() -> None:
    whole = table()
    rank = whole.space.rank(whole.architectures)
    copied = replace(whole, representative=np.repeat(rank[1::2], 2))
    assert CandidateSet.of(copied).by_rank().cost.tolist() == list(range(len(whole) - 1, 0, -2))


def test_candidates_without_accuracy_raises_with_a_command() -> None:
    without = replace(table(), accuracy=None)
    with pytest.raises(UserError, match=r"hwnas fetch nasbench201"):
        CandidateSet.of(without)


def test_candidates_only_a_copy_has_a_value_is_the_copy() -> None:
    whole = table()
    rank = whole.space.rank(whole.architectures)
    values = whole.values.copy()
    values[1] = np.nan
    copied = replace(whole, values=values, representative=np.repeat(rank[1::2], 2))
    candidates = CandidateSet.of(copied)
    assert candidates.rows[:3].tolist() == [0, 3, 5]
    assert len(candidates.measured()) == len(candidates)


def test_candidates_by_accuracy_have_the_best_first() -> None:
    assert np.all(np.diff(CandidateSet.of(table()).by_accuracy().accuracy) <= 0)
