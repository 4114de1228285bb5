"""The folders of a run."""

from __future__ import annotations

import os
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

    @classmethod
    def default(cls, data: str | None = None) -> Paths:
        """Return the folders that ``conf/run.yaml`` has where nothing else is asked for.

        Parameters
        ----------
        data : str, optional
            Another folder of official files.
        """
        from platformdirs import user_cache_path

        user = user_cache_path("hwnas")
        return cls(
            data=Path(data or os.environ.get("HWNAS_DATA") or user / "data"),
            cache=Path(os.environ.get("HWNAS_CACHE") or user / "tables"),
            outputs=Path("outputs"),
        )
