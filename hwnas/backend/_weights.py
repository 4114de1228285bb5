"""Random weights: latency does not depend on their values, as long as none is subnormal."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hwnas.network import Layer
from hwnas.seeding import generator

_POOL_SIZE = 1 << 21

Weights = dict[str, NDArray[np.float32]]


class RandomWeights:
    """Draws the weights of one network, every layer its own memory.

    Convolutions and linear layers are scaled to keep the size of the activations (He et al.,
    2015), so that no network runs into infinities or into slow subnormal numbers.

    Parameters
    ----------
    seed : int
        The measurement's seed; the n-th layer's weights depend on it and on n.
    """

    def __init__(self, seed: int) -> None:
        self._pool = _pool(seed)
        self._generator = generator(seed, "weights")

    def _draw(self, *shape: int) -> NDArray[np.float32]:
        # Copied out of one pool: drawing a million normal numbers takes longer than running them.
        size = int(np.prod(shape))
        if size > _POOL_SIZE:
            return self._generator.standard_normal(shape, dtype=np.float32)
        start = int(self._generator.integers(_POOL_SIZE - size + 1))
        return self._pool[start : start + size].reshape(shape).copy()

    def of(self, layer: Layer) -> Weights:
        """Return the layer's arrays by name; none for layers without parameters."""
        if layer.kind == "conv":
            fan_in = layer.in_channels // layer.groups
            weight = self._draw(layer.out_channels, fan_in, layer.kernel, layer.kernel)
            return {"weight": weight * np.float32(np.sqrt(2 / (fan_in * layer.kernel**2)))}
        if layer.kind == "linear":
            weight = self._draw(layer.out_channels, layer.in_channels)
            return {
                "weight": weight / np.float32(np.sqrt(layer.in_channels)),
                "bias": self._draw(layer.out_channels),
            }
        if layer.kind == "batch_norm":
            n = layer.out_channels
            return {
                "weight": 1 + np.float32(0.1) * self._draw(n),
                "bias": np.float32(0.1) * self._draw(n),
                "mean": np.float32(0.1) * self._draw(n),
                "variance": 1 + np.float32(0.1) * np.abs(self._draw(n)),
            }
        return {}


@lru_cache(maxsize=1)
def _pool(seed: int) -> NDArray[np.float32]:
    return generator(seed, "weight pool").standard_normal(_POOL_SIZE, dtype=np.float32)


def random_image(layer: Layer, batch_size: int, seed: int) -> NDArray[np.float32]:
    """Return a random input batch, shape (batch_size, channels, size, size)."""
    shape = (batch_size, layer.out_channels, layer.out_size, layer.out_size)
    return generator(seed, "image").standard_normal(shape, dtype=np.float32)
