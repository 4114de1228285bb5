"""The report of ``hwnas doctor``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from hwnas.cli import main
from hwnas.dataset import doctor, write_local_table
from hwnas.paths import Paths
from hwnas.space import NASBench201
from tests.dataset import official


@pytest.fixture
def nothing_bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the bundled tables, so that the report has only the tables that a test writes."""
    monkeypatch.setattr("hwnas.dataset._local_table.BUNDLED", tmp_path / "nothing")


def lines(text: str) -> dict[str, list[str]]:
    """Return rows, missing, ties, near 0, copies and tau of every column."""
    rows = [line.split() for line in text.split("\n\n")[0].splitlines()[1:]]
    return {f"{cells[0]} {cells[1]}": cells[3:] for cells in rows}


@pytest.mark.usefixtures("nothing_bundled")
def test_doctor_ties_zeros_and_copies_are_counted(paths: Paths) -> None:
    # Cells 0 to 3 have no path to the output, so they compute the same function. Cell 4 does not.
    space = NASBench201()
    cells = np.array(
        [[0] * 6, [1, 0, 0, 0, 0, 0], [2] + [0] * 5, [3] + [0] * 5, [0, 0, 0, 1, 0, 0]]
    )
    strings = space.to_strings(cells.astype(np.int8))
    latency = [0.001, 5.0, 5.0, -1, 5.0]
    content = {"config": [{"arch_str": s} for s in strings], "edgegpu_latency": latency}
    official.write_hwnas(paths, {"nasbench201": {"cifar10": content}})
    text, faults = doctor(paths)
    assert faults == []
    counted = lines(text)["hwnas cifar10/edgegpu_latency"]
    assert counted == ["5", "1", "3", "1", "2", "-"]


@pytest.mark.usefixtures("nothing_bundled")
def test_doctor_infinite_value_counts_as_missing(paths: Paths) -> None:
    infinite = float("inf")
    content = official.hwnas_content()["nasbench201"]["cifar10"]
    content["edgegpu_latency"] = [infinite, 2.5, -infinite]
    official.write_hwnas(paths, {"nasbench201": {"cifar10": content}})
    row = dict.fromkeys(["lat_ms_median", "lat_ms_var", "energy_mj", "accuracy"], 1.0)
    keys = {"device": "pi5", "framework": "onnx", "task": "cifar100", "status": "ok"}
    rows = [keys | row | {"arch_idx": i, "rep_arch_idx": i} for i in range(3)]
    rows[1]["lat_ms_median"] = infinite
    pd.DataFrame(rows).to_parquet(paths.data / "hwnas360.parquet")
    latency = paths.data / "help/nasbench201/latency/phone.pt"
    latency.parent.mkdir(parents=True)
    torch.save([infinite] * 5 + [1.0] * 15620, latency)
    facts = {"name": "mine", "space": "nasbench201", "units": {"torch_latency_median": "ms"}}
    columns = {
        "architecture": official.SPACE.to_strings(official.CELLS),
        "torch_latency_median": [1.0, infinite, 2.0],
    }
    write_local_table(paths.data / "local/mine/nasbench201.parquet", columns, facts)
    official.write_nats(paths)
    text, faults = doctor(paths)
    assert faults == []
    counted = lines(text)
    missing = {name: cells[1] for name, cells in counted.items() if "latency" in name}
    assert missing == {
        "hwnas cifar10/edgegpu_latency": "2",
        "hwnas cifar10/edgetpu_latency": "2",
        "hwnas360 pi5/onnx/cifar100/latency": "15623",
        "help/nasbench201 phone/latency": "5",
        "local/mine torch_latency_median": "1",
    }


@pytest.mark.usefixtures("nothing_bundled")
def test_doctor_tau_equals_hand_computed(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    official.write_nats(paths)
    # Ranks 9000, 7, 12345 have accuracies in that order, latencies 5.5, 2.5, 3.5: 2 of 3 pairs.
    assert lines(doctor(paths)[0])["hwnas cifar10/edgegpu_latency"][-1] == "0.333"


@pytest.mark.usefixtures("nothing_bundled")
def test_doctor_measured_tables_are_described(paths: Paths) -> None:
    official.write_local(paths.data / "local/cpu/nasbench201.parquet")
    counted = lines(doctor(paths)[0])
    assert counted["local/cpu torch_latency_minimum"] == ["2", "1", "0", "0", "0", "-"]
    assert counted["local/cpu accuracy"] == ["2", "0", "0", "0", "0", "-"]
    (paths.data / "local/cpu/nasbench201.parquet").write_bytes(b"PAR1")
    assert "nasbench201.parquet" in doctor(paths)[1][0]


def test_doctor_without_official_files_describes_bundled_table(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "--data", str(paths.data)])
    text = capsys.readouterr().out
    assert "local/cpu onnxruntime_latency_median" in lines(text)
    assert text.splitlines()[-1].endswith("hwnas fetch hwnas")
    official.write_nats(paths)
    assert "fetch" not in doctor(paths)[0]


@pytest.mark.usefixtures("nothing_bundled")
def test_doctor_damaged_file_others_are_described(
    paths: Paths, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HWNAS_CACHE", str(paths.cache))
    official.write_nats(paths)
    (paths.data / "HW-NAS-Bench-v1_0.pickle").write_bytes(b"broken")
    with pytest.raises(SystemExit) as exit_:
        main(["doctor", "--data", str(paths.data)])
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert lines(captured.out)["nasbench201 cifar100/accuracy"][:2] == ["15625", "0"]
    (line,) = captured.err.splitlines()
    assert "HW-NAS-Bench-v1_0.pickle" in line


@pytest.mark.thorough
@pytest.mark.usefixtures("nothing_bundled")
def test_doctor_published_tables_equal_published_counts(real: Paths) -> None:
    text, faults = doctor(real)
    assert faults == []
    counted = lines(text)
    tables = {name.split()[0] for name in counted}
    assert {"hat", "help/ofa", "hwgpt", "hwnas", "hwnas360", "transnas_micro"} <= tables
    assert len(counted) == 43
    # The cells that are not alone in their class share their value with a copy.
    assert counted["hwnas360 pi5/onnx/cifar100/latency"][4] == "10398"
    assert counted["hwnas cifar10/raspi4_latency"] == ["15625", "0", "2", "201", "0", "0.485"]
