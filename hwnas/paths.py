"""The folders for data, cached tables and results."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Paths:
    """The folders that a command reads from and writes to.

    Strings are converted to paths, and a leading ``~`` becomes the home folder.

    Parameters
    ----------
    data : Path
        Folder of the official files and of the user's own measurements.
    cache : Path
        Folder of files that are computed from the data. It is safe to delete.
    outputs : Path
        Folder of results.

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
        """Return the folders that every command uses by default.

        Parameters
        ----------
        data : str, optional
            A data folder to use in place of the default one.
        """
        return cls(
            data=Path(data) if data else default_folder("data"),
            cache=default_folder("cache"),
            outputs=Path("outputs"),
        )

    @property
    def data_folders(self) -> tuple[Path, ...]:
        """The folders in which data files are searched. New files go into the first one.

        Earlier versions kept data in a cache folder. If `data` is the system's default data folder,
        that old folder is searched second.
        """
        from platformdirs import user_cache_path, user_data_path

        if self.data != user_data_path("hwnas"):
            return (self.data,)
        return (self.data, user_cache_path("hwnas") / "data")

    def in_data(self, name: str) -> Path:
        """Return the path of a data file or folder, or the path for a new one.

        Parameters
        ----------
        name : str
            Path relative to the data folder.

        Examples
        --------
        >>> Paths("data", "cache", "outputs").in_data("nats_bench.csv").as_posix()
        'data/nats_bench.csv'
        """
        places = [folder / name for folder in self.data_folders]
        return next((place for place in places if place.exists()), places[0])

    def match_data(self, pattern: str) -> list[Path]:
        """Return the data files whose relative path matches a pattern, in alphabetical order.

        Parameters
        ----------
        pattern : str
            Pattern in the syntax of `pathlib.Path.glob`, relative to the data folder.
        """
        names = {
            path.relative_to(folder).as_posix()
            for folder in self.data_folders
            for path in folder.glob(pattern)
        }
        return [self.in_data(name) for name in sorted(names)]


def elsewhere(kind: Literal["data", "cache", "outputs"]) -> str:
    """Return an override that uses another folder, for messages about one that is not writable.

    Examples
    --------
    >>> elsewhere("cache")
    'paths.cache=$HOME/hwnas-cache'
    """
    return f"paths.{kind}=$HOME/hwnas-{kind}"


def default_folder(kind: Literal["data", "cache"]) -> Path:
    """Return the default data folder or the default cache folder.

    Parameters
    ----------
    kind : {"data", "cache"}
        The environment variables ``HWNAS_DATA`` and ``HWNAS_CACHE`` set these folders. Without
        them, the system's user data folder and user cache folder are used.
    """
    # Imported here because most commands never resolve a default path.
    from platformdirs import user_cache_path, user_data_path

    if kind == "data":
        return Path(os.environ.get("HWNAS_DATA") or user_data_path("hwnas"))
    return Path(os.environ.get("HWNAS_CACHE") or user_cache_path("hwnas") / "tables")
