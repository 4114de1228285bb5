"""The lookup table: the metric of a base architecture plus an increment for each choice."""

from __future__ import annotations

from functools import singledispatch
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin

from hwnas.encoding import Operations
from hwnas.errors import UserError
from hwnas.space import Architectures, CellSpace, FBNet, SearchSpace, TransNASMacro

Values = NDArray[np.float64]


@singledispatch
def bases(space: SearchSpace) -> Architectures:
    """Return, for each position, the base architecture of its measurements.

    The increments of a position are measured by changing that position of its base architecture.
    A prediction is the metric of the first base architecture plus increments.

    Returns
    -------
    array of int, shape (n_positions, n_positions)
        Row `i` is the base architecture of position `i`.
    """
    raise UserError(f"lut: no base architecture is defined on space {space.name}")


@bases.register
def _(space: CellSpace) -> Architectures:
    """Return the cell with ``none`` on all edges.

    The design has 1 + 6 * 4 = 25 measurements on NAS-Bench-201 and 19 on TransNAS micro.
    """
    return np.full((space.n_positions, space.n_positions), space.none, dtype=np.int8)


@bases.register
def _(space: TransNASMacro) -> Architectures:
    """Return five modules, the last of which doubles channels and halves the resolution.

    Each architecture must have a module that doubles and one that halves, so the fifth module of
    this base cannot be changed. The base of the fifth position therefore has four modules. The
    design has 21 measurements.
    """
    rows = np.tile(np.array([1, 1, 1, 1, 4, 0], dtype=np.int8), (space.n_positions, 1))
    rows[4] = [1, 1, 1, 4, 0, 0]
    return rows


@bases.register
def _(space: FBNet) -> Architectures:
    """Return ``k3_e1`` in all blocks: a design of 1 + 22 * 8 = 177 measurements."""
    return np.zeros((space.n_positions, space.n_positions), dtype=np.int8)


class LookupTable(RegressorMixin, BaseEstimator):
    """Lookup table: metric = base + sum of one increment per position.

    An increment is the difference of two measurements: a base architecture with one operation
    changed, minus the base architecture. The model needs the measurements of
    :meth:`training_design` and ignores others. Its input is the encoding
    :class:`hwnas.encoding.Operations`.

    Parameters
    ----------
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.

    Attributes
    ----------
    base_ : float
        Value of the first base architecture.
    increments_ : array of float, shape (n_positions, n_operations)
        What an operation at a position adds to the base. It is 0 where the changed base is no
        architecture of the space.
    """

    # Architectures with equal increments must get equal predictions. Standardised values would
    # differ by rounding errors.
    in_metric_unit = True
    #: The only encoding that the model reads; see `hwnas.predictor.build`.
    input_encoding: ClassVar[type] = Operations

    def __init__(self, space: SearchSpace | None = None) -> None:
        self.space = space

    def training_design(self, space: SearchSpace) -> Architectures:
        """Return the architectures to measure, shape (n, n_positions), each once.

        Examples
        --------
        >>> from hwnas.space import NASBench201, TransNASMicro
        >>> [len(LookupTable().training_design(s)) for s in (NASBench201(), TransNASMicro())]
        [25, 19]
        """
        changed = _changed(space)
        allowed = changed[_allowed(space, changed)]
        return np.unique(allowed.reshape(-1, space.n_positions), axis=0)

    def fit(self, X: NDArray[np.integer], y: Values) -> Self:
        """Compute the base and the increments from the training measurements.

        Parameters
        ----------
        X : array of int, shape (n, n_positions)
            Operation indices.
        y : array of float, shape (n,)
            Measured values. Several values of one architecture are averaged.

        Raises
        ------
        UserError
            If an architecture of :meth:`training_design` is missing.
        """
        if self.space is None:
            raise ValueError("LookupTable: the parameter `space` is not set")
        self._check_design(X)
        measured: dict[tuple[int, ...], list[float]] = {}
        for row, value in zip(X.tolist(), y.tolist(), strict=True):
            measured.setdefault(tuple(row), []).append(value)

        base_of_position = bases(self.space)
        self.base_ = float(np.mean(measured[tuple(base_of_position[0].tolist())]))
        changed = _changed(self.space)
        allowed = _allowed(self.space, changed)
        self.increments_ = np.zeros(allowed.shape)
        for position, operation in np.argwhere(allowed).tolist():
            after = measured[tuple(changed[position, operation].tolist())]
            before = measured[tuple(changed[position, base_of_position[0, position]].tolist())]
            self.increments_[position, operation] = np.mean(after) - np.mean(before)
        return self

    def predict(self, X: NDArray[np.integer]) -> Values:
        """Return the base plus the increments of each architecture, shape (n,)."""
        predicted = np.full(len(X), self.base_)
        # Add the increments one after another: NumPy's pairwise sum rounds differently, and would
        # let predictions differ that are equal here.
        for position, increment in enumerate(self.increments_):
            predicted += increment[X[:, position]]
        return predicted

    def _check_design(self, X: NDArray[np.integer]) -> None:
        assert self.space is not None
        known = {tuple(row) for row in X.tolist()}
        design = self.training_design(self.space)
        missing = [row for row in design.tolist() if tuple(row) not in known]
        if missing:
            raise UserError(
                f"lut: the training measurements lack {len(missing)} of the {len(design)} "
                f"architectures that it needs, the first is {self.space.format(missing[0])}",
                remedy="measure all architectures of predictor.training_design()",
            )


def _changed(space: SearchSpace) -> Architectures:
    """Return the base of each position with each operation at that position.

    The shape is (n_positions, n_operations, n_positions).
    """
    changed = np.repeat(bases(space)[:, None, :], len(space.operations), axis=1)
    for position in range(space.n_positions):
        changed[position, :, position] = np.arange(len(space.operations))
    return changed


def _allowed(space: SearchSpace, changed: Architectures) -> NDArray[np.bool_]:
    """Return which changed bases are in the space, shape (n_positions, n_operations)."""
    shape = changed.shape[:2]
    if not isinstance(space, TransNASMacro):
        return np.ones(shape, dtype=bool)
    ranks = space.rank(changed.reshape(-1, space.n_positions))
    return np.isin(ranks, space.rank(space.enumerate())).reshape(shape)
