"""Names of processes, which tell later whether the process that left something has ended."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path


def start_of(pid: int) -> str:
    """Return when a process started, in clock ticks since boot.

    Empty if the process does not exist, or on a system without /proc.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # Split after the last bracket: the command name in brackets can contain spaces and brackets.
    return text.rpartition(")")[2].split()[19]


def alive(pid: int, start: str) -> bool:
    """Return whether the process with this id and start time runs on this machine.

    The process id is not enough, because the operating system uses process ids again.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return start_of(pid) == start


def short_name() -> str:
    """Return a name of this process that may be a part of a file's name.

    Examples
    --------
    >>> ended(short_name())
    False
    """
    return f"{_machine()}-{os.getpid()}-{start_of(os.getpid())}"


def ended(name: str) -> bool | None:
    """Return whether the process with a `short_name` has ended.

    Returns
    -------
    bool or None
        None if it runs or ran on another machine, or the text is no such name.

    Examples
    --------
    >>> print(ended("0a1b2c3d-1-1"))
    None
    """
    machine, _, process = name.partition("-")
    pid, _, start = process.partition("-")
    if machine != _machine() or not pid.isdecimal():
        return None
    return not alive(int(pid), start)


def _machine() -> str:
    """Return eight letters for this machine. Containers on it have different ones."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]
