"""The base class of skeletons, which define the networks of a search space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network._graph import Layer, Network
from hwnas.network._totals import layer_costs
from hwnas.space import Architectures, Choices, SearchSpace, Value

DeadEdgeRule = Literal["folded", "reaching"]
#: Whether a toolchain runs the edges that do not change the output. See `count_layers`.
DeadEdges = bool | DeadEdgeRule
#: Number of networks whose layers are counted at a time.
_CHUNK = 500


class Read(NamedTuple):
    """An operation of a cell that reads an intermediate tensor of the cell.

    Attributes
    ----------
    operation : {"conv", "elementwise"}
        Elementwise operations are skip connections and poolings.
    node : int
        The node of the tensor: 1 or 2 in cells with four nodes.
    """

    operation: Literal["conv", "elementwise"]
    node: int


@dataclass(frozen=True)
class LayerCounts:
    """How often each layer occurs in each of many networks.

    A sum over the layers of every network is a product of `counts` and a vector.

    Parameters
    ----------
    layers : tuple of Layer
        The distinct layers of all the networks, without the images.
    counts : array of int64, shape (n, n_layers)
        How often each layer occurs in each network.
    reads : mapping of Read to array of int64, shape (n,)
        How often each network reads an intermediate tensor of a cell. Networks without cells have
        no such tensors.
    """

    layers: tuple[Layer, ...]
    counts: NDArray[np.int64]
    reads: Mapping[Read, NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, n: int, fixed: Mapping[Layer, int], *searched: Mapping[Layer, NDArray[np.int64]]
    ) -> LayerCounts:
        """Combine layers that all `n` networks have equally often with counts per network.

        Parameters
        ----------
        n : int
            Number of networks.
        fixed : mapping of Layer to int
            How often each layer occurs in every network.
        *searched : mapping of Layer to array of int64, shape (n,)
            How often each layer occurs in each network, in addition.
        """
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
    """Builds the networks of one search space. Its fields are the sizes that can be changed."""

    @abstractmethod
    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> Network:
        """Return the network of one architecture."""

    @abstractmethod
    def count(
        self, architectures: Architectures, image_set: ImageSet, dead_edges: DeadEdges
    ) -> LayerCounts:
        """Return the layer counts of many architectures, without building their graphs."""

    def totals(self, architectures: Architectures, image_set: ImageSet) -> NDArray[np.float64]:
        """Return the total costs of many networks, shape (n, 9), see `hwnas.network.TOTALS`."""
        parts = []
        for start in range(0, len(architectures), _CHUNK):
            counted = self.count(architectures[start : start + _CHUNK], image_set, False)
            parts.append(counted.counts @ layer_costs(counted.layers))
        return np.concatenate(parts)


@dataclass(frozen=True)
class NamedSkeleton(Skeleton):
    """The skeleton of a space of choices, whose `build` reads the dimensions by name.

    Parameters
    ----------
    space : Choices
    """

    space: Choices

    def count(
        self,
        architectures: Architectures,
        image_set: ImageSet,
        dead_edges: DeadEdges,  # noqa: ARG002  (these networks have none)
    ) -> LayerCounts:
        """Return the layer counts of many architectures. Every network is built once."""
        column: dict[Layer, int] = {}
        counted: list[Counter[Layer]] = []
        for row in architectures.tolist():
            counted.append(self.build(row, image_set, False).layer_counts)
            for layer in counted[-1]:
                column.setdefault(layer, len(column))
        counts = np.zeros((len(counted), len(column)), dtype=np.int64)
        for row, layers in enumerate(counted):
            for layer, times in layers.items():
                counts[row, column[layer]] = times
        return LayerCounts(tuple(column), counts)


@dataclass(frozen=True)
class FunctionSkeleton(NamedSkeleton):
    """The skeleton of a space that names a function from an architecture to its network.

    Parameters
    ----------
    space : Choices
    function : callable
        Takes an architecture, a mapping of the names of its dimensions to their values, and
        returns its network. Dimensions that do not exist are not in the mapping.
    """

    function: Callable[[Mapping[str, Value]], Network]

    def build(
        self,
        architecture: Sequence[float],
        image_set: ImageSet,  # noqa: ARG002  (the function knows its images)
        dead_edges: bool,  # noqa: ARG002  (the function knows no dead edges)
    ) -> Network:
        """Return the network of one architecture."""
        return self.function(self.space.named(architecture))


def skeleton(space: SearchSpace) -> Skeleton:
    """Return the skeleton that the search space names, with its published sizes.

    A space of choices may name a function instead, see `FunctionSkeleton`.

    Raises
    ------
    UserError
        If the search space names no skeleton, or one that cannot be imported.

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
            remedy="name a function from an architecture to its network in the YAML of the space"
            if isinstance(space, Choices)
            else f"set the attribute skeleton of the class {type(space).__name__}",
        )
    try:
        found = resolve_name(space.skeleton)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(
            f"space={space.name}: its skeleton {space.skeleton} cannot be imported ({error})",
            remedy="space.skeleton=<full name of a function that Python can import>",
        ) from error
    named = isinstance(found, type) and issubclass(found, NamedSkeleton)
    if isinstance(found, type) and issubclass(found, Skeleton) and not named:
        return found()
    if not isinstance(space, Choices) or not callable(found):
        raise UserError(f"space={space.name}: {space.skeleton} is not a skeleton or a function")
    return found(space) if named else FunctionSkeleton(space, found)


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
        Whether to build edges that do not change the output, and a multiplication with 0 for every
        ``none``. The published parameter counts include these edges.
    **sizes : int
        New values of the skeleton's fields, such as ``channels=8, cells_per_stage=1``.

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
    """Return the layer counts of many networks, without building their graphs.

    Parameters
    ----------
    space : SearchSpace
    architectures : array of int8, shape (n, n_positions)
    image_set : ImageSet
        Gives the resolution of the image and the number of classes.
    dead_edges : bool, "folded" or "reaching"
        As in `build`. With ``"folded"`` the edges are those that TensorFlow Lite executes (see
        `executed`), and with ``"reaching"`` those with a path to the output (see `reaching`). In
        both cases a network whose cells have no path from input to output is a constant, and has no
        layers.
    **sizes : int
        New values of the skeleton's fields.

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
