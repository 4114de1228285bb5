"""The interface of trackers, and the tracker that records nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Run(Protocol):
    """A run of a tracker: the record of one experiment."""

    def log(self, result: Mapping[str, Any], folder: Path) -> None:
        """Record a result (a nested mapping of numbers), and the plots in its folder."""


class Tracker(Protocol):
    """Records finished experiments."""

    def start(
        self,
        name: str,
        group: str,
        tags: list[str],
        config: Mapping[str, Any],
        folder: Path,
    ) -> AbstractContextManager[Run]:
        """Open a run, as a context that finishes the run at its end, also after an exception.

        Parameters
        ----------
        name : str
            The identity of the experiment.
        group : str
            The study that the experiment belongs to.
        tags : list of str
        config : mapping
            The resolved configuration.
        folder : Path
            Folder for the tracker's own files.
        """


class _NoRun:
    def log(self, result: Mapping[str, Any], folder: Path) -> None:
        """Record nothing."""


@dataclass(frozen=True)
class NoTracker:
    """Records nothing (``tracking=off``)."""

    def start(
        self,
        name: str,  # noqa: ARG002 - the protocol's names
        group: str,  # noqa: ARG002
        tags: list[str],  # noqa: ARG002
        config: Mapping[str, Any],  # noqa: ARG002
        folder: Path,  # noqa: ARG002
    ) -> AbstractContextManager[Run]:
        """Return a context with a run that records nothing."""
        return nullcontext(_NoRun())
