"""An analytical model of a device: what each layer of a network costs on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.network import DeadEdges, Layer, LayerCounts

_MS = 1e3  # milliseconds in a second
_MJ_PER_PJ = 1e-9


@dataclass(frozen=True)
class Roofline:
    """A roofline (Williams, Waterman, Patterson, CACM 2009) with a fixed cost per kernel.

    A layer takes the longer of the time its arithmetic needs and the time its bytes need, plus the
    overhead of starting a kernel; layers run one after another. Energy is that of the arithmetic
    and of the bytes, plus a static power over the latency.

    Parameters
    ----------
    peak_gmacs : float
        Multiply-accumulates a second at the precision used, in 10^9; one elementwise operation
        (of poolings, additions, activations, normalisations) takes as long.
    compute_efficiency : float
        Fraction of that peak that the toolchain reaches.
    bandwidth_gbytes : float
        Bytes a second of the memory that activations and parameters stream from, in 10^9.
    bytes_per_element : float
        Bytes of one number: 4 for float32, 2 for 16 bit, 1 for int8.
    kernel_overhead_us : float
        Microseconds to start one kernel.
    inference_overhead_ms : float
        Milliseconds of one inference that do not depend on the network.
    energy_per_mac_pj, energy_per_byte_pj : float
        Picojoules.
    static_power_w : float
        Watts drawn whatever runs.
    fused : tuple of str
        Kinds of layers that cost nothing, as the toolchain merges them into a neighbour.
    dead_edges : bool or "folded"
        Whether the toolchain runs edges of a cell that do not change its output; see
        `hwnas.network.count_layers`.
    dense_pooling : bool
        Whether a pooling is run as a convolution from all channels to all channels.

    Examples
    --------
    >>> roofline = Roofline(
    ...     peak_gmacs=1.0, compute_efficiency=1.0, bandwidth_gbytes=1.0, bytes_per_element=4
    ... )
    >>> conv = Layer("conv", 16, 16, 32, 32, kernel=3, padding=1)
    >>> round(roofline.seconds(conv) * 1e3, 3)  # 2.36 million multiply-accumulates
    2.359
    """

    peak_gmacs: float
    compute_efficiency: float
    bandwidth_gbytes: float
    bytes_per_element: float
    kernel_overhead_us: float = 0.0
    inference_overhead_ms: float = 0.0
    energy_per_mac_pj: float = 0.0
    energy_per_byte_pj: float = 0.0
    static_power_w: float = 0.0
    fused: tuple[str, ...] = ()
    dead_edges: DeadEdges = False
    dense_pooling: bool = False

    def __post_init__(self) -> None:
        # A YAML list arrives as a list; the model must be hashable.
        object.__setattr__(self, "fused", tuple(self.fused))

    @property
    def sha256(self) -> str:
        """SHA-256 of the constants, as JSON with sorted keys."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def _runs(self, layer: Layer) -> bool:
        return layer.kind != "input" and layer.kind not in self.fused

    def macs(self, layer: Layer) -> float:
        """Multiply-accumulates that the device performs for a layer."""
        if not self._runs(layer):
            return 0.0
        if self.dense_pooling and layer.kind == "avg_pool":
            return layer.kernel**2 * layer.in_channels * layer.output_elements
        return layer.macs

    def bytes(self, layer: Layer) -> float:
        """Bytes that a layer moves: inputs, parameters and output, each once."""
        if not self._runs(layer):
            return 0.0
        elements = layer.input_elements + layer.params + layer.output_elements
        return elements * self.bytes_per_element

    def seconds(self, layer: Layer) -> float:
        """Time of one layer."""
        if not self._runs(layer):
            return 0.0
        operations = self.macs(layer) or layer.elementwise_operations
        arithmetic = operations / (self.peak_gmacs * self.compute_efficiency * 1e9)
        memory = self.bytes(layer) / (self.bandwidth_gbytes * 1e9)
        return max(arithmetic, memory) + self.kernel_overhead_us * 1e-6

    def latency(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return milliseconds, shape (n,)."""
        return self.inference_overhead_ms + _MS * _total(networks, self.seconds)

    def energy(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return millijoules, shape (n,)."""
        dynamic = self.energy_per_mac_pj * _total(networks, self.macs)
        dynamic += self.energy_per_byte_pj * _total(networks, self.bytes)
        return dynamic * _MJ_PER_PJ + self.static_power_w * self.latency(networks)

    def arithmetic_intensity(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return operations per byte, shape (n,); one multiply-accumulate is two operations."""
        return 2 * _total(networks, self.macs) / _total(networks, self.bytes)


def _total(networks: LayerCounts, cost: Callable[[Layer], float]) -> NDArray[np.float64]:
    """Add up a cost over the layers of each network, shape (n,)."""
    costs = np.array([cost(layer) for layer in networks.layers], dtype=np.float64)
    total: NDArray[np.float64] = networks.counts.astype(np.float64) @ costs
    return total
