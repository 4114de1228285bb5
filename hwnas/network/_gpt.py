"""The costs of the transformers of HW-GPT-Bench (Sukthanker et al., NeurIPS 2024), size S."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network._skeleton import NamedSkeleton
from hwnas.network._totals import TOTALS
from hwnas.space import Architectures

Array = NDArray[np.float64]
_BYTES_FLOAT32 = 4


@dataclass(frozen=True)
class _Sizes:
    """Sizes of many transformers: each is an array of shape (n,)."""

    width: Array
    layers: Array
    heads: Array
    ratios: Array
    biased: Array


@dataclass(frozen=True)
class GPTSkeleton(NamedSkeleton):
    """The costs of GPT-S transformers, for the space ``hwgpt``.

    A layer has causal attention, whose heads have 64 channels each, and a gated feed-forward part
    of three linear layers. Its counts of parameters, multiply-accumulates and FLOPs are those of
    the benchmark's files.

    Parameters
    ----------
    vocabulary, tokens, batch, head : int
        Words, tokens in a sequence, sequences in a batch, and channels of a head.
    """

    vocabulary: int = 50254
    tokens: int = 1024
    batch: int = 8
    head: int = 64

    def build(self, architecture: Sequence[int], image_set: ImageSet, dead_edges: bool) -> NoReturn:
        """Raise `UserError`, because graphs hold layers on images.

        Raises
        ------
        UserError
        """
        del architecture, image_set, dead_edges
        raise UserError(
            f"space={self.space.name}: transformers cannot be built, measured or estimated here",
            remedy="a published table, such as dataset=hwgpt/h100",
        )

    def _sizes(self, architectures: Architectures) -> _Sizes:
        numbers = self.space.numbers(architectures)
        columns = {each.name: index for index, each in enumerate(self.space.dimensions)}

        def total(word: str) -> Array:
            found = [index for name, index in columns.items() if name.endswith(word)]
            added: Array = np.nansum(numbers[:, found], axis=1)
            return added

        width, layers = numbers[:, columns["embedding"]], numbers[:, columns["layers"]]
        # The words of `bias` are false and true, in this order.
        return _Sizes(
            width, layers, total(".heads"), total(".mlp_ratio"), numbers[:, columns["bias"]]
        )

    def _linear_weights(self, sizes: _Sizes) -> Array:
        """Return the weights of the linear layers, without the embedding of the tokens."""
        attention = 4 * self.head * sizes.width * sizes.heads
        return 3 * sizes.ratios * sizes.width**2 + attention + self.vocabulary * sizes.width

    def params(self, architectures: Architectures) -> Array:
        """Return the trained parameters of each transformer, shape (n,)."""
        sizes = self._sizes(architectures)
        norms = 2 * (2 * sizes.layers + 1) * sizes.width
        biases = 2 * (sizes.ratios + sizes.layers) * sizes.width + 3 * self.head * sizes.heads
        embedding = self.vocabulary * sizes.width
        return self._linear_weights(sizes) + embedding + norms + sizes.biased * biases

    def macs(self, architectures: Architectures) -> Array:
        """Return the multiply-accumulates of the linear layers for one batch, shape (n,)."""
        return self.batch * self.tokens * self._linear_weights(self._sizes(architectures))

    def flops(self, architectures: Architectures) -> Array:
        """Return the FLOPs of one batch as the benchmark counts them, shape (n,).

        They are two for each multiply-accumulate of a linear layer, five for each number in a
        normalisation, and one for each number in an activation.
        """
        sizes = self._sizes(architectures)
        normalised = 5 * (2 * sizes.layers + 1) * sizes.width
        activated = sizes.ratios * sizes.width
        return 2 * self.macs(architectures) + self.batch * self.tokens * (normalised + activated)

    def totals(self, architectures: Architectures, image_set: ImageSet) -> NDArray[np.float64]:
        """Return the total costs of one batch, shape (n, 9), see `hwnas.network.TOTALS`.

        The linear layers count as dense, the products of attention as grouped.
        """
        del image_set
        sizes = self._sizes(architectures)
        positions = self.batch * self.tokens
        pairs = self.batch * self.tokens**2 * sizes.heads
        wide = sizes.ratios * sizes.width
        channels = self.head * sizes.heads
        flowing = 5 * sizes.layers * sizes.width + 4 * channels + 3 * wide + sizes.width
        numbers = {
            "bytes_dense": self.params(architectures) + positions * (flowing + self.vocabulary),
            "bytes_grouped": 2 * pairs + 4 * positions * channels,
            "bytes_other": 2 * pairs + positions * (10 * sizes.layers * sizes.width + 3 * wide),
        }
        total = {name: _BYTES_FLOAT32 * number for name, number in numbers.items()} | {
            "macs_dense": self.macs(architectures),
            "macs_grouped": 2 * self.head * pairs,
            "macs_other": np.zeros(len(architectures)),
            "layers_dense": 5 * sizes.layers + 1,
            "layers_grouped": 2 * sizes.layers,
            "layers_other": 6 * sizes.layers + 1,
        }
        return np.stack([total[name] for name in TOTALS], axis=1)
