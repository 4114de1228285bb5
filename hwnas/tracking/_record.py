"""What trackers record: a run before it starts, and its result when it is finished."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RunInfo:
    """What is known of a run before it starts.

    Parameters
    ----------
    identity : str
        The identity of the experiment or the study: its folder, relative to that of all results.
    group : str
        The study that the experiment belongs to.
    tags : sequence of str
    config : mapping
        Values to group and filter runs by.
    kind : {"experiment", "report"}
        Whether the run records one experiment, or the report of a study.

    Examples
    --------
    >>> RunInfo("nasbench201/hwnas/raspi4_latency/ridge/n55/seed0", "single", [], {}).id
    'd7960428843564c9'
    """

    identity: str
    group: str
    tags: Sequence[str]
    config: Mapping[str, Any]
    kind: str = "experiment"

    @property
    def id(self) -> str:
        """Id of the run, the same for each repetition of the experiment."""
        return hashlib.sha256(self.identity.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Artifact:
    """Files that a run used or made.

    Parameters
    ----------
    name : str
    kind : str
        "dataset", "predictor", "selection" or "study".
    facts : mapping
        What the artifact is. Without `files`, the artifact is a file with these facts.
    files : sequence of Path
    used : bool
        Whether later results of the run were made from it.
    """

    name: str
    kind: str
    facts: Mapping[str, Any]
    files: Sequence[Path] = ()
    used: bool = False


@dataclass(frozen=True)
class Lines:
    """A diagram of lines.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row for each point.
    x, y, line : str
        The columns of the coordinates, and of the name of the line that a point lies on.
    title : str
    """

    rows: pd.DataFrame
    x: str
    y: str
    line: str
    title: str


@dataclass(frozen=True)
class Record:
    """The result of a run.

    Parameters
    ----------
    summary : mapping
        Nested mapping of numbers and texts.
    folder : Path
        The folder of the result or of the study.
    plots : sequence of Path
    trials : sequence of mapping
        One row for each trial of tuning, with the columns ``trial``, ``state``, ``kendall_tau`` and
        ``fit_seconds``, and one for each hyperparameter.
    tables : mapping of str to Path
        CSV and Parquet files by the names of their tables.
    lines : mapping of str to Lines
        Diagrams by name.
    artifacts : sequence of Artifact
        In the order in which they were used or made.
    """

    summary: Mapping[str, Any]
    folder: Path
    plots: Sequence[Path] = ()
    trials: Sequence[Mapping[str, Any]] = ()
    tables: Mapping[str, Path] = field(default_factory=dict)
    lines: Mapping[str, Lines] = field(default_factory=dict)
    artifacts: Sequence[Artifact] = ()
