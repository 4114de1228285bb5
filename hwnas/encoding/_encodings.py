"""Encodings: from operation indices to the numbers a model takes.

Any of them can be combined with ``sklearn.pipeline.FeatureUnion``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise, product
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from hwnas.errors import UserError
from hwnas.space import EDGES, N_NODES, Architectures, CellSpace, SearchSpace, space_classes


class Encoding(TransformerMixin, BaseEstimator, ABC):
    """Base class: a transformer that is told the search space.

    Parameters
    ----------
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.

    Attributes
    ----------
    spaces : tuple of type
        The classes of search space on which the encoding makes sense.
    """

    spaces: ClassVar[tuple[type[SearchSpace], ...]] = (SearchSpace,)

    def __init__(self, space: SearchSpace | None = None) -> None:
        self.space = space

    def fit(self, X: Architectures, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Check that the encoding makes sense on the search space: nothing is learnt.

        Raises
        ------
        UserError
            If it does not, naming the spaces on which it does.
        """
        space = self._space()
        if not isinstance(space, self.spaces):
            fitting = [
                name for name, one in space_classes().items() if issubclass(one, self.spaces)
            ]
            raise UserError(
                f"encoding {type(self).__name__} makes no sense on space {space.name}, "
                f"only on {', '.join(fitting)}",
                remedy="choose another predictor or space",
            )
        self.n_features_in_ = space.n_positions
        return self

    @abstractmethod
    def transform(self, X: Architectures) -> NDArray[Any]:
        """Encode architectures, shape (n, n_positions); one row of the result an architecture."""

    def _space(self) -> SearchSpace:
        if self.space is None:
            raise ValueError(f"{type(self).__name__}: the parameter `space` is not set")
        return self.space


class Operations(Encoding):
    """The operation indices themselves, as integers, shape (n, n_positions)."""

    def transform(self, X: Architectures) -> NDArray[np.int64]:
        """Return the indices."""
        return np.asarray(X, dtype=np.int64)


def _chosen(X: Architectures, space: SearchSpace) -> NDArray[np.bool_]:
    """Return whether each operation is chosen, shape (n, n_positions, n_operations)."""
    chosen: NDArray[np.bool_] = np.asarray(X)[:, :, None] == np.arange(len(space.operations))
    return chosen


class OneHot(Encoding):
    """One-hot of the operation at each position, shape (n, n_positions * n_operations).

    Columns are sorted by position, then by operation: 30 for NAS-Bench-201.

    Examples
    --------
    >>> from hwnas.space import TransNASMicro
    >>> OneHot(TransNASMicro()).fit_transform(np.array([[1, 0, 0, 0, 0, 3]]))[0].nonzero()[0]
    array([ 1,  4,  8, 12, 16, 23])
    """

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return zeros and ones."""
        return _chosen(X, self._space()).reshape(len(X), -1).astype(np.float64)


class OperationCounts(Encoding):
    """How often every operation is chosen, shape (n, n_operations).

    Examples
    --------
    >>> from hwnas.space import TransNASMicro
    >>> OperationCounts(TransNASMicro()).fit_transform(np.array([[1, 0, 0, 0, 3, 3]]))
    array([[3., 1., 0., 2.]])
    """

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return counts."""
        counts: NDArray[np.float64] = _chosen(X, self._space()).sum(axis=1).astype(np.float64)
        return counts


class Structure(Encoding):
    """One-hot and counts of the operations, as written and as far as live.

    What small training sets lack: the shared effect of an operation wherever it stands (counts),
    its own effect at each position (one-hot), and both for what the architecture computes (see
    :meth:`SearchSpace.live`). On a space where every choice is live, the latter two are left out.

    Shape (n, 2 * (n_positions + 1) * n_operations) for cells: 70 for NAS-Bench-201.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cell = np.array([[3, 0, 0, 1, 0, 4]])
    >>> Structure(NASBench201()).fit_transform(cell)[0, 60:]  # counts: as written, then live
    array([3., 1., 0., 1., 1., 5., 1., 0., 0., 0.])
    """

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return the columns: one-hot, live one-hot, counts, live counts."""
        space = self._space()
        variants = [X, space.live(X)] if isinstance(space, CellSpace) else [X]
        parts = [
            encoding(space).transform(variant)
            for encoding in (OneHot, OperationCounts)
            for variant in variants
        ]
        return np.hstack(parts)


class PathEncoding(Encoding):
    """Which operation sequences lead from the cell's input to its output.

    One column for every possible path (White et al., "BANANAS", AAAI 2021): with k operations
    k paths of one edge, k² of two, k³ of three, so 5 + 25 + 125 = 155 for NAS-Bench-201. Columns
    are sorted by length, then lexicographically by the operation indices from input to output. A
    column is 1 if a path with these operations is in the cell, whichever nodes it visits, and
    ``none`` is an operation like the others, as in the study.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cell = np.array([[3, 1, 0, 4, 2, 1]])  # 0>3: (4); 0>1>3: (3, 2); 0>2>3: (1, 1); (3, 0, 1)
    >>> PathEncoding(NASBench201()).fit_transform(cell)[0].nonzero()[0].tolist()
    [4, 11, 22, 106]
    """

    spaces = (CellSpace,)

    def transform(self, X: Architectures) -> NDArray[np.float64]:
        """Return zeros and ones."""
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
    """Another encoding, of what the architecture computes: see :meth:`SearchSpace.live`.

    On a space where every choice is live, it is the other encoding.

    Parameters
    ----------
    encoding : Encoding
        Applied to the live architectures.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> space = NASBench201()
    >>> cell = np.array([[3, 0, 0, 1, 0, 4]])  # nodes 1 and 2 lead nowhere
    >>> Live(Operations(space), space).fit_transform(cell)
    array([[0, 0, 0, 1, 0, 0]])
    """

    def __init__(self, encoding: Any, space: SearchSpace | None = None) -> None:
        super().__init__(space)
        self.encoding = encoding

    def fit(self, X: Architectures, y: Any = None) -> Self:
        """Fit the other encoding to the live architectures."""
        super().fit(X, y)
        self.encoding.fit(self._space().live(X), y)
        return self

    def transform(self, X: Architectures) -> NDArray[Any]:
        """Return the other encoding of the live architectures."""
        encoded: NDArray[Any] = self.encoding.transform(self._space().live(X))
        return encoded
