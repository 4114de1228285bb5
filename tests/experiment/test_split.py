"""Splits are nested and disjoint, only depend on the seed, and keep copies together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.experiment import split
from hwnas.space import NASBench201
from tests.tables import made_table

SPACE = NASBench201()


def table(n: int = 400, copies: bool = False) -> Table:
    """Return a table of random architectures whose value is their row number."""
    every = SPACE.enumerate()
    architectures = every[np.random.default_rng(0).choice(len(every), n, replace=False)]
    classes = SPACE.representative(architectures) if copies else None
    return made_table(architectures, np.arange(n, dtype=np.float64), representative=classes)


def test_split_smaller_n_train_is_a_prefix_with_the_same_test_set() -> None:
    small, large = split(table(), 20, 50, seed=3), split(table(), 200, 50, seed=3)
    np.testing.assert_array_equal(small.train, large.train[:20])
    np.testing.assert_array_equal(small.test, large.test)


def test_split_whole_table_has_disjoint_parts() -> None:
    parts = split(table(), 300, 100, seed=0)
    assert len(set(parts.train) | set(parts.test)) == 400


def test_split_same_seed_is_equal_and_other_seed_differs() -> None:
    first, again, other = (split(table(), 20, 50, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.train, again.train)
    assert set(first.test) != set(other.test)


def test_split_shuffled_rows_has_the_same_architectures() -> None:
    whole = table()
    order = np.random.default_rng(0).permutation(len(whole))
    shuffled = replace(
        whole,
        architectures=whole.architectures[order],
        values=whole.values[order],
        representative=whole.representative[order],
    )
    one, two = split(whole, 30, 60, seed=5), split(shuffled, 30, 60, seed=5)
    np.testing.assert_array_equal(whole.architectures[one.train], shuffled.architectures[two.train])
    np.testing.assert_array_equal(whole.values[one.test], shuffled.values[two.test])


def test_split_copies_uses_each_measurement_once() -> None:
    copied = table(3000, copies=True)
    n_classes = len(np.unique(copied.representative))
    assert 100 < n_classes < 3000
    parts = split(copied, n_classes - 100, 100, seed=0)
    keys = copied.representative[np.concatenate([parts.train, parts.test])]
    assert len(np.unique(keys)) == len(keys) == n_classes


def test_split_copies_draws_the_measured_architecture() -> None:
    rank = SPACE.rank(table(50).architectures)
    halves = replace(table(50), representative=np.repeat(rank[1::2], 2))
    parts = split(halves, 15, 10, seed=0)
    assert set(parts.train) | set(parts.test) == set(range(1, 50, 2))


@pytest.mark.parametrize(("n_train", "n_test"), [(390, 50), (20, 500), (1, 50), (20, 0)])
def test_split_impossible_size_raises_with_a_remedy(n_train: int, n_test: int) -> None:
    with pytest.raises(UserError, match=r"n_t.*Try: n_t"):
        split(table(), n_train, n_test, seed=0)


def test_measured_on_copies_is_the_measured_row() -> None:
    whole = table(50)
    rank = SPACE.rank(whole.architectures)
    halves = replace(whole, representative=np.repeat(rank[1::2], 2))
    np.testing.assert_array_equal(halves.measured_on(), np.repeat(np.arange(1, 50, 2), 2))
    # If the table lacks the architecture that was measured, the row itself is returned.
    absent = SPACE.rank(SPACE.enumerate()[whole.locate(SPACE.enumerate()) < 0][:1])[0]
    incomplete = replace(whole, representative=np.where(np.arange(50) == 7, absent, rank))
    np.testing.assert_array_equal(incomplete.measured_on(), np.arange(50))


class TestDesign:
    def test_split_design_is_the_training_set_and_not_in_the_test_set(self) -> None:
        whole = table()
        design = whole.architectures[split(whole, 5, 50, seed=0).test[:3]]
        parts = split(whole, 2, 50, seed=0, design=design)
        np.testing.assert_array_equal(whole.architectures[parts.train], design)
        assert not set(parts.train) & set(parts.test)
        assert len(parts.test) == 47

    def test_split_design_not_in_table_raises(self) -> None:
        whole = table()
        absent = SPACE.enumerate()[whole.locate(SPACE.enumerate()) < 0][:1]
        with pytest.raises(UserError, match="none~2"):
            split(whole, 2, 50, seed=0, design=absent)
