"""Training measurements and test set of one experiment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.errors import UserError, check_number
from hwnas.seeding import generator
from hwnas.space import Architectures


@dataclass(frozen=True)
class Split:
    """Rows of a table: training measurements and test set, without a shared measurement.

    Parameters
    ----------
    train, test : array of int64
        Row numbers.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]


def split(table: Table, n_train: int, n_test: int, seed: int) -> Split:
    """Draw training measurements and a test set from the seed alone.

    Every measurement counts once: of the rows that copy one (isomorphic cells), one is drawn. The
    test set does not depend on `n_train`, and a smaller training set is a prefix of a larger one
    (study, section 4), so that curves over train sizes compare like with like.

    Raises
    ------
    UserError
        If the table has too few measurements.
    """
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
    return Split(train=order[n_test : n_test + n_train], test=order[:n_test])


def split_by_design(table: Table, design: Architectures, n_test: int, seed: int) -> Split:
    """Return a split whose training measurements are a predictor's own choice.

    The test set is the one other predictors get, less the measurements that the design takes.

    Raises
    ------
    UserError
        If the table lacks an architecture of the design.
    """
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
    return Split(train=train, test=test[~shared])


def _one_row_a_measurement(table: Table) -> NDArray[np.int64]:
    """Return one row of every measurement, in an order that does not depend on the file's.

    It is the architecture that was measured, where the table says which, not one of its copies.
    """
    rank = table.space.rank(table.architectures)
    measured_first = np.lexsort((rank, rank != table.representative))
    _, first = np.unique(table.representative[measured_first], return_index=True)
    rows: NDArray[np.int64] = measured_first[first]
    return rows
