"""The meters NVML and RAPL, with pretended counters."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks._pretended_gpu import GPU, pretended_gpu
from hwnas.errors import UserError
from hwnas.extras import missing_library
from hwnas.meter import NVML, RAPL


def zone(folder: Path, name: str, title: str, microjoules: int, highest: int = 1000) -> Path:
    path = folder / name
    path.mkdir()
    (path / "name").write_text(f"{title}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{highest}\n")
    return path / "energy_uj"


def test_nvml_read_returns_joules_of_the_gpu() -> None:
    gpu = GPU()
    with pretended_gpu(gpu):
        meter = NVML("GPU-0-0")
        gpu.sleep(10.0)
        before = meter.read()
        gpu.sleep(10.0)
        assert meter.read() - before == pytest.approx(700.0)
        assert meter.facts()["meter_gpu"] == "pretended GPU"


def test_nvml_without_uuid_takes_first_visible_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    with pretended_gpu(GPU()):
        for visible in ("0", "GPU-0-0", "0,1"):
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
            assert NVML().read() >= 0
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
        with pytest.raises(UserError, match=r"NVML finds no GPU here \(Not Found\)"):
            NVML()


def test_nvml_several_gpus_without_order_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    with pretended_gpu(GPU()):
        monkeypatch.setattr(sys.modules["pynvml"], "nvmlDeviceGetCount", lambda: 2)
        with pytest.raises(UserError, match="Try: export CUDA_DEVICE_ORDER=PCI_BUS_ID"):
            NVML()
        monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        assert NVML().read() >= 0


def test_nvml_gpu_without_counter_raises() -> None:
    with (
        pretended_gpu(GPU(readable=lambda _: False)),
        pytest.raises(UserError, match=r"no energy counter of pretended GPU.*metric=latency"),
    ):
        NVML("GPU-0-0")


def test_nvml_library_not_installed_names_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(ModuleNotFoundError) as error:
        NVML()
    assert missing_library(error.value) == "pynvml"


def test_rapl_read_sums_packages_and_memory(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 100, 10**9)
    zone(tmp_path, "intel-rapl:0:0", "core", 0)
    memory = zone(tmp_path, "intel-rapl:0:1", "dram", 0, 10**9)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 50, 10**9)
    zone(tmp_path, "intel-rapl:2", "psys", 0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0)
    meter = RAPL(tmp_path)
    assert meter.read() == 0
    for file, value in ((first, 2_000_100), (memory, 500_000), (second, 1_000_050)):
        file.write_text(str(value))
    assert meter.read() == 3.5
    assert meter.facts()["meter_includes"].startswith("dram, package-0, package-1,")


def test_rapl_counter_restarts_at_zero_keeps_counting(tmp_path: Path) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", 990, highest=999)
    meter = RAPL(tmp_path)
    used = []
    for value in (995, 3, 3, 500, 499):
        file.write_text(str(value))
        used.append(round(meter.read() * 1e6))
    # 5, then 8 across the restart, none, 497, and all but one of the 1,000 values.
    assert used == [5, 13, 13, 510, 510 + 999]


def test_rapl_without_zone_raises(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "psys", 0)
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError, match=r"no energy counter of a processor.*metric=latency"):
            RAPL(folder)


def test_rapl_unreadable_counter_raises_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    # The tests may run as the administrator, who may read every file.
    monkeypatch.setattr(os, "access", lambda path, _: path != file)
    with pytest.raises(UserError, match=r"may not read .*energy_uj\. Try: sudo chmod a\+r"):
        RAPL(tmp_path)
