"""What a case of a fault is, and whether it was survived."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.commands import COMMANDS, prepare
from benchmarks.faults.places import Place
from benchmarks.faults.processes import Ended, fork, run
from benchmarks.faults.writes import Writes

SURVIVED, LOST, NOT_TRIED = "survived", "lost", "not tried"


@dataclass(frozen=True)
class Case:
    """One fault.

    Parameters
    ----------
    group : str
        The kind of fault, a line of the table.
    name : str
        Which command, when and how; no other case has it.
    attempt : callable
        Makes the fault in a new folder and returns why it was not survived; empty if it was.
        It raises `NotTriedError` where this machine cannot make the fault.
    """

    group: str
    name: str
    attempt: Callable[[Tried], str]


class NotTriedError(Exception):
    """A fault that cannot be made on this machine."""


@dataclass
class Undisturbed:
    """A run of a command that nothing disturbs.

    Parameters
    ----------
    place : Place
    seconds : float
    writes : list of str
        What it writes, in order.
    """

    place: Place
    seconds: float
    writes: list[str]


@dataclass
class Tried:
    """The folder of all cases, and the undisturbed runs that they are compared with.

    Parameters
    ----------
    folder : Path
    """

    folder: Path
    _known: dict[tuple[str, ...], Undisturbed] = field(default_factory=dict)

    @classmethod
    def new(cls) -> Tried:
        """Return one with a new temporary folder."""
        return cls(Path(tempfile.mkdtemp(prefix="hwnas-faults-")))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self, name: str) -> Place:
        """Return a new folder for a command of `COMMANDS`, with the files that it reads."""
        return prepare(name, Place(Path(tempfile.mkdtemp(dir=self.folder)) / "here"))

    def undisturbed(self, name: str, *more: str) -> Undisturbed:
        """Run a command of `COMMANDS`, with more overrides, once for all cases.

        The log of writes is that of a second run, because it costs time.
        """
        key = (name, *more)
        if key not in self._known:
            place, counter = self.place(name), self.folder / f"writes{len(self._known)}"
            arguments = [*COMMANDS[name], *more]
            ended = run(arguments, place)
            assert ended.code == 0, ended.printed
            other = self.place(name)
            fork(arguments, other, Writes(counter=counter).install).wait()
            wrote = counter.read_text().splitlines()
            shutil.rmtree(other.folder)
            self._known[key] = Undisturbed(place, ended.seconds, wrote)
        return self._known[key]


def compare(place: Place, undisturbed: Undisturbed, ended: Ended | None = None) -> str:
    """Return how a place differs from that of an undisturbed run; empty if it does not.

    Parameters
    ----------
    place : Place
    undisturbed : Undisturbed
    ended : Ended, optional
        The last start, which must have ended with exit code 0.
    """
    if ended is not None and ended.code != 0:
        return f"exit code {ended.code}: {_last_line(ended.printed)}"
    ours, theirs = place.numbers(), undisturbed.place.numbers()
    if ours.keys() != theirs.keys():
        return f"other files: {sorted(ours.keys() ^ theirs.keys())}"
    different = [name for name, numbers in theirs.items() if ours[name] != numbers]
    if different:
        return f"other numbers in {different}"
    left = place.left(undisturbed.place)
    return f"left: {left[:5]}" if left else ""


def one_line_error(ended: Ended) -> str:
    """Return what is wrong with the way a command reported a fault that it cannot survive."""
    if "Traceback" in ended.printed:
        return f"traceback: {_last_line(ended.printed)}"
    if ended.code not in (1, 2):
        return f"exit code {ended.code}: {_last_line(ended.printed)}"
    return ""


def remove(place: Place, why: Sequence[str]) -> str:
    """Join reasons; delete the folder of a case that was survived."""
    text = "; ".join(each for each in why if each)
    if not text:
        shutil.rmtree(place.folder.parent, ignore_errors=True)
    return text


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"
