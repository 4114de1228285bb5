"""Training measurements and test set of one experiment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.errors import UserError, check_number
from hwnas.seeding import generator
from hwnas.space import Architectures

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Training measurements and test set: rows of a table, without a shared measurement.

    Parameters
    ----------
    table : Table
    train, test : array of int64
        Rows of the table.
    """

    table: Table
    train: Rows
    test: Rows

    @property
    def train_architectures(self) -> Architectures:
        """Architectures of the training measurements, shape (n_train, n_positions)."""
        return self.table.architectures[self.train]

    @property
    def train_values(self) -> NDArray[np.float64]:
        """Training measurements in the metric's unit, shape (n_train,)."""
        return self.table.values[self.train]

    @property
    def test_architectures(self) -> Architectures:
        """Architectures of the test set, shape (n_test, n_positions)."""
        return self.table.architectures[self.test]

    @property
    def test_values(self) -> NDArray[np.float64]:
        """True values of the test set in the metric's unit, shape (n_test,)."""
        return self.table.values[self.test]


def split(
    table: Table, n_train: int, n_test: int, seed: int, design: Architectures | None = None
) -> Split:
    """Draw training measurements and a test set from the seed alone.

    Every measurement counts once: of the rows that copy one (isomorphic cells), one is drawn. The
    test set does not depend on `n_train`, and a smaller training set is a prefix of a larger one
    (Laube et al. 2022, section 4), so that curves over train sizes compare like with like.

    Parameters
    ----------
    table : Table
    n_train : int
        Number of training measurements. Ignored where there is a `design`.
    n_test : int
        Number of architectures in the test set.
    seed : int
    design : array of int8, shape (n, n_positions), optional
        The architectures that a predictor needs measured (`Predictor.training_design`), in place of
        random ones. The test set is that of other predictors without them.

    Raises
    ------
    UserError
        If the table has too few measurements, or lacks an architecture of the design.
    """
    if design is not None:
        return _split_by_design(table, design, n_test, seed)
    for name, number in (("n_train", n_train), ("n_test", n_test)):
        check_number(name, number, 2, remedy=f"{name}=124")
    rows = _one_row_a_measurement(table)
    if n_train + n_test > len(rows):
        left = len(rows) - n_test
        raise UserError(
            f"n_train={n_train} and n_test={n_test}: {table.dataset} has {len(rows):,} measurements"
            f" of {table.metric.name}",
            remedy=f"n_train={left}" if left >= 2 else f"n_test={len(rows) // 4}",
        )
    order = generator(seed, "split").permutation(rows)
    return Split(table, train=order[n_test : n_test + n_train], test=order[:n_test])


def _split_by_design(table: Table, design: Architectures, n_test: int, seed: int) -> Split:
    train = table.locate(design)
    if (train < 0).any():
        lacking = table.space.to_strings(design[train < 0])
        raise UserError(
            f"{table.dataset} has no {table.metric.name} of {len(lacking)} of the {len(design)} "
            f"architectures that this predictor measures, e.g. {lacking[0]}",
            remedy="predictor=ridge",
        )
    test = split(table, 2, n_test, seed).test
    shared = np.isin(table.representative[test], table.representative[train])
    return Split(table, train=train, test=test[~shared])


def _one_row_a_measurement(table: Table) -> Rows:
    """Return one row of every measurement, in an order that does not depend on the file's.

    It is the architecture that was measured, where the table says which, not one of its copies.
    """
    rank = table.space.rank(table.architectures)
    measured_first = np.lexsort((rank, rank != table.representative))
    _, first = np.unique(table.representative[measured_first], return_index=True)
    rows: Rows = measured_first[first]
    return rows
