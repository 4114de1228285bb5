"""``kill -9`` at points in time drawn from a seed, and inside of writes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from benchmarks.faults.cases import Case, Tried, compare, remove
from benchmarks.faults.commands import COMMANDS
from benchmarks.faults.processes import fork, run
from benchmarks.faults.writes import Writes

IN_TIME, IN_WRITE = "kill -9 at a random time", "kill -9 inside a write"


def cases(points: int, seed: int) -> Iterator[Case]:
    """Yield the cases, of which a third are inside of a write.

    Parameters
    ----------
    points : int
        Number of cases, in turn of each command.
    seed : int
        Seed of the points in time, and of the writes.
    """
    rng = np.random.default_rng(seed)
    names = list(COMMANDS)
    for number in range(points):
        name, share = names[number % len(names)], float(rng.random())
        # Every third round of the commands.
        in_write = number // len(names) % 3 == 2
        attempt = partial(inside if in_write else after, name, share)
        where = f"{share:.3f} of its {'writes' if in_write else 'time'}"
        yield Case(IN_WRITE if in_write else IN_TIME, f"{name}, after {where}", attempt)


def after(name: str, share: float, tried: Tried) -> str:
    """Kill a command after a share of its time, start it again, and return what is wrong then."""
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    started = fork(COMMANDS[name], place)
    time.sleep(share * undisturbed.seconds)
    started.kill()
    started.wait()
    return remove(place, [compare(place, undisturbed, run(COMMANDS[name], place))])


def inside(name: str, share: float, tried: Tried) -> str:
    """Kill a command inside one of its writes, start it again, and return what is wrong then."""
    undisturbed, place = tried.undisturbed(name), tried.place(name)
    fatal = _chosen(undisturbed.writes, share)
    ended = fork(COMMANDS[name], place, Writes(fatal).install).wait()
    killed = "" if ended.code == -9 else f"not killed, exit code {ended.code}"
    return remove(place, [killed, compare(place, undisturbed, run(COMMANDS[name], place))])


def _chosen(writes: Sequence[str], share: float) -> int:
    """Return the number of a write, from 1: first a kind of write is drawn, then one of the kind.

    Nearly all writes of a command that tunes are records of trials.
    """
    kinds = list(dict.fromkeys(each.split()[0] for each in writes))
    kind, within = divmod(share * len(kinds), 1.0)
    of_kind = [n for n, each in enumerate(writes, 1) if each.split()[0] == kinds[int(kind)]]
    return of_kind[int(within * len(of_kind))]
