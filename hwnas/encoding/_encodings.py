"""Encodings of operation indices as features.

``sklearn.pipeline.FeatureUnion`` concatenates the features of several encodings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import singledispatch
from itertools import pairwise, product
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from hwnas.errors import UserError
from hwnas.space import (
    EDGES,
    N_NODES,
    Architectures,
    CellSpace,
    Choices,
    SearchSpace,
    spaces,
)


class Encoding(TransformerMixin, BaseEstimator, ABC):
    """Base class of encodings: a scikit-learn transformer with the search space as a parameter.

    Parameters
    ----------
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.

    Attributes
    ----------
    spaces : tuple of type
        The classes of search spaces on which the encoding works.
    """

    spaces: ClassVar[tuple[type[SearchSpace], ...]] = (SearchSpace,)

    def __init__(self, space: SearchSpace | None = None) -> None:
        self.space = space

    def fit(self, X: Architectures, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Check that the encoding works on the search space. It learns nothing from `X`.

        Raises
        ------
        UserError
            If the encoding does not work on the search space.
        """
        space = self._space()
        if not isinstance(space, self.spaces):
            supported = [name for name, each in spaces().items() if isinstance(each, self.spaces)]
            raise UserError(
                f"encoding {type(self).__name__} does not work on space {space.name}, "
                f"only on {', '.join(supported)}",
                remedy="choose another predictor or space",
            )
        self.n_features_in_ = space.n_positions
        return self

    @abstractmethod
    def transform(self, X: Architectures) -> NDArray[Any]:
        """Encode architectures, shape (n, n_positions), as one row per architecture."""

    def _space(self) -> SearchSpace:
        if self.space is None:
            raise ValueError(f"{type(self).__name__}: the parameter `space` is not set")
        return self.space


class Operations(Encoding):
    """The unchanged operation indices as integers, shape (n, n_positions)."""

    def transform(self, X: Architectures) -> NDArray[np.int64]:
        """Return the indices, shape (n, n_positions)."""
        return np.asarray(X, dtype=np.int64)


def _chosen(X: Architectures, space: SearchSpace) -> NDArray[np.bool_]:
    """Return whether each position has each operation, (n, n_positions, n_operations)."""
    chosen: NDArray[np.bool_] = np.asarray(X)[:, :, None] == np.arange(len(space.operations))
    return chosen


@singledispatch
def _one_hot(space: SearchSpace, X: Architectures) -> NDArray[np.float64]:
    """Return the one-hot of the operations, shape (n, n_positions * n_operations)."""
    return _chosen(X, space).reshape(len(X), -1).astype(np.float64)


@_one_hot.register
def _(space: Choices, X: Architectures) -> NDArray[np.float64]:
    """Return a column for each dimension of numbers, and a one-hot of each dimension of words.

    Numbers are scaled to 0 … 1. Where a dimension does not exist, its columns are 0, and one more
    column says so.
    """
    numbers, exists = _scaled(space, X), space.exists(X)
    columns: list[NDArray[np.generic]] = []
    for each, value, there in zip(space.dimensions, numbers.T, exists.T, strict=True):
        if each.ordered:
            columns.append(np.where(there, value, 0.0))
        else:
            columns += [there & (value == index) for index in range(len(each.choices))]
        if each.ordered and each.when:
            columns.append(there)
    return np.stack(columns, axis=1).astype(np.float64)


def _scaled(space: Choices, X: Architectures) -> NDArray[np.float64]:
    """Return the numbers of each dimension, scaled to 0 … 1, and the indices of words."""
    numbers = space.numbers(X)
    for column, each in enumerate(space.dimensions):
        if each.ordered:
            low, high = each.bounds
            numbers[:, column] = (numbers[:, column] - low) / ((high - low) or 1.0)
    return numbers


@singledispatch
def _counts(space: SearchSpace, X: Architectures) -> NDArray[np.float64]:
    """Return how many positions have each operation, shape (n, n_operations)."""
    counts: NDArray[np.float64] = _chosen(X, space).sum(axis=1).astype(np.float64)
    return counts


@_counts.register
def _(space: Choices, X: Architectures) -> NDArray[np.float64]:
    """Return the sums and the counts of dimensions with the same choices.

    These dimensions are the same decision at several positions. For numbers the columns are the sum
    and the number of each, for words the number of each.
    """
    numbers, scaled = space.numbers(X), _scaled(space, X)
    columns: list[NDArray[np.generic]] = []
    for group in space.alike():
        each = space.dimensions[group[0]]
        if each.ordered:
            columns.append(np.nansum(scaled[:, group], axis=1))
        columns += [(numbers[:, group] == code).sum(axis=1) for code in each.choice_numbers]
    return np.array(columns, dtype=np.float64).reshape(len(columns), len(X)).T


class OneHot(Encoding):
    """One-hot of the operation at each position, shape (n, n_positions * n_operations).

    Columns are sorted by position, then by operation. NAS-Bench-201 has 30 columns. On a space of
    choices, a dimension of numbers is one column, scaled to 0 … 1.

    Examples
    --------
    >>> from hwnas.space import TransNASMicro
    >>> OneHot(TransNASMicro()).fit_transform(np.array([[1, 0, 0, 0, 0, 3]]))[0].nonzero()[0]
    array([ 1,  4,  8, 12, 16, 23])
    """

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return the columns, shape (n, n_positions * n_operations)."""
        return _one_hot(self._space(), X)


class OperationCounts(Encoding):
    """How many positions have each operation, shape (n, n_operations).

    Examples
    --------
    >>> from hwnas.space import TransNASMicro
    >>> OperationCounts(TransNASMicro()).fit_transform(np.array([[1, 0, 0, 0, 3, 3]]))
    array([[3., 1., 0., 2.]])
    """

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return counts, shape (n, n_operations)."""
        return _counts(self._space(), X)


class Structure(Encoding):
    """One-hot and counts, both of all operations and of the live operations.

    Counts let a model learn the common effect of an operation at all positions from few
    measurements. The one-hot lets it learn the effect at each position. Features of live
    operations describe what the architecture computes, see :meth:`hwnas.space.SearchSpace.live`.
    They are left out on spaces where every operation is live.

    The shape is (n, 2 * (n_positions + 1) * n_operations) for cells. NAS-Bench-201 has 70 columns.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cell = np.array([[3, 0, 0, 1, 0, 4]])
    >>> Structure(NASBench201()).fit_transform(cell)[0, 60:]  # counts: as written, then live
    array([3., 1., 0., 1., 1., 5., 1., 0., 0., 0.])
    """

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return one-hot, one-hot of live operations, counts and counts of live operations."""
        space = self._space()
        variants = [X, space.live(X)] if isinstance(space, CellSpace) else [X]
        parts = [
            encoding(space).transform(variant)
            for encoding in (OneHot, OperationCounts)
            for variant in variants
        ]
        return np.hstack(parts)


class PathEncoding(Encoding):
    """Which sequences of operations lead from the cell's input to its output.

    There is one column for each sequence (White et al., "BANANAS", AAAI 2021). With k operations
    there are k sequences of one edge, k² of two and k³ of three: 5 + 25 + 125 = 155 for
    NAS-Bench-201. Columns are sorted by length, then by the operation indices from input to output.
    A column is 1 if a path with these operations is in the cell, whichever nodes it visits. The
    encoding treats ``none`` like any other operation, as Laube et al. (2022) do.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cell = np.array([[3, 1, 0, 4, 2, 1]])  # 0>3: (4); 0>1>3: (3, 2); 0>2>3: (1, 1); (3, 0, 1)
    >>> PathEncoding(NASBench201()).fit_transform(cell)[0].nonzero()[0].tolist()
    [4, 11, 22, 106]
    """

    spaces = (CellSpace,)

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return zeros and ones, shape (n, k + k² + k³)."""
        k = len(self._space().operations)
        operations = np.asarray(X, dtype=np.int64)
        lengths = sorted({len(path) for path in PATHS})
        first_column = dict(zip(lengths, np.cumsum([0, *[k**n for n in lengths]]), strict=False))
        encoded = np.zeros((len(X), sum(k**n for n in lengths)))
        for path in PATHS:
            weights = k ** np.arange(len(path) - 1, -1, -1)
            encoded[np.arange(len(X)), first_column[len(path)] + operations[:, path] @ weights] = 1
        return encoded


def _paths() -> list[list[int]]:
    """Return the edges of every path from the input node to the output node, shortest first."""
    edge_of = {nodes: edge for edge, nodes in enumerate(EDGES)}
    paths = []
    for visited in product((False, True), repeat=N_NODES - 2):
        inner = [node for node, visit in enumerate(visited, start=1) if visit]
        nodes = [0, *inner, N_NODES - 1]
        paths.append([edge_of[step] for step in pairwise(nodes)])
    return sorted(paths, key=len)


PATHS = _paths()


class Live(Encoding):
    """Another encoding, applied to architectures without their dead operations.

    See :meth:`hwnas.space.SearchSpace.live`. On a space where every operation is live, the result
    is that of the other encoding.

    Parameters
    ----------
    encoding : Encoding
        The other encoding.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> space = NASBench201()
    >>> cell = np.array([[3, 0, 0, 1, 0, 4]])  # 0→1 and 2→3 are dead
    >>> Live(Operations(space), space).fit_transform(cell)
    array([[0, 0, 0, 1, 0, 0]])
    """

    def __init__(self, encoding: Any, space: SearchSpace | None = None) -> None:
        super().__init__(space)
        self.encoding = encoding

    def fit(self, X: Architectures, y: Any = None) -> Self:
        """Fit the other encoding to architectures without dead operations."""
        super().fit(X, y)
        self.encoding.fit(self._space().live(X), y)
        return self

    def transform(self, X: Architectures) -> NDArray[Any]:
        """Return the other encoding of the architectures without dead operations."""
        encoded: NDArray[Any] = self.encoding.transform(self._space().live(X))
        return encoded
