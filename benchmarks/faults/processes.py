"""Commands of ``hwnas`` in processes that can be killed, with faults that the process itself makes.

Most processes are forked from this one, which has loaded the libraries, so that a start takes
milliseconds and not seconds. Those with workers of their own are new ones.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.places import Place

ROOT = Path(__file__).resolve().parents[2]
#: A command that takes longer than this is stuck.
STUCK_SECONDS = 240.0


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Parameters
    ----------
    code : int or None
        The exit code, negative for a signal. None: it was stuck, and was killed.
    printed : str
        Its standard output and standard error.
    seconds : float
        How long it took.
    """

    code: int | None
    printed: str
    seconds: float


@dataclass
class Started:
    """A running command, in a process group of its own."""

    pid: int
    log: Path
    began: float

    def kill(self) -> None:
        """Kill the process, and none of those that it started."""
        os.kill(self.pid, signal.SIGKILL)

    def running(self) -> bool:
        """Tell whether the process still runs."""
        return _state(self.pid) not in ("", "Z")

    def wait(self, limit: float = STUCK_SECONDS) -> Ended:
        """Wait until the process and all that it started have ended."""
        end = time.monotonic() + limit
        stuck = False
        while self.running():
            if time.monotonic() > end:
                stuck = True
                os.killpg(self.pid, signal.SIGKILL)
            time.sleep(0.01)
        _, status = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - self.began
        while members(self.pid):
            if time.monotonic() > end:
                os.killpg(self.pid, signal.SIGKILL)
            time.sleep(0.05)
        code = None if stuck else os.waitstatus_to_exitcode(status)
        return Ended(code, self.log.read_text(errors="replace"), seconds)


def members(group: int) -> dict[int, str]:
    """Return the command lines of the running processes of a session by their ids."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == group and fields[0] != "Z":
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            # It has ended meanwhile.
            continue
    return found


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def fork(
    arguments: Sequence[str], place: Place, fault: Callable[[], object] | None = None
) -> Started:
    """Start ``hwnas <arguments>`` in a copy of this process.

    Parameters
    ----------
    arguments : sequence of str
    place : Place
    fault : callable, optional
        Called in the new process, before the command.
    """
    log = _log(place)
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            _become(place, log)
            if fault is not None:
                fault()
            code = _main(arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return Started(pid, log, began)


def _become(place: Place, log: Path) -> None:
    os.chdir(place.folder)
    os.environ.update(place.environment)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout, sys.stderr = (os.fdopen(os.dup(each), "w", buffering=1) for each in (1, 2))
    # Relative paths in this list would be looked up in the place.
    sys.path[:] = [str(ROOT), *(path for path in sys.path if Path(path).is_absolute())]


def _main(arguments: Sequence[str]) -> int:
    from hwnas.cli import main

    sys.argv = ["hwnas"]
    try:
        main(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0


def spawn(
    arguments: Sequence[str],
    place: Place,
    before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Started:
    """Start ``hwnas <arguments>`` in a new process, behind the command `before`."""
    log = _log(place)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with log.open("a") as printed:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "hwnas", *arguments],
            cwd=place.folder,
            env={**os.environ, **place.environment, "PYTHONPATH": path, **(environment or {})},
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
    # This class waits for the process itself.
    process.returncode = 0
    return Started(process.pid, log, time.monotonic())


def _log(place: Place) -> Path:
    """Return a new file for what a command prints, beside its folder."""
    number = len(list(place.folder.parent.glob(f"{place.folder.name}.*.log")))
    log = place.folder.with_name(f"{place.folder.name}.{number}.log")
    log.touch()
    return log


def run(arguments: Sequence[str], place: Place) -> Ended:
    """Run ``hwnas <arguments>`` without a fault."""
    return fork(arguments, place).wait()
