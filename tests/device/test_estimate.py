"""The benchmark of the device models: the rows of a table that it compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.estimate import load_if_here
from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.space import NASBench201
from tests.tables import made_table

SPACE = NASBench201()


@dataclass(frozen=True)
class Made:
    """A dataset with a table, or without one."""

    table: Table | None

    def load(self) -> Table:
        if self.table is None:
            raise UserError("not here")
        return self.table


def test_estimate_benchmark_compares_measured_rows_without_copies() -> None:
    X = SPACE.enumerate()[[9000, 7, 12345, 50]]
    # The first row is a copy of the third, and the fourth has no value. The keys are ranks.
    keys = np.array([12345, 7, 12345, 50])
    table = made_table(X, np.array([3.0, 2.0, 3.0, np.nan]), representative=keys)
    compared = load_if_here(Made(table))
    assert compared is not None
    np.testing.assert_array_equal(compared.architectures, X[[1, 2]])
    np.testing.assert_array_equal(compared.values, [2.0, 3.0])
    assert load_if_here(Made(None)) is None
