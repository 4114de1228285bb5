"""Splits: nested, disjoint, from the seed alone, and never through one measurement."""

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
    every = SPACE.enumerate()
    architectures = every[np.random.default_rng(0).choice(len(every), n, replace=False)]
    classes = SPACE.representative(architectures) if copies else None
    return made_table(architectures, np.arange(n, dtype=np.float64), representative=classes)


def test_smaller_training_set_is_a_prefix_and_the_test_set_stays() -> None:
    small, large = split(table(), 20, 50, seed=3), split(table(), 200, 50, seed=3)
    np.testing.assert_array_equal(small.train, large.train[:20])
    np.testing.assert_array_equal(small.test, large.test)


def test_train_and_test_are_disjoint() -> None:
    parts = split(table(), 300, 100, seed=0)
    assert len(set(parts.train) | set(parts.test)) == 400


def test_seed_decides_alone() -> None:
    first, again, other = (split(table(), 20, 50, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.train, again.train)
    assert set(first.test) != set(other.test)


def test_row_order_of_the_file_does_not_matter() -> None:
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


def test_copies_of_a_measurement_stay_on_one_side() -> None:
    copied = table(3000, copies=True)
    n_classes = len(np.unique(copied.representative))
    assert 100 < n_classes < 3000
    parts = split(copied, n_classes - 100, 100, seed=0)
    keys = copied.representative[np.concatenate([parts.train, parts.test])]
    assert len(np.unique(keys)) == len(keys) == n_classes


def test_the_measured_architecture_stands_for_its_copies() -> None:
    rank = SPACE.rank(table(50).architectures)
    halves = replace(table(50), representative=np.repeat(rank[1::2], 2))
    parts = split(halves, 15, 10, seed=0)
    assert set(parts.train) | set(parts.test) == set(range(1, 50, 2))


@pytest.mark.parametrize(("n_train", "n_test"), [(390, 50), (20, 500), (1, 50), (20, 0)])
def test_too_few_measurements_are_an_error_with_a_way_out(n_train: int, n_test: int) -> None:
    with pytest.raises(UserError, match=r"n_t.*Try: n_t"):
        split(table(), n_train, n_test, seed=0)


def test_copies_are_predicted_as_what_was_measured() -> None:
    whole = table(50)
    rank = SPACE.rank(whole.architectures)
    halves = replace(whole, representative=np.repeat(rank[1::2], 2))
    np.testing.assert_array_equal(halves.measured_on(), np.repeat(np.arange(1, 50, 2), 2))
    # An architecture whose measured twin is not in the table stands for itself.
    absent = SPACE.rank(SPACE.enumerate()[whole.locate(SPACE.enumerate()) < 0][:1])[0]
    lonely = replace(whole, representative=np.where(np.arange(50) == 7, absent, rank))
    np.testing.assert_array_equal(lonely.measured_on(), np.arange(50))


class TestDesign:
    def test_design_is_trained_on_and_kept_out_of_the_test_set(self) -> None:
        whole = table()
        design = whole.architectures[split(whole, 5, 50, seed=0).test[:3]]
        parts = split(whole, 2, 50, seed=0, design=design)
        np.testing.assert_array_equal(whole.architectures[parts.train], design)
        assert not set(parts.train) & set(parts.test)
        assert len(parts.test) == 47

    def test_missing_architecture_is_named(self) -> None:
        whole = table()
        absent = SPACE.enumerate()[whole.locate(SPACE.enumerate()) < 0][:1]
        with pytest.raises(UserError, match="none~2"):
            split(whole, 2, 50, seed=0, design=absent)
