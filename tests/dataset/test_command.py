"""``run.py`` with a damaged file prints one line, exits with code 2 and caches nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from hwnas.paths import Paths
from tests.commands import python
from tests.dataset import official


def hostile(paths: Paths) -> str:
    flag = paths.outputs / "ran"
    path = paths.data / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(f"cposix\nsystem\n(S'mkdir -p {flag}'\ntR.".encode())
    return path.name


def truncated(paths: Paths) -> str:
    path = paths.data / "HW-NAS-Bench-v1_0.pickle"
    path.write_bytes(pickle.dumps(official.hwnas_content())[:-50])
    return path.name


def missing_column(paths: Paths) -> str:
    official.write_hwnas(paths, official.hwnas_content())
    return official.write_nats(paths, without="ArchitectureString").name


@pytest.mark.thorough
@pytest.mark.parametrize("break_it", [hostile, truncated, missing_column])
def test_run_damaged_file_prints_one_line(paths: Paths, break_it: Callable[[Paths], str]) -> None:
    name = break_it(paths)
    done = python(
        *("run.py", "dataset=hwnas/edgegpu", "predictor=ridge", "tuning=none", "tracking=off"),
        f"paths.outputs={paths.outputs}",
        data=paths.data,
        HWNAS_CACHE=str(paths.cache),
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert name in line
    assert not any(table.startswith("accuracy") for table in official.cached(paths))
    assert not list(Path(paths.outputs).rglob("*"))
    if break_it is not missing_column:
        assert official.cached(paths) == []
