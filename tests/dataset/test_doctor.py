"""``hwnas doctor``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwnas.cli import main
from hwnas.dataset import doctor
from hwnas.paths import Paths
from hwnas.space import NASBench201
from tests.dataset import official


@pytest.fixture
def nothing_bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test writes is described."""
    monkeypatch.setattr("hwnas.dataset._local_table.BUNDLED", tmp_path / "nothing")


def lines(text: str) -> dict[str, list[str]]:
    """Return rows, missing, ties, near 0, copies and tau of every column."""
    rows = [line.split() for line in text.split("\n\n")[0].splitlines()[1:]]
    return {f"{cells[0]} {cells[1]}": cells[3:] for cells in rows}


@pytest.mark.usefixtures("nothing_bundled")
def test_what_is_odd_is_counted(paths: Paths) -> None:
    # Of these, 0 to 3 compute nothing alike, 4 is another function.
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
def test_correlation_with_accuracy(paths: Paths) -> None:
    official.write_hwnas(paths, official.hwnas_content())
    official.write_nats(paths)
    # Ranks 9000, 7, 12345 have accuracies in that order, latencies 5.5, 2.5, 3.5: 2 of 3 pairs.
    assert lines(doctor(paths)[0])["hwnas cifar10/edgegpu_latency"][-1] == "0.333"


@pytest.mark.usefixtures("nothing_bundled")
def test_tables_of_one_s_own_are_described(paths: Paths) -> None:
    official.write_local(paths.data / "local/cpu/nasbench201.parquet")
    counted = lines(doctor(paths)[0])
    assert counted["local/cpu torch_latency_minimum"] == ["2", "1", "0", "0", "0", "-"]
    assert counted["local/cpu accuracy"] == ["2", "0", "0", "0", "0", "-"]
    (paths.data / "local/cpu/nasbench201.parquet").write_bytes(b"PAR1")
    assert "nasbench201.parquet" in doctor(paths)[1][0]


def test_without_official_files_the_bundled_table_is_described(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "--data", str(paths.data)])
    text = capsys.readouterr().out
    assert "local/cpu onnxruntime_latency_median" in lines(text)
    assert text.splitlines()[-1].endswith("hwnas fetch hwnas")
    official.write_nats(paths)
    assert "fetch" not in doctor(paths)[0]


@pytest.mark.usefixtures("nothing_bundled")
def test_a_broken_file_does_not_hide_the_others(
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


@pytest.mark.usefixtures("nothing_bundled")
def test_published_tables(real: Paths) -> None:
    text, faults = doctor(real)
    assert faults == []
    counted = lines(text)
    assert len(counted) == 25
    # Of the 15,625 cells 6,466 differ; the others copy, but for those alone in their class.
    assert counted["hwnas360 pi5/onnx/cifar100/latency"][4] == "10398"
    assert counted["hwnas cifar10/raspi4_latency"] == ["15625", "0", "2", "201", "0", "0.485"]
