"""The interface of trackers, and the tracker that records nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hwnas.tracking._record import Record, RunInfo


class Run(Protocol):
    """A run of a tracker: the record of one experiment."""

    @property
    def place(self) -> str | None:
        """The address or the folder of the run; None if nothing is recorded."""

    @property
    def complete(self) -> bool:
        """Whether everything was recorded so far."""

    def log(self, record: Record) -> None:
        """Record a result that is saved already."""


class Tracker(Protocol):
    """Records finished experiments."""

    def start(self, info: RunInfo, folder: Path) -> AbstractContextManager[Run]:
        """Open a run, as a context that finishes the run at its end, also after an exception.

        Parameters
        ----------
        info : RunInfo
        folder : Path
            Folder for the tracker's own files.
        """


class _NoRun:
    place = None
    complete = True

    def log(self, record: Record) -> None:
        """Record nothing."""


@dataclass(frozen=True)
class NoTracker:
    """Records nothing (``tracking=off``)."""

    def start(
        self,
        info: RunInfo,  # noqa: ARG002 - the protocol's names
        folder: Path,  # noqa: ARG002
    ) -> AbstractContextManager[Run]:
        """Return a context with a run that records nothing."""
        return nullcontext(_NoRun())
