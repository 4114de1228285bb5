"""The tracker's protocol, and the one that tracks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Run(Protocol):
    """An open run of a tracker."""

    def log(self, result: Mapping[str, Any], folder: Path) -> None:
        """Tell the tracker a result (nested mapping of numbers) and the plots in its folder."""


class Tracker(Protocol):
    """Where experiments are told."""

    def start(
        self,
        name: str,
        group: str,
        tags: list[str],
        config: Mapping[str, Any],
        folder: Path,
    ) -> AbstractContextManager[Run]:
        """Open a run; leaving the context finishes it, whatever happened inside.

        Parameters
        ----------
        name : str
            The identity of the experiment.
        group : str
            The study it belongs to.
        tags : list of str
        config : mapping
            The resolved configuration.
        folder : Path
            Folder for the tracker's own files.
        """


class _Silent:
    def log(self, result: Mapping[str, Any], folder: Path) -> None:
        """Tell nobody."""


@dataclass(frozen=True)
class NoTracker:
    """Tracks nothing: ``tracking=off``."""

    def start(
        self,
        name: str,  # noqa: ARG002 - the protocol's names
        group: str,  # noqa: ARG002
        tags: list[str],  # noqa: ARG002
        config: Mapping[str, Any],  # noqa: ARG002
        folder: Path,  # noqa: ARG002
    ) -> AbstractContextManager[Run]:
        """Return a context that does nothing."""
        return nullcontext(_Silent())
