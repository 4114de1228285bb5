"""HELP, and the FBNet tables of HW-NAS-Bench."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hwnas.dataset import HELP, HWNASFBNet
from hwnas.dataset._fbnet_blocks import block_names
from hwnas.dataset._help_blobs import BLOBS
from hwnas.dataset._source import hash_file
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import FBNet, NASBench201, TransNASMicro
from tests.dataset import official

LATENCY, ENERGY = Metric("latency", "ms"), Metric("energy", "mJ")
BLOCKS = [[0] * 22, [8] * 22, list(range(9)) * 2 + [3, 2, 1, 0]]


def save(paths: Paths, name: str, content: object) -> None:
    path = paths.data / "help" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path)


def nasbench201(paths: Paths, device: str, accuracy: str = "cifar10") -> HELP:
    return HELP(device, LATENCY, NASBench201(), paths, accuracy)


def fbnet(paths: Paths, device: str = "gpu_1") -> HELP:
    return HELP(device, LATENCY, FBNet(), paths)


def test_help_nasbench201_rows_in_benchmark_order(paths: Paths) -> None:
    save(paths, "nasbench201/latency/phone.pt", [16, -1, *[33] * 15623])
    official.write_nats(paths)
    table = nasbench201(paths, "phone", "cifar100").load()
    np.testing.assert_array_equal(table.space.rank(table.architectures), official.ORDER)
    np.testing.assert_array_equal(table.values[:3], [16.0, np.nan, 33.0])
    assert table.accuracy is not None
    assert table.accuracy[0] == pytest.approx(official.accuracy_of_rank(int(official.ORDER[0]), 1))
    assert (table.dataset, table.device) == ("help-cifar100", "phone")
    assert nasbench201(paths, "phone").load().dataset == "help"
    with pytest.raises(UserError, match=r"dataset\.accuracy: no 'cifar11'"):
        nasbench201(paths, "phone", "cifar11").load()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fbnet/op_idx.pt", BLOCKS),
        ("fbnet/metainfo.pt", {"arch": [{"op_idx_list": b, "flops": 1.0} for b in BLOCKS]}),
    ],
)
def test_help_fbnet_rows_in_order_of_block_lists(paths: Paths, name: str, content: object) -> None:
    save(paths, name, content)
    save(paths, "fbnet/latency/gpu_1.pt", [1.5, 2.5, 3.5])
    table = fbnet(paths).load()
    np.testing.assert_array_equal(table.architectures, BLOCKS)
    np.testing.assert_array_equal(table.values, [1.5, 2.5, 3.5])
    assert table.accuracy is None


def test_help_missing_part_raises_naming_it(paths: Paths) -> None:
    with pytest.raises(UserError, match="fetch help"):
        fbnet(paths).load()
    save(paths, "fbnet/latency/gpu_1.pt", [1.5, 2.5, 3.5])
    with pytest.raises(UserError, match=r"no 'gpu'.*did you mean 'gpu_1'"):
        fbnet(paths, "gpu").load()
    with pytest.raises(UserError, match=r"metainfo\.pt is not in"):
        fbnet(paths).load()
    with pytest.raises(UserError, match="nasbench201 or fbnet"):
        HELP("gpu_1", LATENCY, TransNASMicro(), paths).load()


@pytest.mark.parametrize(
    "latencies",
    [
        torch.tensor([1.5, np.inf, -1.0], requires_grad=True),
        torch.nn.Parameter(torch.tensor([1.5, np.nan, -1.0])),
        [torch.tensor(1.5, requires_grad=True), torch.tensor(np.inf), torch.tensor(-1.0)],
        [torch.tensor([1.5]), torch.tensor([np.inf]), torch.tensor([-1.0])],
        np.array([1.5, np.inf, -1.0], dtype=np.float32),
        np.array([[1.5], [np.inf], [-1.0]]),
        [np.float64(1.5), np.array(np.inf), -1],
    ],
)
def test_help_tensors_and_arrays_equal_lists(paths: Paths, latencies: object) -> None:
    save(paths, "fbnet/op_idx.pt", [torch.tensor(BLOCKS[0]), np.array(BLOCKS[1]), BLOCKS[2]])
    save(paths, "fbnet/latency/gpu_1.pt", latencies)
    table = fbnet(paths).load()
    np.testing.assert_array_equal(table.architectures, BLOCKS)
    np.testing.assert_array_equal(table.values, [1.5, np.nan, np.nan])


def test_help_repeated_architecture_has_median_and_number_of_rows(paths: Paths) -> None:
    save(paths, "fbnet/op_idx.pt", [BLOCKS[2], BLOCKS[0], BLOCKS[2], BLOCKS[2], BLOCKS[2]])
    save(paths, "fbnet/latency/gpu_1.pt", [9.0, 2.5, 1.0, -1, 4.0])
    table = fbnet(paths).load()
    np.testing.assert_array_equal(table.architectures, [BLOCKS[2], BLOCKS[0]])
    assert table.values.tolist() == [4.0, 2.5]
    assert table.provenance.details["repeated"] == {
        "architectures": 1,
        "rows": 4,
        "most_rows": 4,
        "statistic": "median",
    }


def test_help_files_have_the_published_hashes(real: Paths) -> None:
    files = sorted((real.data / "help/ofa").rglob("*.pt"))
    assert len(files) > 5
    for path in files:
        name = f"data/{path.relative_to(real.data / 'help').as_posix()}"
        assert hash_file(path).blob == BLOBS[name]


@pytest.mark.parametrize("latencies", [[1.5], [[1.0, 2.0], [3.0]], ["a", "b", "c"], {"a": 1}, 5.0])
def test_help_other_layout_raises(paths: Paths, latencies: object) -> None:
    save(paths, "fbnet/op_idx.pt", BLOCKS)
    save(paths, "fbnet/latency/gpu_1.pt", latencies)
    with pytest.raises(UserError, match=r"gpu_1\.pt"):
        fbnet(paths).load()


@pytest.mark.parametrize("blocks", [[[0] * 21], [[9] * 22], {"arch": [{}]}, [1], "text"])
def test_help_other_block_lists_raise(paths: Paths, blocks: object) -> None:
    save(paths, "fbnet/op_idx.pt", blocks)
    save(paths, "fbnet/latency/gpu_1.pt", [1.5])
    with pytest.raises(UserError, match=r"op_idx\.pt"):
        fbnet(paths).load()


def test_help_published_files_have_published_values(real: Paths) -> None:
    first = {"titan_rtx_1": 5.556650161743164, "samsung_a50": 16.0}
    for device, value in first.items():
        table = nasbench201(real, device).load()
        assert table.values[0] == value
    # Phones report whole milliseconds.
    np.testing.assert_array_equal(table.values, np.rint(table.values))
    of_fbnet = fbnet(real, "fpga").load()
    assert len(of_fbnet) == 5000
    assert of_fbnet.values[0] == pytest.approx(25.30272)
    assert of_fbnet.architectures[0].tolist()[:5] == [7, 8, 1, 8, 4]


def lookup(image_set: str, skip: float = 0.0) -> dict[str, float]:
    """Return tables in which candidate i of each block costs i + 1, and the fixed parts 100."""
    searchable, fixed = block_names(image_set)
    table = dict.fromkeys(fixed, 25.0)
    for candidates in searchable:
        table |= {name: i + 1.0 for i, name in enumerate(candidates)}
        table[candidates[8]] = skip
    return table


def fbnet_content() -> dict[str, Any]:
    return {
        "fbnet": {
            "edgegpu_latency": lookup("cifar100") | lookup("ImageNet", skip=0.5),
            "edgegpu_energy": {k: 2 * v for k, v in lookup("cifar100").items()},
            "fpga_latency": dict(list(lookup("cifar100").items())[:-1]),
        }
    }


def of_blocks(paths: Paths, device: str = "edgegpu", **options: Any) -> HWNASFBNet:
    given: dict[str, Any] = {
        "metric": LATENCY,
        "image_set": "cifar100",
        "n_architectures": 50,
    } | options
    return HWNASFBNet(device=device, space=FBNet(), paths=paths, **given)


def test_hwnasfbnet_value_is_sum_of_blocks(paths: Paths) -> None:
    official.write_hwnas(paths, fbnet_content())
    table = of_blocks(paths).load()
    cost = np.array([1, 2, 3, 4, 5, 6, 7, 8, 0])
    np.testing.assert_allclose(table.values, 100 + cost[table.architectures].sum(axis=1))
    np.testing.assert_allclose(of_blocks(paths, metric=ENERGY).load().values, 2 * table.values)
    assert table.accuracy is None
    assert table.provenance.details["seed"] == 0


@pytest.mark.parametrize("failed", [float("inf"), -1, float("nan")])
def test_hwnasfbnet_network_with_failed_block_is_missing(paths: Paths, failed: float) -> None:
    searchable, _ = block_names("cifar100")
    table = lookup("cifar100") | {searchable[0][4]: failed}
    official.write_hwnas(paths, {"fbnet": {"edgegpu_latency": table}})
    sample = of_blocks(paths).load()
    np.testing.assert_array_equal(np.isnan(sample.values), sample.architectures[:, 0] == 4)


def test_hwnasfbnet_sample_is_nested_and_depends_on_seed(paths: Paths) -> None:
    official.write_hwnas(paths, fbnet_content())
    sample = of_blocks(paths).load().architectures
    np.testing.assert_array_equal(of_blocks(paths).load().architectures, sample)
    larger = of_blocks(paths, n_architectures=80).load().architectures
    np.testing.assert_array_equal(larger[:50], sample)
    assert not np.array_equal(of_blocks(paths, seed=1).load().architectures, sample)


@pytest.mark.parametrize(
    ("options", "identity"),
    [
        ({}, "hwnas-fbnet-cifar100-n50"),
        ({"n_architectures": 5000}, "hwnas-fbnet-cifar100"),
        ({"seed": 1}, "hwnas-fbnet-cifar100-n50-seed1"),
        ({"n_architectures": 5000, "seed": 2}, "hwnas-fbnet-cifar100-seed2"),
    ],
)
def test_hwnasfbnet_other_sample_has_other_dataset_name(
    paths: Paths, options: dict[str, Any], identity: str
) -> None:
    official.write_hwnas(paths, fbnet_content())
    assert of_blocks(paths, **options).load().dataset == identity


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ({"n_architectures": 0}, "dataset.n_architectures=0: at least 1"),
        ({"seed": -1}, "dataset.seed=-1: at least 0"),
    ],
)
def test_hwnasfbnet_invalid_sample_raises(
    paths: Paths, option: dict[str, Any], problem: str
) -> None:
    official.write_hwnas(paths, fbnet_content())
    with pytest.raises(UserError, match=problem):
        of_blocks(paths, **option).load()


def test_block_names_equal_official_names() -> None:
    searchable, fixed = block_names("ImageNet")
    assert len(searchable) == 22
    assert fixed == [
        "ConvNorm_H224_W224_Cin3_Cout16_kernel3_stride2_group1",
        "ConvNorm_H7_W7_Cin352_Cout1984_kernel1_stride1_group1",
        "AvgP_H7_W7_Cin1984_Cout1984_kernel7_stride1",
        "FC_Cin1984_Cout1000",
    ]
    assert searchable[1][3] == "ConvBlock_H112_W112_Cin16_Cout24_exp6_kernel3_stride2_group1"
    assert searchable[0][8] == "Skip_H112_W112_Cin16_Cout16_stride1"
    assert block_names("cifar100")[1][2] == "AvgP_H4_W4_Cin1504_Cout1504_kernel4_stride1"


def test_hwnasfbnet_missing_part_raises_naming_it(paths: Paths) -> None:
    with pytest.raises(UserError, match="fetch hwnas"):
        of_blocks(paths).load()
    official.write_hwnas(paths, official.hwnas_content())
    with pytest.raises(UserError, match="no FBNet tables"):
        of_blocks(paths).load()
    official.write_hwnas(paths, fbnet_content() | official.hwnas_content())
    with pytest.raises(UserError, match="did you mean 'edgegpu'"):
        of_blocks(paths, "edgegp").load()
    with pytest.raises(UserError, match="fpga has no metric energy; it has: latency"):
        of_blocks(paths, "fpga", metric=ENERGY).load()
    with pytest.raises(UserError, match="cifar100"):
        of_blocks(paths, image_set="cifar10").load()
