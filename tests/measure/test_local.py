"""``dataset=local/...``: the bundled table, and what a user may ask of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.dataset import Local, Statistic
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.network import count_layers
from hwnas.paths import Paths
from hwnas.space import FBNet, NASBench201, TransNASMacro

SPACE = NASBench201()
LATENCY = Metric("latency", "ms")


@pytest.fixture
def local(tmp_path: Path) -> Local:
    return Local("cpu", LATENCY, SPACE, Paths(tmp_path, tmp_path, tmp_path))


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
@pytest.mark.parametrize("statistic", ["minimum", "median"])
def test_bundled_table_is_measured_and_plausible(
    local: Local, backend: str, statistic: Statistic
) -> None:
    table = replace(local, backend=backend, statistic=statistic).load()
    values = table.values[~np.isnan(table.values)]
    assert len(values) >= 1000
    assert (values > 0.05).all()
    assert (values < 200).all()
    # What the live cell runs explains the latency: a table in the wrong order would not fit.
    known = ~np.isnan(table.values)
    live = SPACE.live(table.architectures[known])
    features = np.column_stack([(live == o).sum(axis=1) for o in range(len(SPACE.operations))])
    explained = features @ np.linalg.lstsq(features, values)[0]
    assert np.corrcoef(explained, values)[0, 1] > 0.9
    assert table.provenance.kind == "measured"
    assert table.provenance.details["noise"]
    for rows in np.array_split(np.arange(len(table)), 10):
        keys = table.representative[rows]
        np.testing.assert_array_equal(keys, SPACE.representative(table.architectures[rows]))


def test_copies_have_the_value_that_was_measured(local: Local) -> None:
    table = local.load()
    measured = table.measured_on()
    assert len(np.unique(measured)) < len(table)
    np.testing.assert_array_equal(table.values, table.values[measured])
    # A copy is the same network, layer by layer.
    counts = count_layers(SPACE, table.architectures, ImageSet("cifar10", 32, 10))
    np.testing.assert_array_equal(counts.macs, counts.macs[measured])
    np.testing.assert_array_equal(counts.params, counts.params[measured])


def test_minimum_and_median_are_two_datasets(local: Local) -> None:
    minimum = replace(local, statistic="minimum").load()
    assert minimum.dataset == "local-onnxruntime-minimum"
    assert local.load().dataset == "local-onnxruntime"
    assert (minimum.values <= local.load().values).all()


@pytest.mark.parametrize(
    ("metric", "unit"), [("flops", "FLOPs"), ("parameters", "parameters"), ("memory", "bytes")]
)
def test_counted_metrics(local: Local, metric: str, unit: str) -> None:
    table = replace(local, metric=Metric(metric, unit)).load()
    assert (table.values > 0).all()
    assert table.dataset == "local"
    counts = count_layers(SPACE, table.architectures, ImageSet("cifar10", 32, 10))
    if metric == "flops":
        np.testing.assert_array_equal(table.values, counts.macs)
    if metric == "parameters":
        np.testing.assert_array_equal(table.values, counts.params)


def test_accuracy_is_measured(local: Local) -> None:
    table = local.load()
    assert table.accuracy is not None
    assert table.accuracy_provenance is not None
    assert table.accuracy_provenance.details["image_set"] == "digits"
    known = table.accuracy[~np.isnan(table.accuracy)]
    assert len(known) >= 1000
    assert known.min() < 30 < 90 < known.max() <= 100


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "my_laptop"}, "hwnas measure name=my_laptop space=nasbench201"),
        ({"space": TransNASMacro()}, "no measurements of transnas_macro"),
        # Nobody measures under the bundled table's name.
        (
            {"space": TransNASMacro()},
            "hwnas measure name=my_laptop space=transnas_macro, then dataset=local/my_laptop$",
        ),
        (
            {"name": "mine", "space": FBNet()},
            "hwnas measure name=mine space=fbnet n_architectures=500$",
        ),
        ({"backend": "tensorrt"}, "dataset.backend: no 'tensorrt'"),
        ({"statistic": "mean"}, "dataset.statistic: no 'mean'"),
        ({"metric": Metric("energy", "mJ")}, "no metric energy"),
    ],
)
def test_mistakes_say_what_is_there(local: Local, change: dict[str, object], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        replace(local, **change).load()  # type: ignore[arg-type]


def test_a_file_that_is_no_table_is_refused(local: Local, tmp_path: Path) -> None:
    path = tmp_path / "local" / "broken" / "nasbench201.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not parquet")
    with pytest.raises(UserError, match="not a table of"):
        replace(local, name="broken").load()
