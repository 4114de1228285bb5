"""Tests of tuning with trials in a PostgreSQL database; the tests start a server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.tuning.test_storage import ended, start_worker
from tests.tuning.worker import tune

pytestmark = pytest.mark.slow


def server_binaries() -> Path:
    """Return the folder of initdb and pg_ctl. Skip the tests if it is not installed."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += [initdb.parent for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not folders:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    return folders[-1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a server on a Unix socket, and yield the folder of the socket."""
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: pip install 'psycopg[binary]'")
    binaries = server_binaries()
    # The server's user may not enter pytest's tmp_path, and the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="hwnas-pg-") as folder:
        as_user: list[str] = []
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(folder, "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = f"{folder}/data"

        def pg(binary: str, *arguments: str) -> None:
            command = [*as_user, str(binaries / binary), "-D", data, *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        pg("initdb", "--username=postgres", "--auth=trust", "--no-sync")
        pg("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -h '' -F", "start")
        try:
            yield folder
        finally:
            pg("pg_ctl", "-m", "immediate", "stop")


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """Create an empty database for one test, and return its URL."""
    import psycopg

    name = request.node.name.lower()
    with psycopg.connect(f"host={server} user=postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql+psycopg://postgres@/{name}?host={server}"


def load(url: str) -> optuna.Study:
    return optuna.load_study(study_name="tuning", storage=url)


def test_tune_two_processes_on_postgres_run_the_exact_number_of_trials(
    url: str, tmp_path: Path
) -> None:
    """Both processes find an empty database at the same time, and one creates the tables."""
    workers = [start_worker(url, 30, 0.02, tmp_path) for _ in range(2)]
    outputs = [worker.communicate(timeout=120)[0].split() for worker in workers]
    study = load(url)
    names = {t.user_attrs["worker"] for t in study.trials if t.state is TrialState.COMPLETE}

    assert ended(study) == 30
    assert len(names) == 2, "one worker ran all trials, so they were not shared"
    assert outputs[0] == outputs[1]


def test_tune_killed_process_on_postgres_resumes(url: str) -> None:
    worker = start_worker(url, 12, 0.1)
    end = time.monotonic() + 60
    while time.monotonic() < end and not _some_ended(url):
        time.sleep(0.1)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    before = ended(load(url))
    result = tune(url, 12)

    assert 0 < before < 12
    assert result.n_trials == ended(load(url)) == 12
    assert [r["params"] for r in result.trials] == [r["params"] for r in tune(None, 12).trials]


def _some_ended(url: str) -> bool:
    try:
        return ended(load(url)) > 1
    except Exception:  # The worker has not created the tables or the Optuna study yet.
        return False
