"""A PostgreSQL server that is restarted while a study keeps its trials there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.faults.cases import Case, NotTriedError, Tried, remove
from benchmarks.faults.commands import ONE
from benchmarks.faults.processes import fork, run

_GROUP = "PostgreSQL restarted in the middle"
#: How the server ends: it aborts all transactions, or it does not even clean up.
_MODES = ("fast", "immediate")


@dataclass(frozen=True)
class Server:
    """A server on a Unix socket in a folder."""

    folder: str
    binaries: Path
    as_user: tuple[str, ...]

    def pg(self, binary: str, *arguments: str) -> None:
        """Run a program of PostgreSQL on the data of this server."""
        command = [str(self.binaries / binary), "-D", f"{self.folder}/data", *arguments]
        subprocess.run(
            [*self.as_user, *command], check=True, stdout=subprocess.DEVNULL, cwd=self.folder
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-k {self.folder} -h '' -F"
        self.pg("pg_ctl", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode: str) -> None:
        """End the server."""
        self.pg("pg_ctl", "-m", mode, "-w", "stop")

    @property
    def url(self) -> str:
        """The URL for ``tuning.storage``."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"


def cases(seed: int) -> Iterator[Case]:
    """Yield a case for each way to end the server, twice."""
    rng = np.random.default_rng(seed)
    for mode in _MODES * 2:
        share = float(rng.uniform(0.1, 0.9))
        where = f"{mode}, after {share:.3f} of the time"
        yield Case(_GROUP, where, partial(_restarted, mode, share))


def _restarted(mode: str, share: float, tried: Tried) -> str:
    alone, place = tried.place("run"), tried.place("run")
    tuned = (*ONE, "predictor=lgb", "tuning.n_trials=24")
    first = run(tuned, alone)
    with _server() as server:
        storage = f"tuning.storage='{server.url}'"
        started = fork([*tuned, storage], place)
        time.sleep(share * first.seconds)
        server.stop(mode)
        time.sleep(2.0)
        server.start()
        ended = started.wait()
    if ended.code != 0:
        return f"exit code {ended.code}: {ended.printed[-300:]}"
    same = place.numbers() == alone.numbers()
    return remove(place, [] if same else ["other numbers"])


@contextmanager
def _server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or importlib.util.find_spec("psycopg") is None:
        raise NotTriedError("needs PostgreSQL and psycopg: apt-get install postgresql")
    # The server's user may not enter the folder of the cases, and sockets have short paths.
    with tempfile.TemporaryDirectory(prefix="hwnas-pg-") as folder:
        as_user: tuple[str, ...] = ()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(folder, "postgres")
            as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        server = Server(folder, found[-1].parent, as_user)
        server.pg("initdb", "--username=postgres", "--auth=trust", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
