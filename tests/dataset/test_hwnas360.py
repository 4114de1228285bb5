"""HW-NAS-Bench-360."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hwnas.dataset import HWNAS360
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import NASBench201
from tests.dataset import official

SPACE = NASBench201()

LATENCY, ENERGY = Metric("latency", "ms"), Metric("energy", "mJ")


def frame() -> pd.DataFrame:
    """Return shuffled rows of architectures 0 to 3. Architectures 1 and 3 are copies of 0."""
    rows: list[tuple[Any, ...]] = [
        (3, 0, "pi5", "onnx", "cifar100", 1.5, 0.1, 2.5, 50.25, "ok"),
        (0, 0, "pi5", "onnx", "cifar100", 1.5, 0.1, 2.5, 50.5, "ok"),
        (2, 2, "pi5", "onnx", "cifar100", 9.5, 0.1, 9.0, 70.5, "failed"),
        (1, 0, "pi5", "onnx", "cifar100", 1.5, 0.1, -1.0, 51.0, "ok"),
        (0, 0, "pixel", "litert", "darcy", 4.5, np.nan, np.nan, 0.25, "ok"),
        (9, 9, None, None, None, np.nan, np.nan, np.nan, np.nan, None),
    ]
    names = "arch_idx rep_arch_idx device framework task lat_ms_median lat_ms_var energy_mj"
    return pd.DataFrame(rows, columns=[*names.split(), "accuracy", "status"])


def write(paths: Paths, rows: pd.DataFrame, name: str = "hwnas360.parquet") -> None:
    (paths.data / name).parent.mkdir(exist_ok=True)
    rows.to_parquet(paths.data / name, index=False)


def dataset(
    paths: Paths,
    device: str = "pi5",
    framework: str = "onnx",
    task: str = "cifar100",
    metric: Metric = LATENCY,
) -> HWNAS360:
    return HWNAS360(device, framework, task, metric, NASBench201(), paths)


@pytest.mark.parametrize("name", ["hwnas360.parquet", "results/dataset.parquet"])
def test_hwnas360_rows_are_joined_by_benchmark_index(paths: Paths, name: str) -> None:
    write(paths, frame(), name)
    official.write_nats(paths)
    table = dataset(paths).load()
    np.testing.assert_array_equal(table.space.rank(table.architectures), official.ORDER)
    np.testing.assert_array_equal(table.values[:5], [1.5, 1.5, np.nan, 1.5, np.nan])
    assert table.accuracy is not None
    np.testing.assert_array_equal(table.accuracy[:5], [50.5, 51.0, 70.5, 50.25, np.nan])
    assert table.dataset == "hwnas360-onnx-cifar100"


def test_hwnas360_copies_share_representative(paths: Paths) -> None:
    write(paths, frame())
    official.write_nats(paths)
    table = dataset(paths).load()
    rank = SPACE.rank(table.architectures)
    np.testing.assert_array_equal(table.representative[:5], rank[[0, 0, 2, 0, 4]])
    np.testing.assert_array_equal(table.measured_on()[:6], [0, 0, 2, 0, 4, 5])
    assert len(np.unique(table.representative)) == 15625 - 2


def test_hwnas360_minus_one_is_missing(paths: Paths) -> None:
    write(paths, frame())
    official.write_nats(paths)
    energy = dataset(paths, metric=ENERGY).load()
    np.testing.assert_array_equal(energy.values[:4], [2.5, np.nan, np.nan, 2.5])


def test_hwnas360_infinite_value_is_missing(paths: Paths) -> None:
    rows = frame()
    rows.loc[0, ["lat_ms_median", "accuracy"]] = np.inf
    write(paths, rows)
    official.write_nats(paths)
    table = dataset(paths).load()
    np.testing.assert_array_equal(table.values[:4], [1.5, 1.5, np.nan, np.nan])
    assert table.accuracy is not None
    np.testing.assert_array_equal(table.accuracy[:4], [50.5, 51.0, 70.5, np.nan])


def test_hwnas360_repeated_rows_have_median_and_their_number(paths: Paths) -> None:
    again = (
        frame()
        .iloc[[1, 1, 1]]
        .assign(
            lat_ms_median=[9.0, 2.5, 7.0],
            status=["ok", "ok", "failed"],
            accuracy=[60.5, 40.0, 50.5],
        )
    )
    write(paths, pd.concat([frame(), again]))
    official.write_nats(paths)
    table = dataset(paths).load()
    np.testing.assert_array_equal(table.values[:4], [2.5, 1.5, np.nan, 1.5])
    assert table.accuracy is not None
    assert table.accuracy[0] == 50.5
    assert table.provenance.details["repeated"] == {
        "architectures": 1,
        "rows": 3,
        "most_rows": 3,
        "statistic": "median",
    }
    energy = dataset(paths, metric=ENERGY).load()
    assert energy.provenance.details["repeated"] == table.provenance.details["repeated"]
    write(paths, frame())
    assert "repeated" not in dataset(paths).load().provenance.details


def test_hwnas360_contradictory_representatives_raises_naming_row(paths: Paths) -> None:
    write(paths, pd.concat([frame(), frame().iloc[[0]].assign(rep_arch_idx=2, task="darcy")]))
    official.write_nats(paths)
    with pytest.raises(UserError, match="arch_idx 3 have different values of rep_arch_idx"):
        dataset(paths).load()


def test_hwnas360_darcy_has_no_accuracy(paths: Paths) -> None:
    write(paths, frame())
    official.write_nats(paths)
    assert dataset(paths, "pixel", "litert", "darcy").load().accuracy is None


def test_hwnas360_missing_part_raises_naming_it(paths: Paths) -> None:
    with pytest.raises(UserError, match="fetch hwnas360"):
        dataset(paths).load()
    write(paths, frame())
    with pytest.raises(UserError, match=r"no 'pixel/onnx/cifar100'.*pixel/litert/darcy"):
        dataset(paths, "pixel").load()
    with pytest.raises(UserError, match=r"darcy has no metric energy; it has: latency"):
        dataset(paths, "pixel", "litert", "darcy", ENERGY).load()
    with pytest.raises(UserError, match=r"nats_bench\.csv.*fetch nasbench201"):
        dataset(paths).load()


def test_hwnas360_damaged_file_or_missing_column_raises_and_caches_nothing(paths: Paths) -> None:
    write(paths, frame().drop(columns=["status"]))
    with pytest.raises(UserError, match=r"hwnas360\.parquet: the column is missing: status"):
        dataset(paths).load()
    write(paths, frame())
    path = paths.data / "hwnas360.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"hwnas360\.parquet"):
        dataset(paths).load()
    write(paths, frame().assign(arch_idx=20_000))
    with pytest.raises(UserError, match="benchmark index"):
        dataset(paths).load()
    assert official.cached(paths) == []


def test_hwnas360_published_files_have_published_values(real: Paths) -> None:
    table = dataset(real).load()
    assert len(table) == 15625
    # The classes that NAS-Bench-201 counts.
    assert len(np.unique(table.representative)) == 6466
    measured = table.measured_on()
    assert len(np.unique(measured)) == 6466
    np.testing.assert_array_equal(table.values, table.values[measured])
    # A copy computes the same function as the measured architecture, except in 204 cells that the
    # file puts into a wrong class.
    computes = SPACE.representative(table.architectures)
    assert (computes != computes[measured]).sum() == 204
    assert table.values[0] == pytest.approx(1.8305045)
    assert table.accuracy is not None
    assert table.accuracy[0] == pytest.approx(52.913333, abs=1e-5)
