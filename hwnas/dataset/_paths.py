"""The folders of a run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """The folders of a run; strings become paths, and ``~`` the home folder.

    Parameters
    ----------
    data : Path
        The official files, placed by hand or by ``python -m hwnas.data fetch``.
    cache : Path
        What is computed from them; safe to delete.
    outputs : Path
        Results.

    Examples
    --------
    >>> Paths("data", "cache", "outputs").data.name
    'data'
    """

    data: Path
    cache: Path
    outputs: Path

    def __post_init__(self) -> None:
        for field in fields(self):
            folder = Path(getattr(self, field.name)).expanduser()
            object.__setattr__(self, field.name, folder)
