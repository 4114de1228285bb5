"""The estimates compared with the known rows of HW-NAS-Bench, from which constants were learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy.stats import kendalltau

from benchmarks._reference import Rows, known_rows
from benchmarks.calibrate import Model, cross_validate, starting_value
from hwnas.device import Device
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import NASBench201

CONF = Path(__file__).parents[2] / "conf"
#: The constants of edgegpu that were learned from latencies.
LEARNED = (
    "kernel_overhead_us",
    "pooling_overhead_us",
    "inference_overhead_ms",
    "wait_conv_us",
    "wait_elementwise_us",
)

Known = Callable[[str, str], list[Rows]]


def device(name: str) -> Device:
    loaded = instantiate(OmegaConf.load(CONF / "device" / f"{name}.yaml"))
    assert isinstance(loaded, Device)
    return loaded


@pytest.fixture
def known(hwnas_data: Path, tmp_path: Path) -> Known:
    """Return a function that reads the known rows, which are beside the published tables."""
    if not (hwnas_data.resolve().parent / "reference").is_dir():
        pytest.skip("there is no folder reference beside HWNAS_DATA")
    paths = Paths(hwnas_data, tmp_path / "cache", tmp_path / "outputs")
    return lambda name, metric: known_rows(name, metric, paths)


@pytest.mark.parametrize(
    ("name", "tau", "mean"),
    # The mean of the estimates is within `mean` of the mean of the measurements.
    [
        ("edgegpu", 0.82, 0.15),
        ("edgetpu", 0.88, 0.15),
        ("raspi4", 0.8, 0.15),
        ("pixel3", 0.9, 0.15),
    ],
)
def test_estimate_known_latencies_hold_bounds(
    name: str, tau: float, mean: float, known: Known
) -> None:
    # Image sets with three rows have too few for tau.
    for rows in (rows for rows in known(name, "latency") if len(rows.index) > 3):
        estimate = Model(device(name), "latency", ()).predict(rows)
        assert kendalltau(estimate, rows.values).statistic >= tau
        assert estimate.mean() == pytest.approx(rows.values.mean(), rel=mean)


def test_estimate_edgegpu_cross_validated_holds_bounds(known: Known) -> None:
    rows = known("edgegpu", "latency")
    assert [len(one.index) for one in rows] == [183, 183, 183]
    model = Model(device("edgegpu"), "latency", LEARNED)
    for one, estimate in zip(rows, cross_validate(model, rows), strict=True):
        assert kendalltau(estimate, one.values).statistic >= 0.82
        assert estimate.mean() == pytest.approx(one.values.mean(), rel=0.15)


@pytest.mark.parametrize(
    ("name", "metric", "relative"),
    [
        ("edgegpu", "energy", 0.2),
        ("eyeriss", "energy", 0.2),
        ("eyeriss", "arithmetic_intensity", 0.01),
    ],
)
def test_estimate_known_architectures_are_near(
    name: str, metric: str, relative: float, known: Known
) -> None:
    found = known(name, metric)
    assert {rows.image_set for rows in found} == {"cifar10", "cifar100", "ImageNet16-120"}
    for rows in found:
        estimate = Model(device(name), metric, ()).predict(rows)
        np.testing.assert_allclose(estimate, rows.values, rtol=relative)


def test_fit_values_of_other_constants_recovers_them() -> None:
    space = NASBench201()
    cells = space.enumerate()[::97]
    edgegpu = device("edgegpu")
    index = np.arange(len(cells))
    true = Model(edgegpu, "latency", ("kernel_overhead_us", "wait_conv_us"))
    true = true.with_logarithms(np.log([80.0, 5.0]))
    rows = Rows("cifar10", index, cells, np.ones(len(cells)))
    rows = Rows("cifar10", index, cells, true.predict(rows))
    fitted = Model(edgegpu, "latency", true.free).fit([rows]).device.roofline
    assert (fitted.kernel_overhead_us, fitted.wait_conv_us) == pytest.approx((80.0, 5.0), rel=1e-3)


def test_known_rows_without_folder_names_the_files(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "cache", tmp_path / "outputs")
    with pytest.raises(UserError, match=r"reference does not hold hwnas_rows_0_182\.csv"):
        known_rows("edgegpu", "latency", paths)


@pytest.mark.parametrize(
    ("constant", "problem"),
    [
        ("kernel_overhed_us", "kernel_overhead_us"),
        ("cache_kbytes", "positive"),
        ("fused", "positive"),
    ],
)
def test_starting_value_of_no_positive_constant_raises(constant: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        starting_value(device("edgegpu"), constant)
