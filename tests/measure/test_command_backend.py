"""The backend that runs a user's command, and the page about it."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from hwnas.backend import Command, NetworkFailed, Runs, runs_of
from hwnas.backend._output import runs_in
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network import build
from hwnas.space import NASBench201
from tests.commands import ROOT, Finished, Hwnas

NETWORK = build(
    NASBench201(), (3,) * 6, ImageSet("tiny", 8, 7), dead_edges=False, channels=4, cells_per_stage=1
)
#: A rig that logs every call. Its time is the size of the file, so that networks differ.
RIG = """
import sys, pathlib
file, runs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
assert sys.stdin.buffer.read() == file.read_bytes()
size = file.stat().st_size
with open("calls.txt", "a") as log: log.write(f"{size}\\n")
calls = len(open("calls.txt").readlines())
exec(pathlib.Path("fault.py").read_text())
print("board 7 is ready")
print("latency_ms", *[size / 1e3 + run for run in range(runs)])
print(f"energy_mJ {size / 1e4}")
"""
Measure = Callable[..., Finished]


def rig(code: str, timeout: float = 60.0, retries: int = 1) -> Command:
    start = shlex.join([sys.executable, "-S", "-c"])
    return Command(command=f"{start} {code}", timeout=timeout, retries=retries)


def runs(backend: Command, repeats: int = 2) -> Runs:
    return runs_of(backend, backend.prepare(NETWORK, 1, 3, seed=0), repeats)


def test_command_gets_file_settings_and_standard_input() -> None:
    code = (
        "import sys, os; words = sys.argv[1:]; "
        "same = sys.stdin.buffer.read() == open(words[0], 'rb').read(); "
        "print('latency_ms', *words[1:], int(same), len(words))"
    )
    backend = rig(f"{shlex.quote(code)} {{onnx}} {{repeats}} {{threads}} {{batch_size}}")
    assert runs(backend, 5).milliseconds.tolist() == [5, 3, 1, 1, 4]
    assert backend.facts() == {"command": backend.command}


def test_command_runs_no_shell(tmp_path: Path) -> None:
    file = tmp_path / "made by a shell"
    backend = rig(f"\"print('latency_ms 1 2')\" '; touch {file}' $(touch {file})")
    assert runs(backend).milliseconds.tolist() == [1, 2]
    assert not file.exists()


def test_command_too_slow_is_killed_with_its_children(tmp_path: Path) -> None:
    # The child writes on and on, so that its end can be seen.
    written = tmp_path / "written"
    child = "import sys, time\nwhile True: open(sys.argv[1], 'a').write('x'); time.sleep(0.01)"
    code = "import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', *sys.argv[1:]])"
    backend = rig(shlex.join([code, child, str(written)]), timeout=0.5, retries=0)
    with pytest.raises(NetworkFailed, match=r"no answer within 0\.5 s"):
        runs(backend)
    before = written.stat().st_size
    time.sleep(0.1)
    assert written.stat().st_size == before > 0


def test_command_that_leaves_a_child_with_its_pipe_is_too_slow(tmp_path: Path) -> None:
    written = tmp_path / "written"
    child = "import sys, time\nwhile True: open(sys.argv[1], 'a').write('x'); time.sleep(0.01)"
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', *sys.argv[1:]])"
    backend = rig(shlex.join([code, child, str(written)]), timeout=0.5, retries=0)
    with pytest.raises(NetworkFailed, match="no answer"):
        runs(backend)
    before = written.stat().st_size
    time.sleep(0.1)
    assert written.stat().st_size == before


def test_command_that_fails_once_is_tried_again(tmp_path: Path) -> None:
    code = (
        f"import pathlib, sys; file = pathlib.Path({str(tmp_path / 'tried')!r}); "
        "first = not file.exists(); file.touch(); "
        "sys.exit('board is booting') if first else print('latency_ms 1 2')"
    )
    assert runs(rig(shlex.quote(code))).milliseconds.tolist() == [1, 2]
    (tmp_path / "tried").unlink()
    with pytest.raises(NetworkFailed, match="exit code 1: board is booting"):
        runs(rig(shlex.quote(code), retries=0))


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (None, "runs no command"),
        ("bench {onxx}", r"unknown \{onxx\}; known: \{onnx\}, \{repeats\}"),
        ("bench 'a", "No closing quotation"),
        ("no-such-program-here {onnx}", "no-such-program-here does not start"),
        (f"{sys.executable} -S -c pass", "prints no latency_ms; it prints nothing"),
        (f"{sys.executable} -S -c \"print('latency_ms 1')\"", "prints 1 times for 2 runs"),
        (f"{sys.executable} -S -c \"print('latency_ms fast')\"", "'fast', which are not only"),
        (f"{sys.executable} -S -c \"print('latency_ms 1 -2')\"", "not that many milliseconds"),
    ],
)
def test_command_mistake_is_one_line(command: str | None, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        runs(Command(command=command))


@pytest.mark.parametrize(
    ("printed", "milliseconds", "millijoules"),
    [
        ("latency_ms: 1.5, 2\nenergy_mJ = 4", [1.5, 2.0], 4.0),
        ('log\n{"latency_ms": [1, 2], "energy_mJ": 3.5, "device": "pi"}', [1.0, 2.0], 3.5),
        ("1.5\n2e0\n", [1.5, 2.0], None),
        ("warming up 3\nlatency_ms 1 2", [1.0, 2.0], None),
    ],
)
def test_runs_in_forms_of_output_are_read(
    printed: str, milliseconds: list[float], millijoules: float | None
) -> None:
    found = runs_in(printed, 2)
    assert found.milliseconds.tolist() == milliseconds
    assert found.millijoules == millijoules


@pytest.fixture
def measure(hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Return a function that measures six networks with a rig that logs its calls."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "conf"))
    (tmp_path / "rig.py").write_text(RIG)
    (tmp_path / "fault.py").write_text("")

    def run(*more: str) -> Finished:
        return hwnas(
            "measure",
            "name=board",
            "backend=command",
            f"backend.command={sys.executable} -S rig.py {{onnx}} {{repeats}}",
            *("warm_up=0", "repeats=3", "passes=1", "n_architectures=6", "paths.data=data"),
            *("+sizes.channels=4", "+sizes.cells_per_stage=1"),
            *more,
        )

    return run


def calls(folder: Path) -> int:
    return len((folder / "calls.txt").read_text().splitlines())


def test_measure_command_writes_times_and_energies(measure: Measure, tmp_path: Path) -> None:
    done = measure("metric=energy")
    assert done.returncode == 0, done.stderr
    table = parquet.read_table(next((tmp_path / "data").rglob("*.parquet"))).to_pandas()
    assert len(table) == 6
    size = 1e3 * (table["command_latency_median"] - 1.0)
    assert size.min() < size.max()
    np.testing.assert_allclose(table["command_energy_mean"], size / 1e4)
    assert calls(tmp_path) == 6


def test_measure_network_that_fails_is_missing_with_its_reason(
    measure: Measure, tmp_path: Path
) -> None:
    (tmp_path / "fault.py").write_text("if calls in (2, 3): sys.exit('out of memory')")
    assert measure().returncode == 0
    records = [
        json.loads(line)
        for file in (tmp_path / "data").rglob("*.jsonl")
        for line in file.read_text().splitlines()
        if "header" not in json.loads(line)
    ]
    assert len(records) == 6
    assert [r["failed"] for r in records if "failed" in r] == ["exit code 1: out of memory"]


@pytest.mark.parametrize(
    ("n_before", "messages"),
    [
        (2, ["failed for 3 networks in a row: exit code 1: connection lost"]),
        # Only the last network fails, and then the one before it, which runs again.
        (5, ["connection lost, also for |", "the same command, when the device works again"]),
    ],
)
def test_measure_rig_that_stops_continues_where_it_stopped(
    measure: Measure, tmp_path: Path, n_before: int, messages: list[str]
) -> None:
    (tmp_path / "fault.py").write_text(f"if calls > {n_before}: sys.exit('connection lost')")
    stopped = measure("backend.retries=0")
    assert stopped.returncode == 2
    assert [message for message in messages if message not in stopped.stderr] == []
    assert stopped.stderr.strip().count("\n") <= 3
    (tmp_path / "fault.py").write_text("")
    before = calls(tmp_path)
    assert measure("backend.retries=0").returncode == 0
    # There are six networks. Those that failed last are measured again.
    assert calls(tmp_path) - before == 6 - n_before


def test_measure_other_command_is_refused_with_the_earlier_one(measure: Measure) -> None:
    assert measure().returncode == 0
    other = measure("backend.command=other {onnx}")
    assert other.returncode == 2
    assert f"'{sys.executable} -S rig.py {{onnx}} {{repeats}}'" in other.stderr


@pytest.mark.thorough
def test_rig_page_every_command_runs_as_written(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "rig.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "conf"))
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "bench.py").write_text(program)
    (block,) = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    for line in block.splitlines():
        words = shlex.split(line)[1:]
        # The same program, but the small networks of this suite.
        small = ["+sizes.channels=4", "+sizes.cells_per_stage=1"] if words[0] == "measure" else []
        done = hwnas(*words, *small, f"paths.data={tmp_path / 'data'}")
        assert done.returncode == 0, f"{line}\n{done.stderr}"
