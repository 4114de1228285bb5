"""What surrounds the searched part of a network, and which one a space has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network._graph import Layer, Network
from hwnas.space import Architectures, SearchSpace

#: What a toolchain does with edges that do not change the output; see `count_layers`.
DeadEdges = bool | Literal["folded"]


@dataclass(frozen=True)
class LayerCounts:
    """Layers of many networks, so that what adds up over layers is a matrix product.

    Parameters
    ----------
    layers : tuple of Layer
        The distinct layers of all the networks, without the images.
    counts : array of int64, shape (n, n_layers)
        How often each layer occurs in each network.
    """

    layers: tuple[Layer, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(
        cls, n: int, fixed: Mapping[Layer, int], *searched: Mapping[Layer, NDArray[np.int64]]
    ) -> LayerCounts:
        """Add up the layers that all `n` networks share and those that differ."""
        columns = {layer: np.full(n, count, dtype=np.int64) for layer, count in fixed.items()}
        for layer, counts in (item for part in searched for item in part.items()):
            columns[layer] = columns.get(layer, 0) + counts
        return cls(tuple(columns), np.stack(list(columns.values()), axis=1))

    @property
    def macs(self) -> NDArray[np.int64]:
        """Multiply-accumulates of each network, shape (n,)."""
        return self.counts @ np.array([layer.macs for layer in self.layers], dtype=np.int64)

    @property
    def params(self) -> NDArray[np.int64]:
        """Trained parameters of each network, shape (n,)."""
        return self.counts @ np.array([layer.params for layer in self.layers], dtype=np.int64)


@dataclass(frozen=True)
class Skeleton(ABC):
    """How the networks of one space are built; its fields are the sizes it can vary."""

    @abstractmethod
    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> Network:
        """Return the network of one architecture."""

    @abstractmethod
    def count(
        self, architectures: Architectures, image_set: ImageSet, dead_edges: DeadEdges
    ) -> LayerCounts:
        """Return the layers of many architectures, without building their graphs."""


def skeleton(space: SearchSpace) -> Skeleton:
    """Return the space's published skeleton, which the space's class names.

    Raises
    ------
    UserError
        If no network of the space is known.

    Examples
    --------
    >>> from hwnas.space import FBNet
    >>> skeleton(FBNet()).head_channels
    1984
    """
    if space.skeleton is None:
        raise UserError(
            f"space={space.name}: no network of its architectures is known, so nothing can be "
            "measured on this machine or counted from the layers",
            remedy=f"let the class {type(space).__name__} name its skeleton",
        )
    found = resolve_name(space.skeleton)()
    assert isinstance(found, Skeleton)
    return found


def build(
    space: SearchSpace,
    architecture: Sequence[int],
    image_set: ImageSet,
    *,
    dead_edges: bool = False,
    **sizes: int,
) -> Network:
    """Return the network of one architecture.

    Parameters
    ----------
    space : SearchSpace
    architecture : sequence of int, length n_positions
    image_set : ImageSet
        Gives the resolution of the image and the number of classes.
    dead_edges : bool
        Also build edges that do not change the output, and multiply with 0 on ``none`` edges, as
        the published parameter counts do.
    **sizes : int
        Fields of the space's skeleton to change, such as ``channels=8, cells_per_stage=1``.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> cifar10 = ImageSet("cifar10", resolution=32, classes=10)
    >>> network = build(NASBench201(), (3, 3, 3, 1, 3, 3), cifar10)
    >>> round(network.macs / 1e6, 2), round(network.params / 1e6, 3)
    (184.73, 1.289)
    """
    row = space.validate(np.asarray([architecture]))[0].tolist()
    return replace(skeleton(space), **sizes).build(row, image_set, dead_edges)


def count_layers(
    space: SearchSpace,
    architectures: Architectures,
    image_set: ImageSet,
    *,
    dead_edges: DeadEdges = False,
    **sizes: int,
) -> LayerCounts:
    """Return the layers of many networks, without building their graphs.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    image_set : ImageSet
        Gives the resolution of the image and the number of classes.
    dead_edges : bool or "folded"
        As in `build`. ``"folded"``: as TensorFlow Lite's converter leaves them, which folds a
        multiplication by 0 into the convolution before it (see `executed`). A network whose cells
        pass nothing on is a constant, and has no layers at all.
    **sizes : int
        Fields of the space's skeleton to change.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> space = NASBench201()
    >>> cifar10 = ImageSet("cifar10", resolution=32, classes=10)
    >>> count_layers(space, space.enumerate(), cifar10).macs.shape
    (15625,)
    """
    rows = space.validate(architectures)
    return replace(skeleton(space), **sizes).count(rows, image_set, dead_edges)
