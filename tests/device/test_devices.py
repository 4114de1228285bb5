"""Every device of ``conf/device``, with every metric and image set."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy.stats import kendalltau

from hwnas.device import Device
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.space import FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro

CONF = Path(__file__).parents[2] / "conf"
DEVICE_FILES = sorted((CONF / "device").glob("*.yaml"))
SPACE = NASBench201()


def load(path: Path) -> Device:
    device = instantiate(OmegaConf.load(path))
    assert isinstance(device, Device)
    return device


@pytest.fixture(scope="module", params=DEVICE_FILES, ids=lambda path: path.stem)
def device(request: pytest.FixtureRequest) -> Device:
    return load(request.param)


@pytest.fixture(scope="module")
def image_sets() -> list[ImageSet]:
    paths = [CONF / "image_set" / f"{n}.yaml" for n in ("cifar10", "cifar100", "ImageNet16-120")]
    return [instantiate(OmegaConf.load(path)) for path in paths]


def test_devices_include_those_of_hwnasbench() -> None:
    names = {path.stem for path in DEVICE_FILES}
    assert names >= {"edgegpu", "edgetpu", "raspi4", "pixel3", "eyeriss", "fpga"}
    devices = [load(path) for path in DEVICE_FILES]
    assert [d.name for d in devices] == [path.stem for path in DEVICE_FILES]
    assert len({d.roofline.sha256 for d in devices}) == len(devices)
    assert {hash(d) for d in devices}, "a device must be hashable"


def test_device_metrics_have_yaml(device: Device) -> None:
    assert device.metrics
    for name in device.metrics:
        metric = instantiate(OmegaConf.load(CONF / "metric" / f"{name}.yaml"))
        assert isinstance(metric, Metric)
        assert metric.name == name


def test_estimate_all_cells_finite_and_positive(device: Device, image_sets: list[ImageSet]) -> None:
    rows = SPACE.enumerate()
    for image_set in image_sets:
        for metric in device.metrics:
            values = device.estimate(SPACE, rows, metric, image_set)
            assert values.shape == (SPACE.size,)
            assert values.dtype == np.float64
            assert np.isfinite(values).all()
            assert (values > 0).all()
            assert len(np.unique(values)) >= 28


def test_estimate_equal_architectures_equal_values(
    device: Device, image_sets: list[ImageSet]
) -> None:
    rows = SPACE.enumerate()[::97]
    metric = device.metrics[0]
    once = device.estimate(SPACE, rows, metric, image_sets[0])
    assert np.array_equal(once, device.estimate(SPACE, rows, metric, image_sets[0]))
    backwards = device.estimate(SPACE, rows[::-1], metric, image_sets[0])
    assert np.allclose(once, backwards[::-1], rtol=1e-12)


def test_estimate_larger_operations_larger_cost(device: Device, image_sets: list[ImageSet]) -> None:
    # From input to output: none or skip, then 1x1, then 3x3 convolution.
    edge = np.zeros((3, 6), dtype=np.int8)
    edge[:, 3] = [SPACE.skip, 2, 3]
    for metric in set(device.metrics) & {"latency", "energy"}:
        for image_set in image_sets:
            skip, small, large = device.estimate(SPACE, edge, metric, image_set)
            assert skip < small < large


def test_estimate_smaller_images_and_fewer_classes_smaller_cost(
    device: Device, image_sets: list[ImageSet]
) -> None:
    rows = SPACE.enumerate()[[SPACE.size // 2, -1]]
    cifar10, cifar100, imagenet16 = (
        device.estimate(SPACE, rows, "latency", image_set) for image_set in image_sets
    )
    assert (cifar10 < cifar100).all()
    assert (imagenet16 < cifar10).all()


@pytest.mark.parametrize("space", [TransNASMacro(), TransNASMicro(), FBNet()])
def test_estimate_other_spaces_finite_and_positive(device: Device, space: SearchSpace) -> None:
    row = [1, 4, 1, 1, 0, 0] if isinstance(space, TransNASMacro) else [3] * space.n_positions
    rows = np.array([row], dtype=np.int8)
    values = device.estimate(space, rows, "latency", ImageSet("images", 224, 1000))
    assert values.shape == (1,)
    assert np.isfinite(values).all()
    assert (values > 0).all()


def test_estimate_whole_space_takes_about_a_second(image_sets: list[ImageSet]) -> None:
    rows = SPACE.enumerate()
    start = time.process_time()
    load(CONF / "device" / "fpga.yaml").estimate(SPACE, rows, "latency", image_sets[0])
    assert time.process_time() - start < 1.5


def test_estimate_metric_of_other_device_raises(image_sets: list[ImageSet]) -> None:
    raspi4 = load(CONF / "device" / "raspi4.yaml")
    with pytest.raises(UserError, match="raspi4 has no metric energy; it has: latency"):
        raspi4.estimate(SPACE, SPACE.enumerate()[:2], "energy", image_sets[0])


@pytest.mark.parametrize(
    ("name", "metric", "published"),
    # HW-NAS-Bench's README: architecture 0 on CIFAR-10.
    [
        ("raspi4", "latency", 10.481976820010459),
        ("eyeriss", "energy", 0.6872827645),
        ("edgetpu", "latency", 0.9571811309997429),
        ("edgegpu", "latency", 5.807418537139893),
        ("edgegpu", "energy", 24.226614330768584),
    ],
)
def test_estimate_published_architecture_is_within_7_percent(
    name: str, metric: str, published: float, image_sets: list[ImageSet]
) -> None:
    row = SPACE.parse(
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+"
        "|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    rows = np.array([row], dtype=np.int8)
    estimate = load(CONF / "device" / f"{name}.yaml").estimate(SPACE, rows, metric, image_sets[0])
    assert estimate == pytest.approx(published, rel=0.07)


@pytest.mark.parametrize(
    ("name", "tau"),
    # As stated in docs/notes/estimate.md.
    [("raspi4", 0.898), ("pixel3", 0.907), ("eyeriss", 0.980), ("fpga", 0.988)],
)
def test_estimate_tau_with_measured_tables_equals_documented(
    name: str, tau: float, hwnas_data: Path, image_sets: list[ImageSet], tmp_path: Path
) -> None:
    from hwnas.dataset import HWNASBench
    from hwnas.paths import Paths

    device = load(CONF / "device" / f"{name}.yaml")
    paths = Paths(hwnas_data, tmp_path / "cache", tmp_path / "outputs")
    latency = Metric("latency", "ms")
    table = HWNASBench(device, latency, image_sets[0], SPACE, paths, source="measured").load()
    table = table.measured_rows()
    estimate = device.estimate(SPACE, table.architectures, "latency", image_sets[0])
    assert kendalltau(estimate, table.values).statistic >= tau - 0.01


def test_estimate_edgegpu_equals_hand_computed_values(image_sets: list[ImageSet]) -> None:
    edgegpu = load(CONF / "device" / "edgegpu.yaml")
    empty, direct, through_1, through_2, zero_input = edgegpu.estimate(
        SPACE,
        np.array(
            [
                [3, 3, 3, 0, 0, 0],  # constant: only the empty engine
                [0, 0, 0, 1, 0, 0],
                [1, 0, 0, 0, 1, 0],  # a skip connection reads node 1, in each of 15 cells
                [0, 1, 0, 0, 0, 1],  # a skip connection reads node 2
                [0, 0, 0, 1, 1, 0],  # a skip connection reads node 1, which is a zero tensor
            ],
            dtype=np.int8,
        ),
        "latency",
        image_sets[0],
    )
    assert empty == pytest.approx(0.646)
    assert through_1 - direct == pytest.approx(15 * 0.0448)
    assert through_2 - direct == pytest.approx(15 * 2 * 0.0448)
    assert zero_input == pytest.approx(through_1)
