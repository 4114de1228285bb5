"""Splitting a table into training measurements and a test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.errors import UserError, check_choice, check_number
from hwnas.seeding import generator
from hwnas.space import Architectures

Rows = NDArray[np.int64]

#: How training measurements are chosen: at random, or as a design (`choose_design`).
TRAIN = ("random", "design")
#: Largest number of measurements that a design is chosen from.
N_DESIGN = 1000
#: Sizes of the split of a table that is large enough, those of Laube et al. 2022.
N_TRAIN, N_TEST = 124, 625
#: Fewest training measurements, and fewest architectures in a test set.
MIN_SIZE = 2


@dataclass(frozen=True)
class Split:
    """Training measurements and a test set, as rows of a table.

    No architecture of the test set shares its measurement with a training measurement.

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


def default_sizes(table: Table) -> tuple[int, int]:
    """Return the default number of training measurements and of architectures in the test set.

    The paper's 124 and 625 need 749 measurements. A smaller table keeps 124 training measurements
    and tests on all others, but at least on a quarter of the table. The size of the test set does
    not depend on that of the training set, so that experiments with other `n_train` are comparable.

    Parameters
    ----------
    table : Table

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cells = NASBench201().enumerate()
    >>> [default_sizes(Table.from_arrays(NASBench201(), cells[:n], [1.0] * n))
    ...  for n in (60, 300, 2000)]
    [(45, 15), (124, 176), (124, 625)]
    """
    n = len(_one_row_a_measurement(table))
    n_test = min(N_TEST, max(n - N_TRAIN, n // 4, MIN_SIZE))
    return min(N_TRAIN, n - n_test), n_test


def split(
    table: Table,
    n_train: int | None = None,
    n_test: int | None = None,
    seed: int = 0,
    design: Architectures | None = None,
    train: str = "random",
) -> Split:
    """Draw training measurements and a test set at random.

    Each measurement is drawn at most once: of several rows that copy a measurement, only one can
    be drawn. The test set does not depend on `n_train`. A smaller training set is a prefix of a
    larger one with the same seed (Laube et al. 2022, section 4), so that experiments with
    different `n_train` are comparable.

    Parameters
    ----------
    table : Table
    n_train : int, optional
        Number of training measurements. Ignored if there is a `design`. Default: `default_sizes`.
    n_test : int, optional
        Number of architectures in the test set. Default: `default_sizes`.
    seed : int
        The seed. The order of the table's rows has no effect.
    design : array of int8, shape (n, n_positions), optional
        Architectures that the predictor must be fitted to (`Predictor.training_design`). They
        become the training measurements. The test set is the same as without a design, except
        that architectures with a measurement in the design are left out.
    train : {"random", "design"}
        With ``design``, the training measurements are those that teach a predictor most
        (`hwnas.predictor.best.choose_design`), of `N_DESIGN` random ones. They depend on the
        architectures only, not on values. The test set is the same. Scores of designs and of
        random measurements must not be compared as if they were of one kind.

    Raises
    ------
    UserError
        If the table has too few measurements or lacks an architecture of the design, or if
        ``train=design`` meets a predictor that has a design of its own.

    Examples
    --------
    >>> import hwnas
    >>> table = hwnas.load_dataset("local/cpu", metric="latency")
    >>> small, large = split(table, 10, 100, seed=0), split(table, 20, 100, seed=0)
    >>> (small.train == large.train[:10]).all(), (small.test == large.test).all()
    (np.True_, np.True_)
    """
    defaults = default_sizes(table)
    n_train = defaults[0] if n_train is None else n_train
    n_test = defaults[1] if n_test is None else n_test
    check_choice("train", train, TRAIN)
    if design is not None:
        if train != "random":
            raise UserError(
                f"train={train}: this predictor chooses its training measurements itself",
                remedy="train=random",
            )
        return _split_by_design(table, design, n_test, seed)
    rows = _one_row_a_measurement(table)
    _check_sizes(table, len(rows), n_train, n_test)
    order = generator(seed, "split").permutation(rows)
    test, rest = order[:n_test], order[n_test:]
    if train == "design":
        rest = _design(table, rest, n_train)
    return Split(table, train=rest[:n_train], test=test)


def _check_sizes(table: Table, n: int, n_train: int, n_test: int) -> None:
    """Raise `UserError` if a table of `n` measurements cannot be split into these sizes.

    The remedy is one that the table can be split with.
    """
    if n < 2 * MIN_SIZE:
        raise UserError(
            f"{table.dataset} has {n} measurements of {table.metric.name}; training and testing "
            f"need {MIN_SIZE} each",
            remedy="measure more architectures: docs/your_table.md",
        )
    train, test = default_sizes(table)
    left = n - n_test
    if n_test < MIN_SIZE or left < MIN_SIZE:
        remedy = f"n_train={train} n_test={test}"
    else:
        remedy = f"n_train={min(left, N_TRAIN) if n_train < MIN_SIZE else left}"
    for name, number in (("n_train", n_train), ("n_test", n_test)):
        check_number(name, number, MIN_SIZE, remedy=remedy)
    if n_train + n_test > n:
        raise UserError(
            f"n_train={n_train} and n_test={n_test}: {table.dataset} has only {n:,} measurements "
            f"of {table.metric.name}",
            remedy=remedy,
        )


def _design(table: Table, rows: Rows, n: int) -> Rows:
    """Return the `n` rows, of the first `N_DESIGN` or more, that teach a predictor most."""
    # Imported here because it imports SciPy's linear algebra.
    from hwnas.predictor.best import choose_design

    pool = rows[: max(N_DESIGN, n)]
    return pool[choose_design(table.space, table.architectures[pool], n)]


def _split_by_design(table: Table, design: Architectures, n_test: int, seed: int) -> Split:
    train = table.locate(design)
    if (train < 0).any():
        lacking = table.space.to_strings(design[train < 0])
        raise UserError(
            f"{table.dataset} has no {table.metric.name} of {len(lacking)} of the {len(design)} "
            f"architectures that this predictor must be fitted to, e.g. {lacking[0]}",
            remedy="predictor=ridge",
        )
    # The test set does not depend on the number of training measurements, here 2.
    test = split(table, 2, n_test, seed).test
    shared = np.isin(table.representative[test], table.representative[train])
    return Split(table, train=train, test=test[~shared])


def _one_row_a_measurement(table: Table) -> Rows:
    """Return one row of every measurement, in an order that does not depend on the table's.

    The row is that of the architecture whose identity is the key in ``table.representative``. If
    the table lacks this architecture, it is the row of the copy with the lowest identity.
    """
    identity = table.space.identity(table.architectures)
    measured_first = np.lexsort((identity, identity != table.representative))
    _, first = np.unique(table.representative[measured_first], return_index=True)
    rows: Rows = measured_first[first]
    return rows
