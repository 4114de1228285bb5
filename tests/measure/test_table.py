"""Conversion of the store to a table, and the dataset ``local`` that reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from hwnas.dataset import Local, Statistic, read_local_table, table_path, write_local_table
from hwnas.errors import UserError
from hwnas.measure._store import Store
from hwnas.measure._table import comparable_rounds, write_table
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import NASBench201
from tests.dataset import official

SPACE = NASBench201()
NAME = "mine"
LATENCY = Metric("latency", "ms")
ENERGY = Metric("energy", "mJ")
STATISTICS_OF_A_TIME: tuple[Statistic, ...] = ("median", "minimum")
#: Cells with five different networks.
CELLS = [
    [0, 0, 0, 1, 0, 0],
    [0, 0, 0, 2, 0, 0],
    [0, 0, 0, 3, 0, 0],
    [0, 0, 0, 4, 0, 0],
    [3, 0, 0, 0, 3, 0],
]
ARCHITECTURES = [SPACE.format(cell) for cell in CELLS]
NETWORKS = {
    "image_set": {"name": "cifar10", "resolution": 32, "classes": 10},
    "sizes": {"channels": 4, "cells_per_stage": 1},
}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return official.folders(tmp_path)


def add(paths: Paths, series: str, round_: int, architectures: list[str], **values: float) -> None:
    store = Store(paths.data / "local" / NAME / "nasbench201")
    store.start(series, {} if series == "accuracy" else NETWORKS, {"cpu": "x"})
    for number, architecture in enumerate(architectures):
        of = {key: value + number for key, value in values.items()}
        store.append({"series": series, "round": round_, "architecture": architecture, **of})


def add_latency(paths: Paths) -> None:
    for number in range(2):
        values = {"minimum": 1.0, "median": 2.0, "mad": 0.5, "load": 0.0}
        add(paths, "onnxruntime", number, ARCHITECTURES, **values)


def written(paths: Paths) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return the measured rows by architecture, and the facts."""
    path = table_path(NAME, SPACE, paths)
    store = Store(path.with_suffix(""))
    write_table(store, SPACE, NAME, path)
    table = parquet.read_table(path)
    rows = {row["architecture"]: row for row in table.to_pylist()}
    return rows, json.loads(table.schema.metadata[b"hwnas"])


def local(paths: Paths, metric: Metric = LATENCY) -> Local:
    return Local(NAME, metric, SPACE, paths)


def test_write_table_series_without_record_has_no_column(paths: Paths) -> None:
    add_latency(paths)
    header = {"header": {"series": "torch", "settings": NETWORKS, "machine": {"cpu": "x"}}}
    folder = paths.data / "local" / NAME / "nasbench201"
    (folder / "torch-1.jsonl").write_text(f"{json.dumps(header)}\n")
    rows, facts = written(paths)
    assert list(facts["latency"]) == ["onnxruntime"]
    assert rows[ARCHITECTURES[3]]["onnxruntime_latency_minimum"] == 4.0


def test_write_table_noise_ignores_architectures_with_too_few_passes(paths: Paths) -> None:
    values = {"minimum": 1.0, "median": 2.0, "mad": 0.5, "load": 0.0}
    add(paths, "onnxruntime", 0, ARCHITECTURES, **values)
    # Three architectures have a second pass, whose medians are larger by 1.
    add(paths, "onnxruntime", 1, ARCHITECTURES[:3], **values | {"median": 3.0})
    _, facts = written(paths)
    noise = facts["latency"]["onnxruntime"]["noise"]["onnxruntime_latency_median"]
    # The middle one of the three has the medians 3 and 4, so a pass deviates by 0.5 from 3.5.
    drift = pytest.approx(0.5 / 3.5)
    assert noise == {"tau": 1.0, "drift": drift, "n_passes": 2, "n_architectures": 3}
    assert facts["latency"]["onnxruntime"]["n_measured"] == 5


@pytest.mark.parametrize(
    ("passes_of", "shape"),
    [
        ([1, 1, 1], (1, 3)),
        ([1, 1, 1, 1, 1, 2], (2, 1)),
        ([4, 4, 1, 1, 1], (4, 2)),
        ([4, 2, 2, 2, 1], (2, 4)),
        ([4, 4, 2, 2], (4, 2)),
        ([8, 4, 4, 4], (4, 4)),
    ],
)
def test_comparable_rounds_include_most_measurements(
    passes_of: list[int], shape: tuple[int, int]
) -> None:
    values = {str(number): [float(number)] * n for number, n in enumerate(passes_of)}
    assert comparable_rounds(values).shape == shape


def test_write_table_energy_of_some_passes_is_loaded(paths: Paths) -> None:
    # The first pass is one of an earlier version, whose records have no energy.
    values = {"minimum": 1.0, "median": 2.0, "mad": 0.5, "load": 0.0}
    add(paths, "onnxruntime", 0, ARCHITECTURES, **values)
    for number, energy in enumerate((30.0, 34.0), start=1):
        add(paths, "onnxruntime", number, ARCHITECTURES[:4], **values, energy=energy)
    _, facts = written(paths)
    assert facts["units"]["onnxruntime_energy_mean"] == "mJ"
    noise = facts["latency"]["onnxruntime"]["noise"]["onnxruntime_energy_mean"]
    assert (noise["n_passes"], noise["n_architectures"]) == (2, 4)
    for statistic in STATISTICS_OF_A_TIME:
        table = Local(NAME, ENERGY, SPACE, paths, statistic=statistic).load()
        values_of = dict(zip(SPACE.to_strings(table.architectures), table.values, strict=True))
        assert [values_of[each] for each in ARCHITECTURES[:4]] == [32, 33, 34, 35]
        assert np.isnan(values_of[ARCHITECTURES[4]])
    assert local(paths).load().values.min() == 2.0


def test_local_subtract_idle_takes_the_energy_above_it(paths: Paths) -> None:
    values = {"minimum": 1.0, "median": 2.0, "mad": 0.5, "load": 0.0, "energy": 30.0}
    add(paths, "onnxruntime", 0, ARCHITECTURES, **values)
    written(paths)
    above = Local(NAME, ENERGY, SPACE, paths, subtract_idle=True)
    with pytest.raises(UserError, match=r"without the idle power.*dataset.subtract_idle=null"):
        above.load()
    more = {"energy_above_idle": 10.0, "idle_power": 70.0}
    add(paths, "onnxruntime", 1, ARCHITECTURES, **values, **more)
    _, facts = written(paths)
    assert facts["latency"]["onnxruntime"]["idle_power"]["lowest"] == 70.0
    table = above.load()
    assert table.values.min() == 10.0
    assert table.dataset == "local-onnxruntime-above-idle"
    assert local(paths, ENERGY).load().values.min() == 30.0


def test_local_without_energy_raises_names_of_metrics(paths: Paths) -> None:
    add_latency(paths)
    written(paths)
    with pytest.raises(UserError, match="no metric energy; it has: latency, flops"):
        local(paths, ENERGY).load()


def test_write_table_third_seed_of_sample_keeps_other_accuracies(paths: Paths) -> None:
    for seed, n in enumerate((5, 5, 2)):
        add(paths, "accuracy", seed, ARCHITECTURES[:n], accuracy=50.0 + 10 * seed)
    rows, facts = written(paths)
    assert facts["accuracy"]["n_seeds"] == 2
    assert facts["accuracy"]["n_measured"] == 5
    assert [rows[each]["accuracy"] for each in ARCHITECTURES] == [55.0, 56.0, 57.0, 58.0, 59.0]
    # Both seeds rank the architectures alike, and a half of two seeds is one seed.
    assert facts["accuracy"]["tau_between_halves"] == pytest.approx(1.0)
    assert facts["accuracy"]["tau_between_seeds"] == pytest.approx(1.0)
    assert facts["accuracy"]["classes"] == 10
    assert "accuracy_seed2" not in rows[ARCHITECTURES[0]]


def test_write_table_accuracy_is_in_column_of_its_seed(paths: Paths) -> None:
    add(paths, "accuracy", 0, ARCHITECTURES[:4], accuracy=50.0)
    add(paths, "accuracy", 1, ARCHITECTURES, accuracy=60.0)
    add(paths, "accuracy", 2, ARCHITECTURES[4:], accuracy=70.0)
    rows, _ = written(paths)
    assert rows[ARCHITECTURES[0]]["accuracy_seed0"] == 50.0
    # The fifth architecture has two seeds, but not the first two.
    assert rows[ARCHITECTURES[4]]["accuracy"] is None
    assert rows[ARCHITECTURES[4]]["accuracy_seed0"] is None


def test_local_without_accuracies_uses_published_ones(paths: Paths) -> None:
    add_latency(paths)
    written(paths)
    official.write_nats(paths)
    table = local(paths).load()
    assert table.accuracy is not None
    assert table.accuracy_provenance is not None
    assert table.accuracy_provenance.details["image_set"] == "cifar10"
    ranks = SPACE.rank(table.architectures).tolist()
    assert table.accuracy == pytest.approx([official.accuracy_of_rank(rank) for rank in ranks])


def test_local_without_published_accuracies_uses_bundled_digits(paths: Paths) -> None:
    add_latency(paths)
    written(paths)
    table = local(paths).load()
    assert table.accuracy is not None
    assert np.isfinite(table.accuracy).any()
    assert table.accuracy_provenance is not None
    assert table.accuracy_provenance.source == "nasbench201_cpu.parquet"
    assert table.accuracy_provenance.details["image_set"] == "digits"


@pytest.mark.parametrize("metric", [LATENCY, Metric("flops", "FLOPs")], ids=lambda m: m.name)
def test_local_accuracies_without_latency_raises(paths: Paths, metric: Metric) -> None:
    add(paths, "accuracy", 0, ARCHITECTURES, accuracy=50.0)
    written(paths)
    command = f"hwnas measure name={NAME} space=nasbench201"
    with pytest.raises(UserError, match=f"no {metric.name}.*{command}"):
        local(paths, metric).load()


def test_local_new_metric_column_is_loaded(paths: Paths) -> None:
    add_latency(paths)
    written(paths)
    path = table_path(NAME, SPACE, paths)
    columns, facts = read_local_table(path)
    depth = np.arange(len(columns["architecture"]))
    facts["units"]["depth"] = "layers"
    write_local_table(path, {**columns, "depth": depth}, facts)
    table = local(paths, Metric("depth", "layers")).load()
    assert table.values.tolist() == depth.tolist()
    with pytest.raises(UserError, match=r"has depth in layers. Try: metric.unit=layers"):
        local(paths, Metric("depth", "edges")).load()
