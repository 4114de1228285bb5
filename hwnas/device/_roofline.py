"""An analytical model of a device: the time and energy of each layer of a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import check_choice
from hwnas.network import DeadEdgeRule, DeadEdges, Layer, LayerCounts, Read

_MS = 1e3  # milliseconds in a second
_MJ_PER_PJ = 1e-9
#: Part of the hash of a model. It rises when equal constants give other values.
_VERSION = 2


@dataclass(frozen=True)
class Roofline:
    """A roofline model (Williams, Waterman, Patterson, CACM 2009) with an overhead per kernel.

    The time of a layer is the larger of its arithmetic time and its memory time, plus the overhead
    of starting a kernel. Layers run one after another. The energy of a network is the energy of its
    arithmetic and its memory accesses, plus the static power times the latency.

    Parameters
    ----------
    peak_gmacs : float
        Peak throughput in 10^9 multiply-accumulates a second, at the precision used.
    compute_efficiency : float
        Fraction of the peak that convolutions and linear layers reach.
    bandwidth_gbytes : float
        Bandwidth of the memory that holds activations and parameters, in 10^9 bytes a second.
    bytes_per_element : float
        Bytes of one number: 4 for float32, 2 for 16 bit, 1 for int8.
    parameter_reads : float
        How often the parameters of a layer are read for one image. Inputs and output are moved
        once.
    kernel_overhead_us : float
        Microseconds to start one kernel.
    pooling_overhead_us : float, optional
        Microseconds to start the kernel of a pooling, by default `kernel_overhead_us`.
    inference_overhead_ms : float
        Milliseconds of one inference that do not depend on the network.
    elementwise_gops : float, optional
        Throughput of poolings, additions, activations and normalisations, in 10^9 operations a
        second. By default an operation takes the same time as a multiply-accumulate.
    cache_kbytes, cached_efficiency : float
        `cached_efficiency` replaces `compute_efficiency` for layers whose inputs and output, in
        units of 1024 bytes, fit into a cache of `cache_kbytes`. 0 is no cache.
    wait_conv_us, wait_elementwise_us : float
        Microseconds that an operation of a cell waits for each node whose result it needs. An
        operation that reads node 2 waits twice as long as one that reads node 1, and one that reads
        the cell's input does not wait. Skip connections and poolings are elementwise.
    energy_per_mac_pj, energy_per_byte_pj : float
        Picojoules of one multiply-accumulate, and of moving one byte.
    energy_per_parameter_byte_pj : float, optional
        Picojoules of moving one byte of the parameters, by default `energy_per_byte_pj`.
    static_power_w : float
        Watts that the device draws independently of its work.
    fused : tuple of str
        Kinds of layers that cost nothing, because the toolchain merges them into a neighbour.
    dead_edges : bool, "folded" or "reaching"
        Whether the toolchain runs edges of a cell that do not change its output. See
        `hwnas.network.count_layers`.
    dense_pooling : bool
        Whether the device runs a pooling as a convolution from all channels to all channels, with
        the parameters of such a convolution.

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
    parameter_reads: float = 1.0
    kernel_overhead_us: float = 0.0
    pooling_overhead_us: float | None = None
    inference_overhead_ms: float = 0.0
    elementwise_gops: float | None = None
    cache_kbytes: float = 0.0
    cached_efficiency: float = 0.0
    wait_conv_us: float = 0.0
    wait_elementwise_us: float = 0.0
    energy_per_mac_pj: float = 0.0
    energy_per_byte_pj: float = 0.0
    energy_per_parameter_byte_pj: float | None = None
    static_power_w: float = 0.0
    fused: tuple[str, ...] = ()
    dead_edges: DeadEdges = False
    dense_pooling: bool = False

    def __post_init__(self) -> None:
        # Hydra passes a list from the YAML. A tuple makes the model hashable.
        object.__setattr__(self, "fused", tuple(self.fused))
        if isinstance(self.dead_edges, str):
            check_choice("device.roofline.dead_edges", self.dead_edges, get_args(DeadEdgeRule))

    @property
    def sha256(self) -> str:
        """SHA-256 of the constants and of the version of the model, as JSON with sorted keys."""
        content = asdict(self) | {"version": _VERSION}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _runs(self, layer: Layer) -> bool:
        return layer.kind != "input" and layer.kind not in self.fused

    def macs(self, layer: Layer) -> float:
        """Multiply-accumulates that the device performs for a layer."""
        if not self._runs(layer):
            return 0.0
        return self._as_executed(layer).macs

    def bytes(self, layer: Layer) -> float:
        """Bytes of the inputs, parameters and output that a layer moves."""
        return self._tensor_bytes(layer) + self._parameter_bytes(layer)

    def _tensor_bytes(self, layer: Layer) -> float:
        if not self._runs(layer):
            return 0.0
        return (layer.input_elements + layer.output_elements) * self.bytes_per_element

    def _parameter_bytes(self, layer: Layer) -> float:
        if not self._runs(layer):
            return 0.0
        params = self._as_executed(layer).params
        return self.parameter_reads * params * self.bytes_per_element

    def _as_executed(self, layer: Layer) -> Layer:
        dense = self.dense_pooling and layer.kind == "avg_pool"
        return replace(layer, kind="conv") if dense else layer

    def _arithmetic_seconds(self, layer: Layer) -> float:
        macs = self.macs(layer)
        if not macs and self.elementwise_gops is not None:
            return layer.elementwise_operations / (self.elementwise_gops * 1e9)
        cached = self._tensor_bytes(layer) <= 1024 * self.cache_kbytes
        efficiency = self.cached_efficiency if cached else self.compute_efficiency
        return (macs or layer.elementwise_operations) / (self.peak_gmacs * efficiency * 1e9)

    def _overhead_seconds(self, layer: Layer) -> float:
        if layer.kind == "avg_pool" and self.pooling_overhead_us is not None:
            return self.pooling_overhead_us * 1e-6
        return self.kernel_overhead_us * 1e-6

    def seconds(self, layer: Layer) -> float:
        """Time of one layer, in seconds, without waiting for its input."""
        if not self._runs(layer):
            return 0.0
        memory = self.bytes(layer) / (self.bandwidth_gbytes * 1e9)
        return max(self._arithmetic_seconds(layer), memory) + self._overhead_seconds(layer)

    def wait_seconds(self, read: Read) -> float:
        """Time that an operation waits for an intermediate tensor of its cell, in seconds."""
        per_node = self.wait_conv_us if read.operation == "conv" else self.wait_elementwise_us
        return per_node * 1e-6 * read.node

    def latency(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return the latency of each network in milliseconds, shape (n,)."""
        seconds = _total(networks, self.seconds)
        for read, counts in networks.reads.items():
            seconds += self.wait_seconds(read) * counts
        return self.inference_overhead_ms + _MS * seconds

    def energy(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return the energy of one inference of each network in millijoules, shape (n,)."""
        per_parameter_byte = self.energy_per_parameter_byte_pj
        if per_parameter_byte is None:
            per_parameter_byte = self.energy_per_byte_pj
        dynamic = self.energy_per_mac_pj * _total(networks, self.macs)
        dynamic += self.energy_per_byte_pj * _total(networks, self._tensor_bytes)
        dynamic += per_parameter_byte * _total(networks, self._parameter_bytes)
        return dynamic * _MJ_PER_PJ + self.static_power_w * self.latency(networks)

    def arithmetic_intensity(self, networks: LayerCounts) -> NDArray[np.float64]:
        """Return the operations per byte of each network, shape (n,).

        One multiply-accumulate of a convolution or linear layer counts as two operations. Poolings
        have none, also where the device runs them as convolutions.
        """
        return 2 * networks.macs / _total(networks, self.bytes)


def _total(networks: LayerCounts, cost: Callable[[Layer], float]) -> NDArray[np.float64]:
    """Return the sum of `cost` over the layers of each network, shape (n,)."""
    costs = np.array([cost(layer) for layer in networks.layers], dtype=np.float64)
    total: NDArray[np.float64] = networks.counts.astype(np.float64) @ costs
    return total
