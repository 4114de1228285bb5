"""Tables of columns as sources of each other."""

from __future__ import annotations

import numpy as np

from hwnas.dataset import Table
from hwnas.experiment._source_tables import _in_space_of
from hwnas.space import ColumnSpace


def of_columns(depth: list[int], kind: list[str], values: list[float]) -> Table:
    space = ColumnSpace().inferred({"depth": depth, "kind": kind})
    rows = np.column_stack([depth, np.unique(kind, return_inverse=True)[1]]).astype(space.dtype)
    return Table.from_arrays(space, rows, values)


def test_in_space_of_columns_with_another_range_takes_the_space_of_the_target() -> None:
    target = of_columns([1, 2, 3, 4], ["a", "b", "a", "b"], [1.0, 2.0, 3.0, 4.0])
    other = of_columns([1, 2, 3, 7], ["a", "b", "a", "b"], [1.0, 2.5, 3.0, 7.0])
    assert other.space != target.space
    moved = _in_space_of(target, other)
    assert moved.space == target.space
    assert moved.locate(target.architectures).tolist() == [0, 1, 2, -1]


def test_in_space_of_columns_with_other_choices_keeps_the_space() -> None:
    target = of_columns([1, 2, 3, 4], ["a", "b", "a", "b"], [1.0, 2.0, 3.0, 4.0])
    other = of_columns([1, 2, 3, 4], ["a", "c", "a", "c"], [1.0, 2.0, 3.0, 4.0])
    assert _in_space_of(target, other).space == other.space
