"""The same configuration in processes that look different: equal bytes, times apart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.faults.cases import Case, Tried, remove
from benchmarks.faults.commands import COMMANDS, ONE
from benchmarks.faults.places import Place
from benchmarks.faults.processes import spawn
from hwnas.composition import options

_PROCESS = "other process, folder, hash seed, locale and threads"
_WORKERS = "other number of workers"
_ONE = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_OTHER = {
    "PYTHONHASHSEED": "4711",
    "LC_ALL": "C",
    "TZ": "Asia/Tokyo",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2"),
}
#: Predictors whose linear algebra would use several threads for so many measurements.
_LARGE = {"gp": 2000, "best": 1600}


def cases(seed: int) -> Iterator[Case]:
    """Yield a case for each predictor, and one for the workers of a study."""
    # The presets of the paper are the same code.
    for name in (each for each in options("predictor") if "/" not in each):
        sizes = [40, *([_LARGE[name]] if name in _LARGE else [])]
        for n_train in sizes:
            attempt = partial(_elsewhere, name, n_train, seed)
            yield Case(_PROCESS, f"{name}, {n_train} measurements", attempt)
    yield Case(_WORKERS, "sweep, 1 and 2", _workers)


def _elsewhere(name: str, n_train: int, seed: int, tried: Tried) -> str:
    tuned = ("tuning.n_trials=2",) if n_train == 40 else ("tuning=none",)
    arguments = (
        *(*ONE, f"predictor={name}", f"n_train={n_train}", f"seed={seed}"),
        *("artifacts=result", *tuned),
    )
    places = [tried.place("run"), tried.place("run")]
    for place, environment in zip(places, (_ONE, _OTHER), strict=True):
        ended = spawn(arguments, place, environment=environment).wait()
        if ended.code != 0:
            return f"exit code {ended.code}: {ended.printed[-200:]}"
    return _different(*places)


def _workers(tried: Tried) -> str:
    place = tried.place("sweep")
    parallel = [*COMMANDS["sweep"], "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    ended = spawn(parallel, place).wait()
    if ended.code != 0:
        return f"exit code {ended.code}: {ended.printed[-200:]}"
    same = place.numbers() == tried.undisturbed("sweep").place.numbers()
    return remove(place, [] if same else ["other numbers"])


def _different(one: Place, other: Place) -> str:
    """Return what differs between two places; delete both if nothing does."""
    ours, theirs = one.numbers(), other.numbers()
    if ours == theirs and ours:
        _remove(one.folder, other.folder)
        return ""
    return f"other numbers in {[name for name in ours if ours[name] != theirs.get(name)]}"


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder.parent, ignore_errors=True)
