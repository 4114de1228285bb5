"""Several processes at once, and workers that are lost in a parallel study."""

from __future__ import annotations

import importlib.util
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import numpy as np

from benchmarks.faults.cases import Case, NotTriedError, Tried, compare, remove
from benchmarks.faults.commands import COMMANDS, MEASURE, ONE, SHARED
from benchmarks.faults.processes import STUCK_SECONDS, Started, fork, members, run, spawn

_TWO, _THREE = "two identical runs at once", "three processes on one measurement"
_WORKER = "worker of a parallel study killed"
#: What the command line of a worker has, by the launcher that starts it.
_WORKERS = {
    "joblib": ("hydra.launcher.n_jobs=2", "joblib.externals.loky.backend.popen_loky_posix"),
    "submitit_local": ("sweep.tasks=2", "submitit.core._submit"),
    "ray": ("+hydra.launcher.ray.init.num_cpus=2", "ray::"),
}


def cases(seed: int) -> Iterator[Case]:
    """Yield the cases; points in time are drawn from the seed."""
    rng = np.random.default_rng(seed)
    yield Case(_TWO, "run, trials in memory", partial(_two_runs, False))
    yield Case(_TWO, "run, trials shared", partial(_two_runs, True))
    yield Case(_TWO, "run, force=true", _two_replacing)
    yield Case(_THREE, "measure", partial(_three, None))
    for _ in range(2):
        share = float(rng.random())
        yield Case(
            _THREE, f"measure, one killed after {share:.3f} of its time", partial(_three, share)
        )
    for launcher in _WORKERS:
        for _ in range(4 if launcher == "joblib" else 2):
            share = float(rng.random())
            where = f"{launcher}, after {share:.3f} of its time"
            yield Case(_WORKER, where, partial(_lost, launcher, share))


def _two_runs(shared: bool, tried: Tried) -> str:
    # Each process alone would find the same trials with TPE, too.
    options = SHARED if shared else ("tuning.n_trials=14",)
    arguments = (*ONE, "predictor=ridge", *options)
    alone, place = tried.place("run"), tried.place("run")
    first = run(arguments, alone)
    ends = [each.wait() for each in [fork(arguments, place) for _ in range(2)]]
    codes = [each.code for each in (first, *ends)]
    if codes != [0, 0, 0]:
        return f"exit codes {codes}: {ends[0].printed[-200:]} {ends[1].printed[-200:]}"
    other = [] if place.numbers() == alone.numbers() else ["other numbers"]
    left = sorted(place.files() - alone.files())
    return remove(place, [*other, f"left: {left}" if left else ""])


def _two_replacing(tried: Tried) -> str:
    undisturbed, place = tried.undisturbed("run"), tried.place("run")
    run(COMMANDS["run"], place)
    again = [fork([*COMMANDS["run"], "force=true"], place) for _ in range(2)]
    ends = [each.wait() for each in again]
    wrong = [f"exit code {each.code}: {each.printed[-200:]}" for each in ends if each.code != 0]
    return remove(place, [*wrong, compare(place, undisturbed)])


def _three(share: float | None, tried: Tried) -> str:
    undisturbed, place = tried.undisturbed("measure"), tried.place("measure")
    started = [fork(MEASURE, place) for _ in range(3)]
    if share is not None:
        time.sleep(share * undisturbed.seconds)
        started[0].kill()
    ends = [each.wait() for each in started][share is not None :]
    wrong = [f"exit code {each.code}: {each.printed[-200:]}" for each in ends if each.code != 0]
    # What the killed process held may be missing until the next start.
    wrong.append(compare(place, undisturbed, run(MEASURE, place)))
    numbers = Counter(each[:3] for each in place.numbers()["measurements"])
    if max(numbers.values()) > 1:
        wrong.append(f"{sum(n > 1 for n in numbers.values())} measurements were taken twice")
    return remove(place, wrong)


def _lost(launcher: str, share: float, tried: Tried) -> str:
    plugin = f"hydra_plugins.hydra_{launcher.partition('_')[0]}_launcher"
    if importlib.util.find_spec(plugin) is None:
        raise NotTriedError(f"needs {plugin.rpartition('.')[2].replace('_', '-')}")
    option, worker = _WORKERS[launcher]
    arguments = [*COMMANDS["sweep"], f"hydra/launcher={launcher}", option]
    undisturbed, place = tried.undisturbed("sweep"), tried.place("sweep")
    started = spawn(arguments, place)
    victim = _worker(started, worker)
    time.sleep(share * undisturbed.seconds)
    # The worker may have had nothing left to do.
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    ended = started.wait()
    # Of joblib, the command itself starts new workers. Of the others, other jobs still ran.
    if launcher != "joblib" and ended.code != 0:
        ended = spawn(arguments, place).wait()
    # Logs of the launcher stay, and what submitit and Ray themselves keep.
    for name in sorted(place.files() - undisturbed.place.files(), reverse=True):
        if name.startswith(("outputs/.hydra", "multirun", ".submitit", ".ray")):
            path = place.folder / name
            path.rmdir() if path.is_dir() else path.unlink()
    return remove(place, [compare(place, undisturbed, ended)])


def _worker(started: Started, worker: str) -> int:
    """Wait for the first worker of a command, and return its process id."""
    end = time.monotonic() + STUCK_SECONDS
    while time.monotonic() < end and started.running():
        for pid, command in members(started.pid).items():
            if worker in command and pid != started.pid:
                return pid
        time.sleep(0.05)
    raise NotTriedError(f"no worker {worker} was seen: {started.log.read_text()[-200:]}")
