"""Disks that are full, read-only or elsewhere, and clocks that are set back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.faults.cases import (
    Case,
    NotTriedError,
    Tried,
    compare,
    one_line_error,
    remove,
)
from benchmarks.faults.commands import COMMANDS
from benchmarks.faults.processes import Ended, run, spawn

#: Where a command writes.
_WRITES: Mapping[str, str] = {"run": "outputs", "sweep": "outputs", "measure": "data"}
_FULL, _READ_ONLY = "full disk", "read-only folder"
_ELSEWHERE, _CLOCK = "outputs on another file system", "clock set back by a day"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def cases(seed: int) -> Iterator[Case]:
    """Yield the cases; the sizes of disks and the points in time are drawn from the seed."""
    rng = np.random.default_rng(seed)
    for name in _WRITES:
        for _ in range(4):
            kilobytes = int(4 * 2 ** rng.uniform(0, 6))
            yield Case(_FULL, f"{name}, {kilobytes} kB", partial(_full, name, kilobytes))
    for name in _WRITES:
        yield Case(_READ_ONLY, name, partial(_read_only, name))
    for name in ("run", "run -m", "sweep"):
        yield Case(_ELSEWHERE, f"{name}, {_MEMORY}", partial(_elsewhere, name))
    for name in ("run", "sweep", "measure"):
        for _ in range(2):
            share = float(rng.random())
            where = f"{name}, killed after {share:.3f} of its time, a day before"
            yield Case(_CLOCK, where, partial(_killed_tomorrow, name, share))
    for name in ("run", "measure"):
        yield Case(_CLOCK, f"{name}, in the middle", partial(_set_back, name))


def _full(name: str, kilobytes: int, tried: Tried) -> str:
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    with _mounted(place.folder / _WRITES[name], f"size={4 * -(-kilobytes // 4)}k") as remount:
        first = run(COMMANDS[name], place)
        # The pictures of an experiment may be what does not fit: then a warning says so.
        report = "" if first.code == 0 else one_line_error(first)
        remount("size=64m")
        again = run([*COMMANDS[name], *_replacing(name, first)], place)
        return remove(place, [report, compare(place, undisturbed, again)])


def _replacing(name: str, first: Ended) -> list[str]:
    """Return the override that makes pictures which did not fit on the disk."""
    return ["force=true"] if first.code == 0 and name == "run" else []


def _read_only(name: str, tried: Tried) -> str:
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    with _mounted(place.folder / _WRITES[name], "ro") as remount:
        first = run(COMMANDS[name], place)
        report = one_line_error(first) if first.code else "it did not say so"
        remount("rw")
        again = run(COMMANDS[name], place)
        return remove(place, [report, compare(place, undisturbed, again)])


def _elsewhere(name: str, tried: Tried) -> str:
    if _MEMORY.stat().st_dev == tried.folder.stat().st_dev:
        raise NotTriedError(f"{_MEMORY} is no other file system")
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    far = Path(tempfile.mkdtemp(dir="/dev/shm"))
    (place.folder / "outputs").symlink_to(far)
    ended = run(COMMANDS[name], place)
    (place.folder / "outputs").unlink()
    shutil.move(far, place.folder / "outputs")
    return remove(place, [compare(place, undisturbed, ended)])


def _killed_tomorrow(name: str, share: float, tried: Tried) -> str:
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    started = spawn(COMMANDS[name], place, environment=_clock("+1d"))
    # A new process loads the libraries first.
    time.sleep(3.0 + share * undisturbed.seconds)
    started.kill()
    started.wait()
    return remove(place, [compare(place, undisturbed, run(COMMANDS[name], place))])


def _set_back(name: str, tried: Tried) -> str:
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    clock = place.folder.with_suffix(".clock")
    clock.write_text("+1d\n")
    environment = {**_clock(""), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    started = spawn(COMMANDS[name], place, environment=environment)
    time.sleep(3.0 + 0.5 * undisturbed.seconds)
    clock.write_text("+0\n")
    return remove(place, [compare(place, undisturbed, started.wait())])


def _clock(offset: str) -> dict[str, str]:
    if not Path(_FAKETIME).is_file():
        raise NotTriedError("needs libfaketime: apt-get install faketime")
    chosen = {"FAKETIME": offset} if offset else {}
    return {"LD_PRELOAD": _FAKETIME, "FAKETIME_DONT_FAKE_MONOTONIC": "1", **chosen}


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[partial[None]]:
    """Mount a small file system in memory, and yield a function that gives it other options."""
    if os.geteuid() != 0:
        raise NotTriedError("needs the rights of root, for mount")
    folder.mkdir(parents=True)
    _mount("-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    try:
        yield partial(_remount, folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _remount(folder: Path, options: str) -> None:
    _mount("-o", f"remount,{options}", str(folder))


def _mount(*arguments: str) -> None:
    ended = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NotTriedError(f"mount {' '.join(arguments)}: {ended.stderr.strip()}")
