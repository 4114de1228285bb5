"""`hwnas measure` on a pretended GPU with noise, a drifting speed and failures."""

from __future__ import annotations

import gc
import json
import sys
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from pyarrow import parquet

from benchmarks import gpu
from benchmarks._pretended_gpu import DEVICE, GPU, pretended_gpu
from hwnas.backend import ONNXRuntime, Torch, runs_of
from hwnas.backend._graph import Recorded
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.meter import NVML, RAPL
from hwnas.network import build
from hwnas.space import NASBench201
from tests.commands import Finished, in_process

TINY = ["+sizes.channels=4", "+sizes.cells_per_stage=1", "repeats=3", "warm_up=1", "passes=2"]
NETWORK = build(NASBench201(), (3, 2, 4, 1, 3, 2), ImageSet("tiny", resolution=8, classes=7))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "conf"))
    (tmp_path / "data").mkdir()
    return tmp_path


def measure(folder: Path, *more: str) -> Finished:
    fixed = [] if any(each.startswith("name=") for each in more) else ["name=gpu"]
    fixed += [f"paths.data={folder / 'data'}", "backend=torch", *TINY]
    return in_process("measure", *fixed, f"backend.device={DEVICE}", *more)


def table(folder: Path, name: str = "gpu") -> tuple[dict[str, list[Any]], dict[str, Any]]:
    found = parquet.read_table(folder / "data" / "local" / name / "nasbench201.parquet")
    return found.to_pydict(), json.loads(found.schema.metadata[b"hwnas"])["latency"]["torch"]


def records(folder: Path, name: str = "gpu") -> list[dict[str, Any]]:
    files = (folder / "data" / "local" / name / "nasbench201").glob("*.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [line for line in lines if "header" not in line]


def test_torch_graph_times_the_device_and_not_the_launches() -> None:
    times = {}
    for graph in (True, False):
        backend = Torch(device=DEVICE, graph=graph)
        with pretended_gpu(GPU()):
            assert backend.facts()["graph"] is graph
            runs = runs_of(backend, backend.prepare(NETWORK, 1, 1, 0), 50)
        assert runs.fallback is None
        assert runs.peak_bytes is not None
        assert 4 * NETWORK.params < runs.peak_bytes < 8 * NETWORK.params
        times[graph] = np.median(runs.milliseconds)
    launched = sum(node.layer.kind != "input" for node in NETWORK.nodes)
    # A launch takes 8 µs, a kernel of these small layers about 2 µs.
    assert times[False] == pytest.approx(launched * 8e-3, rel=0.3)
    assert times[True] < 0.5 * times[False]


def test_torch_network_that_cannot_be_recorded_is_timed_eagerly() -> None:
    with pretended_gpu(GPU(fails=lambda _: True)):
        backend = Torch(device=DEVICE)
        fallen = runs_of(backend, backend.prepare(NETWORK, 1, 1, 0), 9)
        eager = Torch(device=DEVICE, graph=False)
        runs = runs_of(eager, eager.prepare(NETWORK, 1, 1, 0), 9)
    assert fallen.fallback is not None
    assert "backend.graph=false (CUDA error: operation not permitted" in fallen.fallback
    assert np.median(fallen.milliseconds) == pytest.approx(np.median(runs.milliseconds), rel=0.1)


def test_recorded_keeps_what_its_graph_reads() -> None:
    class Weights:
        def __call__(self) -> torch.Tensor:
            return torch.zeros(3, device=DEVICE).add(1.0)

    weights = Weights()
    alive = weakref.ref(weights)
    gpu = GPU()
    with pretended_gpu(gpu):
        recorded = Recorded(torch.meta, weights)  # type: ignore[attr-defined]
        del weights
        gc.collect()
        assert alive() is not None
        assert recorded.times(4).shape == (4,)


def test_torch_meter_of_gpu_is_nvml() -> None:
    with pretended_gpu(GPU()):
        assert isinstance(Torch(device=DEVICE).meter(), NVML)


def test_onnxruntime_provider_by_short_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ONNXRuntime("onnxruntime", "cpu").facts()["provider"] == "CPUExecutionProvider"
    names = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    with pytest.raises(UserError, match=r"provider=cuda: .*Try: backend.provider=cpu"):
        ONNXRuntime(provider="cuda").facts()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    for short, name in (("tensorrt", names[0]), ("cuda", names[1]), (names[1], names[1])):
        assert ONNXRuntime(provider=short).facts()["provider"] == name
    with pretended_gpu(GPU()):
        assert isinstance(ONNXRuntime(provider="cuda").meter(), NVML)


@pytest.mark.thorough
def test_measure_energy_on_gpu_is_used_like_latency(folder: Path) -> None:
    with pretended_gpu(GPU()):
        finished = measure(folder, "metric=energy", "n_architectures=20", "energy_seconds=0.1")
        assert finished.returncode == 0, finished.stderr
        assert "torch_energy_mean: tau between halves of 2 passes" in finished.stdout
        columns, facts = table(folder)
        assert facts["settings"]["energy"] == "NVML"
        assert facts["settings"]["graph"] is True
        assert facts["idle_power"]["median"] == pytest.approx(70, rel=0.05)
        assert facts["machines"][0]["meter_gpu"] == "pretended GPU"
        energy = np.array(columns["torch_energy_mean"])
        power = energy / np.array(columns["torch_latency_median"])
        # An idle GPU uses 70 W, and a kernel at least 60 W more.
        assert ((power > 100) & (power < 500)).all()
        above = np.array(columns["torch_energy_above_idle_mean"])
        assert ((above > 0.1 * energy) & (above < energy)).all()
        run = ["run", "dataset=local/gpu", "dataset.backend=torch", "predictor=ridge"]
        run += ["tuning=none", "n_train=10", f"paths.data={folder / 'data'}"]
        run += [f"paths.outputs={folder}", "metric=energy", "artifacts=result", "tracking=off"]
        both = in_process(*run, "selection.metrics=[latency,energy]")
        assert both.returncode == 0, both.stderr
        assert "objectives: accuracy, energy [mJ], latency [ms]" in both.stdout
        verified = in_process(*run, "dataset.subtract_idle=true", "selection.verify=device")
        assert verified.returncode == 0, verified.stderr
        assert "local-torch-above-idle" in verified.stdout
        lost = GPU(readable=lambda _: False)
        with pretended_gpu(lost):
            failed = in_process(*run, "selection.verify=device")
        assert failed.returncode == 2
        assert "reads no energy counter" in failed.stderr
        assert "Try: selection.verify=table" in failed.stderr
        ratio = float(verified.stdout.partition("table's value: ")[2].split()[0])
        assert 0.9 < ratio < 1.1


def test_measure_graph_and_eager_do_not_mix(folder: Path) -> None:
    with pretended_gpu(GPU()):
        assert measure(folder, "n_architectures=2").returncode == 0
        finished = measure(folder, "n_architectures=2", "backend.graph=false")
    assert finished.returncode == 2
    assert "with graph=True, not False" in finished.stderr
    assert "backend.graph=true, or another name=" in finished.stderr


def test_measure_energy_and_latency_do_not_mix(folder: Path) -> None:
    with pretended_gpu(GPU()):
        assert measure(folder, "n_architectures=2").returncode == 0
        finished = measure(folder, "n_architectures=2", "metric=energy")
    assert finished.returncode == 2
    assert "Try: metric=latency, or another name=" in finished.stderr


def test_measure_fallback_is_recorded_and_not_in_table(folder: Path) -> None:
    with pretended_gpu(GPU(fails=lambda number: number in (1, 3))):
        finished = measure(folder, "n_architectures=5", "passes=1")
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.count("no CUDA graph") == 1
    assert "2 architectures" in finished.stdout
    assert "to finish them" not in finished.stdout
    columns, facts = table(folder)
    fallen = {record["architecture"] for record in records(folder) if "fallback" in record}
    assert set(facts["left_out"]) == fallen
    assert facts["n_measured"] == 3
    values = dict(zip(columns["architecture"], columns["torch_latency_median"], strict=True))
    assert [values[each] for each in fallen] == [None, None]


def test_measure_network_without_enough_memory_is_missing(folder: Path) -> None:
    with pretended_gpu(GPU()):
        assert measure(folder, "n_architectures=12", "passes=1").returncode == 0
    columns, _ = table(folder)
    middle = float(np.median(columns["torch_peak_memory_mean"]))
    with pretended_gpu(GPU(bytes_=middle)):
        finished = measure(folder, "n_architectures=12", "passes=1", "name=small")
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.count("too little memory (Tried to allocate") == 1
    failed = {each["architecture"] for each in records(folder, "small") if "failed" in each}
    fits = {each["architecture"] for each in records(folder, "small") if "median" in each}
    assert failed
    assert fits
    columns, facts = table(folder, "small")
    assert set(facts["left_out"]) == failed
    values = dict(zip(columns["architecture"], columns["torch_latency_median"], strict=True))
    assert {each for each, value in values.items() if value is None} >= failed
    assert all(values[each] > 0 for each in fits)


def test_measure_no_network_can_be_recorded_raises(folder: Path) -> None:
    with pretended_gpu(GPU(fails=lambda _: True)):
        finished = measure(folder, "n_architectures=3")
    assert finished.returncode == 2
    assert "no network could be measured as asked (no CUDA graph" in finished.stderr


def test_measure_energy_counter_fails_continues_later(folder: Path) -> None:
    with pretended_gpu(GPU(readable=lambda number: number < 300)):
        finished = measure(folder, "metric=energy", "n_architectures=6")
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].startswith(
        "error: metric=energy: NVML reads no energy counter of pretended GPU (GPU is lost)"
    )
    before = len(records(folder))
    assert 0 < before < 12
    with pretended_gpu(GPU()):
        assert measure(folder, "metric=energy", "n_architectures=6").returncode == 0
    assert len(records(folder)) == 12


def test_measure_energy_without_counter_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.meter._rapl.POWERCAP", folder / "none")
    finished = in_process(
        "measure", "name=cpu2", f"paths.data={folder / 'data'}", "metric=energy", *TINY
    )
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
    assert "Try: metric=latency" in finished.stderr


def test_measure_energy_of_cpu_reads_rapl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = folder / "powercap" / "intel-rapl:0"
    zone.mkdir(parents=True)
    for name, value in (("name", "package-0"), ("energy_uj", "0"), ("max_energy_range_uj", "99")):
        (zone / name).write_text(value)
    monkeypatch.setattr("hwnas.meter._rapl.POWERCAP", zone.parent)
    # A processor that always uses 50 W.
    monkeypatch.setattr(RAPL, "read", lambda _: 50 * time.perf_counter())
    finished = in_process(
        *("measure", "name=gpu", f"paths.data={folder / 'data'}", "metric=energy", *TINY),
        *("n_architectures=2", "energy_seconds=0.02"),
    )
    assert finished.returncode == 0, finished.stderr
    # 50 mJ a millisecond. The few timed runs may be slower than those whose energy is measured.
    for each in records(folder):
        assert each["energy"] > 5 * each["minimum"]
        assert each["idle_power"] == pytest.approx(50, rel=0.3)


def test_measure_metric_that_is_not_measured_raises(folder: Path) -> None:
    finished = measure(folder, "metric=flops")
    assert finished.returncode == 2
    assert "metric: no 'flops'" in finished.stderr


@pytest.mark.parametrize("seconds", ["0", "-1", "1e9", "nan"])
def test_measure_energy_seconds_out_of_bounds_raises(folder: Path, seconds: str) -> None:
    with pretended_gpu(GPU()):
        finished = measure(folder, "metric=energy", f"energy_seconds={seconds}")
    assert finished.returncode == 2
    assert "energy_seconds=0.5" in finished.stderr


@pytest.mark.thorough
def test_benchmark_gpu_pretended_prints_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--networks 24 --n-train 12 --seeds 0 --batch-sizes 1 --pretend"
    monkeypatch.setattr(sys, "argv", ["gpu", *options.split(), "--out", str(folder / "out")])
    gpu.main()
    printed = capsys.readouterr().out
    assert "| 1 | energy | 24 | 0." in printed
    assert "70 W idle" in printed
    assert "On pretended GPU." in printed
