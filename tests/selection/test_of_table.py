"""What a simulation takes of a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.selection import accuracy_and_cost
from hwnas.space import NASBench201
from tests.tables import made_table

SPACE = NASBench201()


def table() -> Table:
    architectures = SPACE.enumerate()[::500][::-1]
    n = len(architectures)
    return made_table(architectures, np.arange(n, dtype=np.float64), np.linspace(10.0, 90.0, n))


def test_every_row_counts_where_each_was_measured() -> None:
    whole = table()
    accuracy, cost = accuracy_and_cost(whole)
    assert whole.accuracy is not None
    # In the order of the space, which is the table's from behind.
    np.testing.assert_array_equal(accuracy, whole.accuracy[::-1])
    np.testing.assert_array_equal(cost, whole.values[::-1])


def test_copies_are_one_network() -> None:
    whole = table()
    rank = whole.space.rank(whole.architectures)
    copied = replace(whole, representative=np.repeat(rank[1::2], 2))
    _, cost = accuracy_and_cost(copied)
    assert cost.tolist() == list(range(len(whole) - 1, 0, -2))


def test_what_mends_missing_accuracies_is_a_command_that_there_is() -> None:
    without = replace(table(), accuracy=None)
    with pytest.raises(UserError, match=r"hwnas fetch nasbench201"):
        accuracy_and_cost(without)
