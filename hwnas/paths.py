"""The folders of a run."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Paths:
    """The folders of a run; strings become paths, and ``~`` the home folder.

    Parameters
    ----------
    data : Path
        The official files and the user's own measurements.
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
        return cls(
            data=Path(data) if data else default_folder("data"),
            cache=default_folder("cache"),
            outputs=Path("outputs"),
        )

    @property
    def data_folders(self) -> tuple[Path, ...]:
        """The folders in which data are looked for; new files go into the first one.

        Earlier versions kept data in a cache folder. That folder is the second one, unless another
        folder than the default was asked for.
        """
        from platformdirs import user_cache_path, user_data_path

        if self.data != user_data_path("hwnas"):
            return (self.data,)
        return (self.data, user_cache_path("hwnas") / "data")

    def in_data(self, name: str) -> Path:
        """Return where a file or a folder of the data is, or where it goes if there is none.

        Parameters
        ----------
        name : str
            Relative to the data folder.

        Examples
        --------
        >>> Paths("data", "cache", "outputs").in_data("nats_bench.csv").as_posix()
        'data/nats_bench.csv'
        """
        places = [folder / name for folder in self.data_folders]
        return next((place for place in places if place.exists()), places[0])

    def match_data(self, pattern: str) -> list[Path]:
        """Return the data files whose names relative to their folder match a pattern, sorted.

        Parameters
        ----------
        pattern : str
            As for `pathlib.Path.glob`.
        """
        names = {
            path.relative_to(folder).as_posix()
            for folder in self.data_folders
            for path in folder.glob(pattern)
        }
        return [self.in_data(name) for name in sorted(names)]


def default_folder(kind: Literal["data", "cache"]) -> Path:
    """Return a folder that is used where none is asked for.

    Parameters
    ----------
    kind : {"data", "cache"}
        "data" is ``HWNAS_DATA`` or the system's folder for a user's data, "cache" is
        ``HWNAS_CACHE`` or the system's folder for what may be deleted.
    """
    # Imported here: most commands never resolve a default path.
    from platformdirs import user_cache_path, user_data_path

    if kind == "data":
        return Path(os.environ.get("HWNAS_DATA") or user_data_path("hwnas"))
    return Path(os.environ.get("HWNAS_CACHE") or user_cache_path("hwnas") / "tables")
