"""The features that `best` computes of architectures.

`best` counts the operations of a cell in several views, see `hwnas.predictor.best._views`. The
measurements decide which view predicts the metric best.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache, singledispatch
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network import Layer, count_layers
from hwnas.predictor.best._views import CELL_VIEWS, counted
from hwnas.space import Architectures, CellSpace, SearchSpace

Array = NDArray[np.float64]

#: Multiply-accumulates of each operation of a cell, as multiples of those of a 1x1 convolution.
_MACS = {"nor_conv_1x1": 1.0, "nor_conv_3x3": 9.0}
#: Number of layers of each operation of a cell.
_LAYERS = {"nor_conv_1x1": 3.0, "nor_conv_3x3": 3.0, "avg_pool_3x3": 1.0}
#: Features use the relative costs of layers only, so the image set of the table does not matter.
_IMAGE_SET = ImageSet("cifar10", resolution=32, classes=10)
#: Spaces of at most this size are enumerated, to draw a sample evenly.
_ENUMERABLE = 100_000
#: Number of architectures whose features define mean and scale.
_SAMPLE_SIZE = 2000


@dataclass(frozen=True)
class Features:
    """Features of architectures; every matrix has one row per architecture.

    Parameters
    ----------
    linear : dict of str to array
        Blocks of columns that the metric depends on linearly. The name of a block is
        ``view:kind``, and the kind decides the prior. The kinds are total costs (``total0``, ...),
        counts of operations (``counts``) or layers (``layers``), operations by position
        (``one_hot``), and the groups of a view.
    choices : dict of str to array
        A block for each view and operation, named ``view:operation``. It has one column per
        position, which is 0 unless the operation is at that position. The squared distance of two
        architectures over all blocks of a view is twice the share of positions that differ.
    wiring : dict of str to array
        Similar blocks for what each edge passes on. ``carries`` distinguishes ``none`` from all
        other operations. ``passes`` distinguishes ``none``, the skip connection and the others.
    totals : array
        Total costs, of which the metric may be a curved function.
    """

    linear: dict[str, Array]
    choices: dict[str, Array]
    wiring: dict[str, Array]
    totals: Array

    def __getitem__(self, rows: NDArray[np.integer]) -> Self:
        def of_rows(blocks: dict[str, Array]) -> dict[str, Array]:
            return {name: block[rows] for name, block in blocks.items()}

        return type(self)(
            of_rows(self.linear), of_rows(self.choices), of_rows(self.wiring), self.totals[rows]
        )

    def __len__(self) -> int:
        return len(self.totals)

    @property
    def views(self) -> list[str]:
        """Names of the views."""
        return list(dict.fromkeys(name.partition(":")[0] for name in self.linear))

    @property
    def views_by_position(self) -> list[str]:
        """Names of the views in which the cost of an operation may depend on its position."""
        return [view for view in self.views if f"{view}:one_hot" in self.linear]

    def of_views(self, views: Collection[str]) -> Self:
        """Return the features without the blocks of all other views."""

        def kept(blocks: dict[str, Array]) -> dict[str, Array]:
            return {name: part for name, part in blocks.items() if name.partition(":")[0] in views}

        return type(self)(kept(self.linear), kept(self.choices), self.wiring, self.totals)

    def additive(self, view: str, *, by_position: bool) -> Self:
        """Return the linear blocks of one view; ``one_hot`` is among them if `by_position`."""
        linear = self.of_views([view]).linear
        if not by_position:
            linear = {name: part for name, part in linear.items() if not name.endswith(":one_hot")}
        return type(self)(linear, {}, {}, self.totals[:, :0])

    @property
    def expectation(self) -> Array:
        """Mean of the standardised total costs over all views, shape (n,)."""
        blocks = [block for name, block in self.linear.items() if ":total" in name]
        mean: Array = np.hstack(blocks).mean(axis=1)
        return mean

    def standardised(self, reference: Features) -> Self:
        """Return the features, standardised by the means and variances of `reference`.

        The variances of the columns of a linear block add up to 1. Each column of `totals` has a
        variance of 1.
        """
        linear = {}
        for name, block in self.linear.items():
            other = reference.linear[name]
            scale = np.sqrt(other.var(axis=0).sum()) or 1.0
            linear[name] = (block - other.mean(axis=0)) / scale
        spread = reference.totals.std(axis=0)
        totals = (self.totals - reference.totals.mean(axis=0)) / np.where(spread > 0, spread, 1)
        return type(self)(linear, self.choices, self.wiring, totals)


def describe(space: SearchSpace, X: Architectures) -> Features:
    """Return the standardised features of architectures, shape (n, n_positions)."""
    return _features(space, X).standardised(_reference(space))


def typical(space: SearchSpace) -> Features:
    """Return the standardised features of a fixed sample from all over the space."""
    return _reference(space).standardised(_reference(space))


@lru_cache(maxsize=8)
def _reference(space: SearchSpace) -> Features:
    """Return the features of the sample, whose means and variances standardise all others."""
    return _features(space, _sample(space))


def _sample(space: SearchSpace) -> Architectures:
    """Return a fixed sample of architectures from all over the space."""
    if space.size <= _ENUMERABLE:
        everything = space.enumerate()
        return everything[:: max(1, len(everything) // _SAMPLE_SIZE)]
    drawn = np.random.default_rng(0).integers(
        len(space.operations), size=(_SAMPLE_SIZE, space.n_positions)
    )
    return drawn.astype(np.int8)


@singledispatch
def _features(space: SearchSpace, X: Architectures) -> Features:
    """Return counts of layers, and the operations by position."""
    counts, costs = _layers(space, X)
    totals = counts @ costs
    chosen = _one_hot(X, len(space.operations))
    linear = {f"raw:total{i}": total[:, None] for i, total in enumerate(totals.T)}
    linear |= {
        "raw:layers": counts * (costs / _mean_totals(space)).sum(axis=1),
        "raw:counts": counted(chosen),
        "raw:one_hot": _flat(chosen),
    }
    choices = _by_operation("raw", chosen)
    return Features(linear, choices, {}, np.log(totals))


def _layers(space: SearchSpace, X: Architectures) -> tuple[Array, Array]:
    """Return the counts and the costs of layers.

    Returns
    -------
    counts : array, shape (n, n_layers)
        How often each architecture has each layer.
    costs : array, shape (n_layers, 3)
        Multiply-accumulates, bytes moved and number of launches (always 1) of each layer.
    """
    counted = count_layers(space, X, _IMAGE_SET)
    column = dict(zip(counted.layers, counted.counts.T, strict=True))
    absent = np.zeros(len(X))
    layers = _known_layers(space)
    counts = np.stack([column.get(layer, absent) for layer in layers], axis=1)
    costs = [(layer.macs, layer.bytes_moved, 1) for layer in layers]
    return counts.astype(np.float64), np.array(costs, dtype=np.float64)


@lru_cache(maxsize=8)
def _known_layers(space: SearchSpace) -> tuple[Layer, ...]:
    """Return the layers of the sample: each has a fixed column in the counts."""
    return count_layers(space, _sample(space), _IMAGE_SET).layers


@lru_cache(maxsize=8)
def _mean_totals(space: SearchSpace) -> Array:
    """Return the means of the three total costs over the sample, shape (3,).

    A layer's costs divided by them are comparable and can be added.
    """
    counts, costs = _layers(space, _sample(space))
    mean: Array = (counts @ costs).mean(axis=0)
    return mean


@_features.register
def _(space: CellSpace, X: Architectures) -> Features:
    n_operations = len(space.operations)
    per_operation = np.array(
        [[costs.get(name, 0.0) for costs in (_MACS, _LAYERS)] for name in space.operations]
    )
    # An edge that a view leaves out counts as one more operation.
    dropped = n_operations
    linear: dict[str, Array] = {}
    choices: dict[str, Array] = {}
    for view in CELL_VIEWS:
        if not view.fits(space):
            continue
        chosen = _one_hot(np.where(view.keeps(space, X), X, dropped), n_operations + 1)
        kept = chosen[:, :, :n_operations]
        blocks = {**view.totals(kept, per_operation), **view.groups(kept)}
        if view.by_position:
            blocks["one_hot"] = _flat(kept)
            choices |= _by_operation(view.name, chosen)
        linear |= {f"{view.name}:{kind}": block for kind, block in blocks.items()}
    totals = np.hstack([linear[f"{view}:total{i}"] for view in ("raw", "executed") for i in (0, 1)])
    passes = np.select([np.equal(X, space.none), np.equal(X, space.skip)], [0, 1], default=2)
    wiring = {
        "carries": _flat(_one_hot(np.minimum(passes, 1), 2)) / np.sqrt(space.n_positions),
        "passes": _flat(_one_hot(passes, 3)) / np.sqrt(space.n_positions),
    }
    return Features(linear, choices, wiring, totals)


def _by_operation(view: str, chosen: Array) -> dict[str, Array]:
    scaled = chosen / np.sqrt(chosen.shape[1])
    return {f"{view}:{operation}": scaled[:, :, operation] for operation in range(scaled.shape[2])}


def _one_hot(indices: NDArray[np.integer], n: int) -> Array:
    chosen: Array = (indices[:, :, None] == np.arange(n)).astype(np.float64)
    return chosen


def _flat(chosen: Array) -> Array:
    return chosen.reshape(len(chosen), -1)
