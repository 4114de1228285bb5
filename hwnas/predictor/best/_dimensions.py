"""The features that `best` computes of architectures that are described by their dimensions.

They serve every space whose operations cannot be counted in a cell: spaces of choices, tables, and
the spaces of users. Each block of features is a group of columns with one prior:

- every dimension that stands alone, so that a few important ones can be told from many others;
- dimensions with the same choices, such as the kernel of each block: their sum, how often each
  choice occurs, and the choice at each position;
- the total costs of the network and their logarithms, if the space has networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, singledispatch
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hwnas.image_set import ImageSet
from hwnas.network import skeleton
from hwnas.space import LISTABLE, Architectures, CellSpace, Choices, SearchSpace

Array = NDArray[np.float64]

#: The architectures of these networks have their own resolution, or the costs are relative.
_IMAGE_SET = ImageSet("ImageNet", resolution=224, classes=1000)
#: Number of architectures whose features define mean and scale.
_SAMPLE_SIZE = 1000


@dataclass(frozen=True)
class Described:
    """Features of architectures; every matrix has one row per architecture.

    Parameters
    ----------
    linear : dict of str to array
        Blocks of columns that the metric depends on linearly. The part of a block's name before
        the colon is its kind, which decides the prior.
    smooth : dict of str to array
        Columns that the metric depends on by a smooth function: ``dimensions`` and ``totals``.
    """

    linear: dict[str, Array]
    smooth: dict[str, Array]

    def __len__(self) -> int:
        return len(next(iter({**self.linear, **self.smooth}.values())))

    def __getitem__(self, rows: NDArray[np.integer] | slice) -> Self:
        return type(self)(
            {name: block[rows] for name, block in self.linear.items()},
            {name: block[rows] for name, block in self.smooth.items()},
        )

    def without_smooth(self) -> Self:
        """Return the linear blocks alone."""
        return type(self)(self.linear, {})


@dataclass(frozen=True)
class Moments:
    """How a block of columns is standardised: which columns vary, their means and deviations."""

    varies: NDArray[np.bool_]
    mean: Array
    spread: Array

    @classmethod
    def of(cls, block: Array) -> Self:
        """Return the moments of the columns of a block."""
        spread = block.std(axis=0)
        varies = spread > 1e-9 * (1 + np.abs(block).max(axis=0))
        return cls(varies, block.mean(axis=0)[varies], spread[varies])

    def __call__(self, block: Array) -> Array:
        """Return the columns that vary, with mean 0 and variance 1."""
        scaled: Array = (block[:, self.varies] - self.mean) / self.spread
        return scaled


def by_dimensions(space: SearchSpace) -> bool:
    """Tell whether a space is described by its dimensions, because no operations can be counted."""
    counted = isinstance(space, CellSpace) or space.skeleton is not None
    return isinstance(space, Choices) or not counted


def described(space: SearchSpace, X: Architectures) -> Described:
    """Return the standardised features of architectures, shape (n, n_positions).

    Columns that are constant all over the space are left out. The variances of the columns of a
    linear block add up to 1, those of the other columns are 1.
    """
    features, of_linear, of_smooth = _features(space, X), *_moments(space)
    linear = {
        name: of_linear[name](block) / np.sqrt(len(of_linear[name].mean))
        for name, block in features.linear.items()
        if len(of_linear[name].mean)
    }
    smooth = {
        name: of_smooth[name](block)
        for name, block in features.smooth.items()
        if len(of_smooth[name].mean)
    }
    return Described(linear, smooth)


@lru_cache(maxsize=8)
def _moments(space: SearchSpace) -> tuple[dict[str, Moments], dict[str, Moments]]:
    """Return the moments of the linear and smooth features of architectures all over the space."""
    if space.size <= LISTABLE:
        everything = space.enumerate()
        sample = everything[:: max(1, len(everything) // _SAMPLE_SIZE)]
    else:
        sample = space.sample(_SAMPLE_SIZE, np.random.default_rng(0))
    features = _features(space, sample)
    linear = {name: Moments.of(block) for name, block in features.linear.items()}
    smooth = {name: Moments.of(block) for name, block in features.smooth.items()}
    return linear, smooth


@dataclass(frozen=True)
class Decisions:
    """Dimensions with the same choices.

    Parameters
    ----------
    name : str
    values : array, shape (n, n_dimensions)
        Numbers, or indices of words. NaN where a dimension does not exist.
    ordered : bool
        Whether the values are numbers.
    choices : tuple of float
        All values, as in `values`. A range has none.
    """

    name: str
    values: Array
    ordered: bool
    choices: tuple[float, ...]

    @property
    def exists(self) -> Array:
        """How many of the dimensions exist, shape (n, 1)."""
        there = ~np.isnan(self.values)
        return _numbers(np.sum(there, axis=1, keepdims=True))

    @property
    def total(self) -> Array:
        """The sum of the numbers, shape (n, 1)."""
        return _numbers(np.nansum(self.values, axis=1, keepdims=True))

    @property
    def chosen(self) -> Array:
        """Whether each dimension has each choice, shape (n, n_dimensions, n_choices)."""
        if not self.choices:
            return _numbers(np.nan_to_num(self.values)[:, :, None])
        return _numbers(self.values[:, :, None] == np.array(self.choices))


def _numbers(array: NDArray[np.generic]) -> Array:
    return np.asarray(array, dtype=np.float64)


@singledispatch
def _decisions(space: SearchSpace, X: Architectures) -> Iterator[Decisions]:
    """Yield the dimensions of a space, those with the same choices together.

    The positions of a space of operations all have the same choices, which are words.
    """
    choices = tuple(float(index) for index in range(len(space.operations)))
    yield Decisions("operation", np.asarray(X, dtype=np.float64), ordered=False, choices=choices)


@_decisions.register
def _(space: Choices, X: Architectures) -> Iterator[Decisions]:
    numbers = space.numbers(X)
    alike = space.alike()
    together = {column for group in alike for column in group}
    alone = [[column] for column in range(space.n_positions) if column not in together]
    for group in [*alone, *alike]:
        first = space.dimensions[group[0]]
        yield Decisions(first.name, numbers[:, group], first.ordered, first.choice_numbers)


def _features(space: SearchSpace, X: Architectures) -> Described:
    linear: dict[str, Array] = {}
    smooth: list[Array] = []
    for found in _decisions(space, X):
        own = [found.exists, found.total] if found.ordered else [found.exists]
        if not found.ordered:
            own += list(found.chosen.sum(axis=1).T[:, :, None])
        smooth += own
        if found.ordered:
            linear[f"number:{found.name}"] = found.total
        linear[f"exists:{found.name}"] = found.exists
        if found.values.shape[1] > 1 or not found.ordered:
            linear[f"counts:{found.name}"] = found.chosen.sum(axis=1)
        if found.values.shape[1] > 1:
            linear[f"positions:{found.name}"] = found.chosen.reshape(len(X), -1)
    curves = {"dimensions": np.hstack(smooth)}
    if space.skeleton is not None:
        totals = skeleton(space).totals(X, _IMAGE_SET)
        joined = np.stack([totals[:, kinds].sum(axis=1) for kinds in _JOINED], axis=1)
        logs = np.log(np.maximum(joined, 1.0))
        linear |= {"totals:raw": joined, "totals:log": logs}
        curves["totals"] = logs
    return Described(linear, curves)


#: The columns of `hwnas.network.TOTALS` that are added: all multiply-accumulates, all bytes, dense
#: layers, and of grouped and other layers what they move; multiply-accumulates of grouped ones.
_JOINED = ([0, 3, 6], [1, 4, 7], [2], [4], [7], [3], [5])
