"""HW-NAS-Bench, its accuracies, and the estimates used without its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from hwnas.dataset import EstimatedWarning, HWNASBench
from hwnas.device import Device
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import FBNet, NASBench201
from tests.dataset import official

CONF = Path(__file__).parents[2] / "conf"
LATENCY = Metric("latency", "ms")
CIFAR10 = ImageSet("cifar10", 32, 10)


def device(name: str) -> Device:
    built: Device = instantiate(OmegaConf.load(CONF / f"device/{name}.yaml"))
    return built


def dataset(
    paths: Paths,
    name: str = "edgegpu",
    metric: Metric = LATENCY,
    image_set: ImageSet = CIFAR10,
    source: str = "auto",
) -> HWNASBench:
    return HWNASBench(device(name), metric, image_set, NASBench201(), paths, source)


@pytest.mark.parametrize("protocol", [2, 4])
def test_hwnasbench_values_are_joined_by_architecture(paths: Paths, protocol: int) -> None:
    official.write_hwnas(paths, official.hwnas_content(), protocol)
    table = dataset(paths).load()
    np.testing.assert_array_equal(table.architectures, official.CELLS)
    np.testing.assert_array_equal(table.values, [5.5, 2.5, 3.5])
    np.testing.assert_array_equal(table.representative, [9000, 7, 12345])
    assert (table.dataset, table.device, table.estimated) == ("hwnas-cifar10", "edgegpu", False)
    assert table.provenance.source == "HW-NAS-Bench-v1_0.pickle"
    assert table.provenance.official is False


def test_hwnasbench_image_set_selects_column(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    table = dataset(paths, image_set=ImageSet("cifar100", 32, 100)).load()
    np.testing.assert_array_equal(table.values, [6.5, 4.5, 7.5])
    assert table.dataset == "hwnas-cifar100"


def test_hwnasbench_minus_one_and_nan_are_missing(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    np.testing.assert_array_equal(dataset(paths, "edgetpu").load().values, [1.25, np.nan, np.nan])
    assert len(dataset(paths, "edgetpu").load().measured_rows()) == 1
    intensity = Metric("arithmetic_intensity", "ops/byte", "maximize")
    values = dataset(paths, "eyeriss", intensity).load().values
    np.testing.assert_array_equal(values, [10.0, 0.0, 20.0])


def test_hwnasbench_infinite_value_is_missing(paths: Paths) -> None:
    content = official.hwnas_content()
    content["nasbench201"]["cifar10"]["edgegpu_latency"] = [5.5, float("inf"), float("-inf")]
    official.write_hwnas(paths, content)
    np.testing.assert_array_equal(dataset(paths).load().values, [5.5, np.nan, np.nan])


def test_hwnasbench_contradictory_rows_of_one_architecture_raises_naming_it(paths: Paths) -> None:
    content = repeated(4.25)
    official.write_hwnas(paths, content)
    (string,) = official.SPACE.to_strings(official.CELLS[:1])
    with pytest.raises(UserError) as error:
        dataset(paths).load()
    found = "cifar10/edgegpu_latency has 5.5 in row 0 and 4.25 in row 3"
    assert found in str(error.value)
    assert string in str(error.value)
    assert official.cached(paths) == []


def test_hwnasbench_equal_rows_of_one_architecture_are_one_row(paths: Paths) -> None:
    official.write_hwnas(paths, repeated(5.5))
    table = dataset(paths).load()
    np.testing.assert_array_equal(table.architectures, official.CELLS)
    assert table.values.tolist() == [5.5, 2.5, 3.5]
    assert "repeated" not in table.provenance.details


def repeated(value: float) -> dict[str, Any]:
    """Return a file whose fourth row is of the architecture of its first row."""
    cifar10 = official.hwnas_content()["nasbench201"]["cifar10"]
    columns = {name: [*values, values[0]] for name, values in cifar10.items()}
    columns["edgegpu_latency"][3] = value
    return {"nasbench201": {"cifar10": columns}}


def test_hwnasbench_numpy_values_and_dict_configs_are_read(paths: Paths) -> None:
    content = official.hwnas_content()["nasbench201"]["cifar10"]
    content["edgegpu_latency"] = np.array(content["edgegpu_latency"])
    content["edgetpu_latency"] = [np.float64(v) for v in content["edgetpu_latency"]]
    content["config"] = dict(enumerate(content["config"]))
    official.write_hwnas(paths, {"nasbench201": {"cifar10": content}})
    np.testing.assert_array_equal(dataset(paths).load().values, [5.5, 2.5, 3.5])


def test_hwnasbench_accuracies_are_joined_by_architecture(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    official.write_nats(paths)
    for i, image_set in enumerate([CIFAR10, ImageSet("cifar100", 32, 100)]):
        table = dataset(paths, image_set=image_set).load()
        assert table.accuracy is not None
        expected = [official.accuracy_of_rank(rank, i) for rank in (9000, 7, 12345)]
        np.testing.assert_allclose(table.accuracy, expected)
        assert table.accuracy_provenance is not None
        assert table.accuracy_provenance.source == "nats_bench.csv"


def test_hwnasbench_without_file_estimates_and_warns(paths: Paths) -> None:
    with pytest.warns(EstimatedWarning, match=r"ESTIMATED.*hwnas fetch hwnas") as warned:
        table = dataset(paths).load()
    assert f"because HW-NAS-Bench-v1_0.pickle is not in {paths.data}. " in str(warned[0].message)
    assert table.estimated
    assert len(table) == 15625
    assert (table.values > 0).all()
    assert "roofline" in table.provenance.source


def test_hwnasbench_without_column_estimates_and_warns(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    with pytest.warns(EstimatedWarning, match="raspi4_latency is not in"):
        assert dataset(paths, "raspi4").load().estimated


def test_hwnasbench_source_estimated_ignores_file(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    with pytest.warns(EstimatedWarning, match=r"dataset\.source=estimated"):
        assert dataset(paths, source="estimated").load().estimated


def test_hwnasbench_source_measured_without_file_raises(paths: Paths) -> None:
    with pytest.raises(UserError, match="fetch hwnas") as refused:
        dataset(paths, source="measured").load()
    assert refused.value.problem == f"HW-NAS-Bench-v1_0.pickle is not in {paths.data}"


def test_hwnasbench_unknown_option_raises_naming_known_ones(paths: Paths) -> None:
    with pytest.raises(UserError, match="did you mean 'measured'"):
        dataset(paths, source="mesured").load()
    with pytest.raises(UserError, match=r"edgegpu has no metric arithmetic_intensity.*energy"):
        dataset(paths, metric=Metric("arithmetic_intensity", "ops/byte")).load()
    with pytest.raises(UserError, match="space=nasbench201"):
        HWNASBench(device("fpga"), LATENCY, CIFAR10, FBNet(), paths).load()


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"nasbench201": [1]},
        {"nasbench201": {"cifar10": {"edgegpu_latency": [1.0]}}},
        {"nasbench201": {"cifar10": {"config": [{"arch_str": "|x~0|"}]}}},
        {"nasbench201": {"cifar10": {"config": [], "edgegpu_latency": [1.0]}}},
        {"nasbench201": {"cifar10": {"config": [], "edgegpu_latency": ["fast"]}}},
    ],
)
def test_hwnasbench_other_layout_raises(paths: Paths, content: object) -> None:
    official.write_hwnas(paths, content)
    with pytest.raises(UserError, match=r"HW-NAS-Bench-v1_0\.pickle"):
        dataset(paths).load()
    assert official.cached(paths) == []


def test_hwnasbench_different_orders_of_image_sets_raises(paths: Paths) -> None:
    content = official.hwnas_content()
    content["nasbench201"]["cifar100"]["config"] = content["nasbench201"]["cifar10"]["config"][::-1]
    official.write_hwnas(paths, content)
    with pytest.raises(UserError, match="another order"):
        dataset(paths).load()


def test_hwnasbench_malicious_or_truncated_file_raises_and_keeps_cache(paths: Paths) -> None:
    whole = official.write_hwnas(paths, official.hwnas_content()).read_bytes()
    dataset(paths).load()
    before = official.cached(paths)
    (paths.data / "HW-NAS-Bench-v1_0.pickle").write_bytes(whole[:-20])
    with pytest.raises(UserError, match=r"HW-NAS-Bench-v1_0\.pickle"):
        dataset(paths).load()
    (paths.data / "HW-NAS-Bench-v1_0.pickle").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    with pytest.raises(UserError, match=r"posix\.system"):
        dataset(paths).load()
    assert official.cached(paths) == before


def test_hwnasbench_published_files_have_published_values(real: Paths) -> None:
    known = {
        "raspi4": 10.481976820010459,
        "pixel3": 3.60585,
        "eyeriss": 3.64562,
        "fpga": 2.57296,
    }
    for name, value in known.items():
        table = dataset(real, name, source="measured").load()
        assert len(table) == 15625
        assert table.values[0] == pytest.approx(value, rel=1e-12)
        assert not np.isnan(table.values).any()
        first = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|"
        assert table.space.to_strings(table.architectures[:1]) == [f"{first}skip_connect~2|"]
        assert table.accuracy is not None
        assert table.accuracy[:2] == pytest.approx([85.863333, 93.66])
