"""The lookup table: the sum of what each operation adds to a base architecture."""

from __future__ import annotations

from functools import singledispatch
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin

from hwnas.errors import UserError
from hwnas.space import Architectures, CellSpace, FBNet, SearchSpace, TransNASMacro

Values = NDArray[np.float64]


@singledispatch
def bases(space: SearchSpace) -> Architectures:
    """Return, for every position, the architecture that is changed there to measure increments.

    The increments are added to the value of the first of these architectures.

    Parameters
    ----------
    space : SearchSpace

    Returns
    -------
    array of int8, shape (n_positions, n_positions)

    Raises
    ------
    UserError
        If no base architecture is defined on the space.
    """
    raise UserError(f"lut: no base architecture is defined on space {space.name}")


@bases.register
def _(space: CellSpace) -> Architectures:
    """Return the cell of ``none`` on all edges, for every position.

    This makes 1 + 6 * 4 = 25 measurements on NAS-Bench-201, and 19 on TransNAS micro.
    """
    return np.full((space.n_positions, space.n_positions), space.none, dtype=np.int8)


@bases.register
def _(space: TransNASMacro) -> Architectures:
    """Return five modules, the last of which doubles channels and halves resolution.

    The fifth module cannot be changed in it, as an architecture needs a module that doubles and one
    that halves. The fifth module's increments are measured in an architecture of four modules to
    which one is added. Together this makes 21 measurements.
    """
    around = np.tile(np.array([1, 1, 1, 1, 4, 0], dtype=np.int8), (space.n_positions, 1))
    around[4] = [1, 1, 1, 4, 0, 0]
    return around


@bases.register
def _(space: FBNet) -> Architectures:
    """Return block ``k3_e1`` at all positions. This makes 1 + 22 * 8 = 177 measurements."""
    return np.zeros((space.n_positions, space.n_positions), dtype=np.int8)


class LookupTable(RegressorMixin, BaseEstimator):
    """Base value plus one increment per position, each measured by changing one operation.

    The model needs the measurements of :meth:`training_design` and ignores all others. Its input is
    the encoding :class:`hwnas.encoding.Operations`.

    Parameters
    ----------
    space : SearchSpace, optional
        :class:`hwnas.predictor.Predictor` sets it when it is fitted.

    Attributes
    ----------
    base_ : float
        Value of the base architecture, the first of :func:`bases`.
    increments_ : array of float, shape (n_positions, n_operations)
        What an operation at a position adds to the base; 0 where the space allows no such change.
    """

    # Sums of equal increments are ties. Standardising values and back would break them by rounding.
    in_metric_unit = True

    def __init__(self, space: SearchSpace | None = None) -> None:
        self.space = space

    def training_design(self, space: SearchSpace) -> Architectures:
        """Return the distinct architectures to measure, shape (n, n_positions).

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
            Measured values. Those of the same architecture are averaged.

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

        around = bases(self.space)
        self.base_ = float(np.mean(measured[tuple(around[0].tolist())]))
        changed = _changed(self.space)
        allowed = _allowed(self.space, changed)
        self.increments_ = np.zeros(allowed.shape)
        for position, operation in np.argwhere(allowed).tolist():
            with_it = measured[tuple(changed[position, operation].tolist())]
            with_the_bases = measured[tuple(changed[position, around[0, position]].tolist())]
            self.increments_[position, operation] = np.mean(with_it) - np.mean(with_the_bases)
        return self

    def predict(self, X: NDArray[np.integer]) -> Values:
        """Return base plus increments, shape (n,)."""
        predicted = np.full(len(X), self.base_)
        # In the order of positions: NumPy's pairwise sum would round, and break ties, differently.
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
                f"lut: {len(missing)} of the {len(design)} architectures it is made of are not "
                f"among the training measurements, the first is {self.space.format(missing[0])}",
                remedy="measure those of predictor.training_design()",
            )


def _changed(space: SearchSpace) -> Architectures:
    """Return each position's base with each operation at this position.

    The shape is (n_positions, n_operations, n_positions); the last axis is the architecture's.
    """
    changed = np.repeat(bases(space)[:, None, :], len(space.operations), axis=1)
    for position in range(space.n_positions):
        changed[position, :, position] = np.arange(len(space.operations))
    return changed


def _allowed(space: SearchSpace, changed: Architectures) -> NDArray[np.bool_]:
    """Return which of the changed bases the space contains, shape (n_positions, n_operations)."""
    shape = changed.shape[:2]
    if not isinstance(space, TransNASMacro):
        return np.ones(shape, dtype=bool)
    ranks = space.rank(changed.reshape(-1, space.n_positions))
    return np.isin(ranks, space.rank(space.enumerate())).reshape(shape)
