"""An analytical model of a device: the time and energy of each layer of a network."""

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
    """A roofline model (Williams, Waterman, Patterson, CACM 2009) with an overhead per kernel.

    The time of a layer is the larger of its arithmetic time and its memory time, plus the overhead
    of starting a kernel. Layers run one after another. The energy of a network is the energy of its
    arithmetic and its memory accesses, plus the static power times the latency.

    Parameters
    ----------
    peak_gmacs : float
        Peak throughput in 10^9 multiply-accumulates a second, at the precision used. An elementwise
        operation of a pooling, addition, activation or normalisation takes the same time as a
        multiply-accumulate.
    compute_efficiency : float
        Fraction of the peak that the toolchain reaches.
    bandwidth_gbytes : float
        Bandwidth of the memory that holds activations and parameters, in 10^9 bytes a second.
    bytes_per_element : float
        Bytes of one number: 4 for float32, 2 for 16 bit, 1 for int8.
    kernel_overhead_us : float
        Microseconds to start one kernel.
    inference_overhead_ms : float
        Milliseconds of one inference that do not depend on the network.
    energy_per_mac_pj, energy_per_byte_pj : float
        Picojoules of one multiply-accumulate, and of moving one byte.
    static_power_w : float
        Watts that the device draws independently of its work.
    fused : tuple of str
        Kinds of layers that cost nothing, because the toolchain merges them into a neighbour.
    dead_edges : bool or "folded"
        Whether the toolchain runs edges of a cell that do not change its output. See
        `hwnas.network.count_layers`.
    dense_pooling : bool
        Whether the device runs a pooling as a convolution from all channels to all channels.

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
        # Hydra passes a list from the YAML. A tuple makes the model hashable.
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
        """Bytes that a layer moves. Inputs, parameters and output are moved once each."""
        if not self._runs(layer):
            return 0.0
        elements = layer.input_elements + layer.params + layer.output_elements
        return elements * self.bytes_per_element

    def seconds(self, layer: Layer) -> float:
        """Time of one layer, in seconds."""
        if not self._runs(layer):
            return 0.0
        operations = self.macs(layer) or layer.elementwise_operations
        arithmetic = operations / (self.peak_gmacs * self.compute_efficiency * 1e9)
        memory = self.bytes(layer) / (self.bandwidth_gbytes * 1e9)
        return max(arithmetic, memory) + self.kernel_overhead_us * 1e-6

    def latency(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return the latency of each network in milliseconds, shape (n,)."""
        return self.inference_overhead_ms + _MS * _total(networks, self.seconds)

    def energy(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return the energy of one inference of each network in millijoules, shape (n,)."""
        dynamic = self.energy_per_mac_pj * _total(networks, self.macs)
        dynamic += self.energy_per_byte_pj * _total(networks, self.bytes)
        return dynamic * _MJ_PER_PJ + self.static_power_w * self.latency(networks)

    def arithmetic_intensity(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return the operations per byte of each network, shape (n,).

        One multiply-accumulate counts as two operations.
        """
        return 2 * _total(networks, self.macs) / _total(networks, self.bytes)


def _total(networks: LayerCounts, cost: Callable[[Layer], float]) -> NDArray[np.float64]:
    """Return the sum of `cost` over the layers of each network, shape (n,)."""
    costs = np.array([cost(layer) for layer in networks.layers], dtype=np.float64)
    total: NDArray[np.float64] = networks.counts.astype(np.float64) @ costs
    return total
