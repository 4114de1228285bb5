"""Random weights and images. Latency does not depend on their values, unless they are subnormal."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hwnas.network import Layer
from hwnas.seeding import generator

_POOL_SIZE = 1 << 21

Weights = dict[str, NDArray[np.float32]]


class RandomWeights:
    """Draws the weights of one network. Every layer gets separate memory.

    The weights of convolutions and linear layers are scaled so that activations keep their
    magnitude (He et al., 2015). Otherwise activations could become infinite or subnormal, and
    subnormal numbers are slow.

    Parameters
    ----------
    seed : int
        Seed of the measurement. The weights of a layer depend on it and on the layers before.
    """

    def __init__(self, seed: int) -> None:
        self._pool = _pool(seed)
        self._generator = generator(seed, "weights")

    def _draw(self, *shape: int) -> NDArray[np.float32]:
        # Weights are copied from a pool, because drawing a million normal numbers takes longer than
        # running a network with them.
        size = int(np.prod(shape))
        if size > _POOL_SIZE:
            return self._generator.standard_normal(shape, dtype=np.float32)
        start = int(self._generator.integers(_POOL_SIZE - size + 1))
        return self._pool[start : start + size].reshape(shape).copy()

    def of(self, layer: Layer) -> Weights:
        """Return the layer's parameters by name. It is empty for layers without parameters."""
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
