"""What `best` knows about an architecture before anything is measured.

Three views of a cell: as written, as a runtime that drops dead code executes it, and as far as it
is live. Which of them a device's latency follows, the measurements tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, singledispatch
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network import Layer, count_layers, executed
from hwnas.space import Architectures, CellSpace, SearchSpace

Array = NDArray[np.float64]

#: Multiply-accumulates (in units of a 1x1 convolution's) and layers of each operation of a cell.
_MACS = {"nor_conv_1x1": 1.0, "nor_conv_3x3": 9.0}
_LAYERS = {"nor_conv_1x1": 3.0, "nor_conv_3x3": 3.0, "avg_pool_3x3": 1.0}
#: Layers are compared with each other, so one image set serves for all.
_IMAGE_SET = ImageSet("cifar10", resolution=32, classes=10)
_ENUMERABLE = 100_000
_SAMPLE_SIZE = 2000


@dataclass(frozen=True)
class Features:
    """Numbers that describe architectures; every matrix has one row an architecture.

    Parameters
    ----------
    linear : dict of str to array
        Blocks whose columns add up to the metric, each with a weight: the name is
        ``view:block``, and blocks of one kind (``totals``, ``counts``, ``one_hot``, ...) share a
        prior. Total cost first, then per operation, then per operation and position.
    choices : dict of str to array
        For each view and operation, ``view:operation``, a column a position that tells whether it
        is there. The squared distance over a view's operations is twice the share of positions
        that differ.
    wiring : dict of str to array
        Likewise for what each edge passes on: nothing or something; nothing, its input or more.
    totals : array
        Total costs, in which the metric may be curved.
    """

    linear: dict[str, Array]
    choices: dict[str, Array]
    wiring: dict[str, Array]
    totals: Array

    def __getitem__(self, rows: NDArray[np.integer]) -> Self:
        def picked(blocks: dict[str, Array]) -> dict[str, Array]:
            return {name: block[rows] for name, block in blocks.items()}

        return type(self)(
            picked(self.linear), picked(self.choices), picked(self.wiring), self.totals[rows]
        )

    @property
    def views(self) -> list[str]:
        """Names of the views."""
        return list(dict.fromkeys(name.partition(":")[0] for name in self.choices))

    def additive(self, view: str, *, by_position: bool) -> Self:
        """Return the linear blocks of one view, with those that tell positions apart or not."""
        linear = {
            name: block
            for name, block in self.linear.items()
            if name.startswith(f"{view}:") and (by_position or not name.endswith(":one_hot"))
        }
        return type(self)(linear, {}, {}, self.totals[:, :0])

    @property
    def expectation(self) -> Array:
        """Mean of the standardised total costs of all views, shape (n,): more work costs more."""
        blocks = [block for name, block in self.linear.items() if ":total" in name]
        mean: Array = np.hstack(blocks).mean(axis=1)
        return mean

    def standardised(self, reference: Features) -> Self:
        """Return these features with every linear block centred and of variance 1 in total."""
        linear = {}
        for name, block in self.linear.items():
            known = reference.linear[name]
            scale = np.sqrt(known.var(axis=0).sum()) or 1.0
            linear[name] = (block - known.mean(axis=0)) / scale
        spread = reference.totals.std(axis=0)
        totals = (self.totals - reference.totals.mean(axis=0)) / np.where(spread > 0, spread, 1)
        return type(self)(linear, self.choices, self.wiring, totals)


def describe(space: SearchSpace, X: Architectures) -> Features:
    """Return the standardised features of architectures, shape (n, n_positions)."""
    return _features(space, X).standardised(_reference(space))


@lru_cache(maxsize=8)
def _reference(space: SearchSpace) -> Features:
    """Return the features of the sample: what others are centred and scaled by."""
    return _features(space, _sample(space))


def _sample(space: SearchSpace) -> Architectures:
    """Return architectures spread evenly over the space."""
    if space.size <= _ENUMERABLE:
        everything = space.enumerate()
        return everything[:: max(1, len(everything) // _SAMPLE_SIZE)]
    drawn = np.random.default_rng(0).integers(
        len(space.operations), size=(_SAMPLE_SIZE, space.n_positions)
    )
    return drawn.astype(np.int8)


@singledispatch
def _features(space: SearchSpace, X: Architectures) -> Features:
    """Layers counted by :func:`hwnas.network.count_layers`, and the choices themselves."""
    counts, costs = _layers(space, X)
    totals = counts @ costs
    chosen = _one_hot(X, len(space.operations))
    linear = {f"raw:total{i}": total[:, None] for i, total in enumerate(totals.T)}
    linear |= {
        "raw:layers": counts * (costs / _mean_totals(space)).sum(axis=1),
        "raw:counts": chosen.sum(axis=1),
        "raw:one_hot": _flat(chosen),
    }
    choices = _by_operation("raw", chosen)
    return Features(linear, choices, {}, np.log(totals))


def _layers(space: SearchSpace, X: Architectures) -> tuple[Array, Array]:
    """Return how often each architecture has each layer, and work, traffic, launch of a layer."""
    counted = count_layers(space, X, _IMAGE_SET)
    column = dict(zip(counted.layers, counted.counts.T, strict=True))
    absent = np.zeros(len(X))
    known = _known_layers(space)
    counts = np.stack([column.get(layer, absent) for layer in known], axis=1)
    costs = [(layer.macs, layer.bytes_moved, 1) for layer in known]
    return counts.astype(np.float64), np.array(costs, dtype=np.float64)


@lru_cache(maxsize=8)
def _known_layers(space: SearchSpace) -> tuple[Layer, ...]:
    """Return the layers of the sample, so that a column means the same for all architectures."""
    return count_layers(space, _sample(space), _IMAGE_SET).layers


@lru_cache(maxsize=8)
def _mean_totals(space: SearchSpace) -> Array:
    """Return mean work, traffic and launches, so that a layer's costs are equal shares of them."""
    counts, costs = _layers(space, _sample(space))
    mean: Array = (counts @ costs).mean(axis=0)
    return mean


@_features.register
def _(space: CellSpace, X: Architectures) -> Features:
    n_operations = len(space.operations)
    per_operation = np.array(
        [[costs.get(name, 0.0) for costs in (_MACS, _LAYERS)] for name in space.operations]
    )
    dropped = n_operations  # an edge that the view leaves out, as another operation
    live = space.live(X)
    views = {
        "raw": X,
        "executed": np.where(executed(space, X), X, dropped),
        "live": np.where(live == space.none, dropped, live),
    }
    linear: dict[str, Array] = {}
    choices: dict[str, Array] = {}
    totals = []
    for view, cells in views.items():
        chosen = _one_hot(cells, n_operations + 1)
        kept = chosen[:, :, :n_operations]
        counts = kept.sum(axis=1)
        total = counts @ per_operation
        linear |= {f"{view}:total{i}": column[:, None] for i, column in enumerate(total.T)}
        linear |= {f"{view}:counts": counts, f"{view}:one_hot": _flat(kept)}
        choices |= _by_operation(view, chosen)
        totals.append(total)
    passes = np.select([np.equal(X, space.none), np.equal(X, space.skip)], [0, 1], default=2)
    wiring = {
        "carries": _flat(_one_hot(np.minimum(passes, 1), 2)) / np.sqrt(space.n_positions),
        "passes": _flat(_one_hot(passes, 3)) / np.sqrt(space.n_positions),
    }
    return Features(linear, choices, wiring, np.hstack(totals[:2]))


def _by_operation(view: str, chosen: Array) -> dict[str, Array]:
    scaled = chosen / np.sqrt(chosen.shape[1])
    return {f"{view}:{operation}": scaled[:, :, operation] for operation in range(scaled.shape[2])}


def _one_hot(indices: NDArray[np.integer], n: int) -> Array:
    chosen: Array = (indices[:, :, None] == np.arange(n)).astype(np.float64)
    return chosen


def _flat(chosen: Array) -> Array:
    return chosen.reshape(len(chosen), -1)
