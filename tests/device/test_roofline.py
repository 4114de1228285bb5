"""The roofline model compared with hand-computed values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwnas.device import Roofline
from hwnas.errors import UserError
from hwnas.network import Layer, LayerCounts, Read

ROOFLINE = Roofline(
    peak_gmacs=2.0,
    compute_efficiency=0.5,
    bandwidth_gbytes=1.0,
    bytes_per_element=2,
    kernel_overhead_us=10.0,
    inference_overhead_ms=0.5,
    energy_per_mac_pj=3.0,
    energy_per_byte_pj=20.0,
    static_power_w=2.0,
)
#: 2,359,296 multiply-accumulates; 16,384 + 2,304 + 16,384 numbers.
CONV = Layer("conv", 16, 16, 32, 32, kernel=3, padding=1)
#: 32,768 numbers read, 16,384 written; 16,384 additions.
ADD = Layer("add", 16, 16, 32, 32)
POOL = Layer("avg_pool", 16, 16, 32, 32, kernel=3, padding=1)


def test_seconds_convolution_equals_arithmetic_time() -> None:
    assert ROOFLINE.seconds(CONV) == pytest.approx(2_359_296 / 1e9 + 10e-6)


def test_seconds_addition_equals_memory_time() -> None:
    assert ROOFLINE.seconds(ADD) == pytest.approx(2 * 49_152 / 1e9 + 10e-6)


def test_macs_dense_pooling_equals_convolution() -> None:
    assert ROOFLINE.macs(POOL) == 0
    assert ROOFLINE.seconds(POOL) == pytest.approx(9 * 16_384 / 1e9 + 10e-6)
    dense = replace(ROOFLINE, dense_pooling=True)
    assert dense.macs(POOL) == CONV.macs
    assert dense.bytes(POOL) == dense.bytes(CONV)
    assert dense.seconds(POOL) == pytest.approx(dense.seconds(CONV))


def test_seconds_pooling_overhead_applies_to_poolings_only() -> None:
    other = replace(ROOFLINE, pooling_overhead_us=3.0)
    assert other.seconds(POOL) == pytest.approx(9 * 16_384 / 1e9 + 3e-6)
    assert other.seconds(CONV) == ROOFLINE.seconds(CONV)


def test_seconds_elementwise_throughput_does_not_apply_to_convolutions() -> None:
    slow = replace(ROOFLINE, elementwise_gops=0.1)
    assert slow.seconds(POOL) == pytest.approx(9 * 16_384 / 1e8 + 10e-6)
    assert slow.seconds(ADD) == pytest.approx(16_384 / 1e8 + 10e-6)
    assert slow.seconds(CONV) == ROOFLINE.seconds(CONV)


@pytest.mark.parametrize(("kbytes", "gmacs"), [(64, 1.6), (63.9, 1.0)])
def test_seconds_layer_in_cache_has_cached_efficiency(kbytes: float, gmacs: float) -> None:
    # Input and output have 16,384 numbers each, together 64 kB. The parameters do not count.
    cached = replace(ROOFLINE, cache_kbytes=kbytes, cached_efficiency=0.8)
    assert cached.seconds(CONV) == pytest.approx(2_359_296 / (gmacs * 1e9) + 10e-6)


def test_bytes_parameters_read_several_times() -> None:
    assert ROOFLINE.bytes(CONV) == 2 * (32_768 + 2_304)
    assert replace(ROOFLINE, parameter_reads=4.0).bytes(CONV) == 2 * (32_768 + 4 * 2_304)


def test_latency_operations_wait_for_each_node_of_their_cell() -> None:
    waiting = replace(ROOFLINE, wait_conv_us=5.0, wait_elementwise_us=20.0)
    reads = {
        Read("conv", 1): np.array([0, 3]),
        Read("conv", 2): np.array([0, 1]),
        Read("elementwise", 2): np.array([0, 2]),
    }
    networks = LayerCounts((CONV,), np.array([[1], [1]]), reads)
    microseconds = 3 * 5 + 1 * 2 * 5 + 2 * 2 * 20
    expected = ROOFLINE.latency(networks) + np.array([0, microseconds * 1e-3])
    assert waiting.latency(networks) == pytest.approx(expected)


def test_energy_parameter_bytes_have_their_own_energy() -> None:
    networks = LayerCounts((CONV,), np.array([[1]]))
    less = replace(ROOFLINE, energy_per_parameter_byte_pj=1.0).energy(networks)
    # 2,304 parameters of 2 bytes cost 1 in place of 20 picojoules.
    assert ROOFLINE.energy(networks) - less == pytest.approx(2 * 2_304 * 19e-9)


def test_arithmetic_intensity_dense_pooling_moves_bytes_but_has_no_operations() -> None:
    dense = replace(ROOFLINE, dense_pooling=True)
    networks = LayerCounts((CONV, POOL), np.array([[1, 1]]))
    assert dense.arithmetic_intensity(networks) == pytest.approx(2_359_296 / dense.bytes(CONV))


def test_roofline_fused_layer_costs_nothing() -> None:
    fused = replace(ROOFLINE, fused=("add",))
    assert (fused.seconds(ADD), fused.bytes(ADD), fused.macs(ADD)) == (0, 0, 0)
    assert fused.seconds(CONV) == ROOFLINE.seconds(CONV)


def test_roofline_network_equals_sum_of_layers() -> None:
    networks = LayerCounts((CONV, ADD), np.array([[1, 0], [2, 3]]))
    seconds = np.array([ROOFLINE.seconds(CONV), ROOFLINE.seconds(ADD)])
    latency = 0.5 + 1e3 * np.array([seconds[0], 2 * seconds[0] + 3 * seconds[1]])
    assert ROOFLINE.latency(networks) == pytest.approx(latency)
    macs = np.array([2_359_296, 2 * 2_359_296])
    moved = np.array([2 * 35_072, 2 * 2 * 35_072 + 3 * 2 * 49_152])
    dynamic = (3 * macs + 20 * moved) * 1e-9
    assert ROOFLINE.energy(networks) == pytest.approx(dynamic + 2 * latency)
    assert ROOFLINE.arithmetic_intensity(networks) == pytest.approx(2 * macs / moved)


def test_roofline_unknown_rule_for_dead_edges_raises() -> None:
    with pytest.raises(UserError, match=r"dead_edges: no 'foldd'; .*folded"):
        replace(ROOFLINE, dead_edges="foldd")  # type: ignore[arg-type]


def test_sha256_changes_with_constants() -> None:
    assert ROOFLINE.sha256 == replace(ROOFLINE).sha256
    assert ROOFLINE.sha256 != replace(ROOFLINE, static_power_w=2.1).sha256
    assert len(ROOFLINE.sha256) == 64
    as_list = replace(ROOFLINE, fused=["add"])  # type: ignore[arg-type]  # what YAML gives
    assert as_list.sha256 == replace(ROOFLINE, fused=("add",)).sha256


def test_sha256_changes_with_version_of_model(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ROOFLINE.sha256
    monkeypatch.setattr("hwnas.device._roofline._VERSION", 0)
    assert ROOFLINE.sha256 != before
